"""An application that writes: concurrent clients, each with its own connection and its own rows.

Every transaction is explicit (BEGIN, statements, COMMIT): when the connection is lost before COMMIT was sent, nothing
was committed; when it is lost during COMMIT, the rows are read back with FOR UPDATE, which waits for whatever is left of
the lost transaction at the server.
"""

import datetime
import decimal
import random
import threading
import time

from ledger import SCHEMA, Intent, Ledger, columns
from sql import is_connection_lost, is_retry

CLIENT_SPAN = 1_000_000_000
RECONNECT_TIMEOUT_S = 90
STATUSES = ("new", "paid", "shipped")


class Client(threading.Thread):
    """Writes until told to stop. Owns the keys of its number alone."""

    def __init__(self, database, ledger, number, seed, mean_pause_s):
        super().__init__(name=f"{ledger.region}-client-{number}", daemon=True)
        self.database = database
        self.ledger = ledger
        self.number = number
        self.random = random.Random(f"{seed}/{ledger.region}/{number}")
        self.mean_pause_s = mean_pause_s
        self.stopping = threading.Event()
        self.failure = None
        self._connection = None
        self._version = 0
        self._next_id = number * CLIENT_SPAN
        self._rows = {table: {} for table in ("account", "orders", "order_line", "label")}
        self._free_account_ids = []

    def run(self):
        try:
            while not self.stopping.is_set():
                self.commit(self.next_intent())
                self.stopping.wait(self.random.expovariate(1 / self.mean_pause_s) if self.mean_pause_s else 0)
        except BaseException as error:  # shown by Workload.stop(), in the test's own thread
            self.failure = error
        finally:
            self.disconnect()

    # What to do next.

    def next_intent(self):
        kinds = [(self.open_account, 4), (self.change_account, 5), (self.close_account, 1), (self.renumber_account, 1),
                 (self.place_order, 3), (self.advance_order, 3), (self.drop_order, 1), (self.put_label, 2),
                 (self.rename_label, 1), (self.drop_label, 1), (self.reopen_account, 1), (self.sweep_accounts, 1)]
        while True:
            intent = Intent()
            self.random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0](intent)
            if intent.statements:
                return intent

    def any_row(self, table):
        rows = self._rows[table]
        return rows[self.random.choice(list(rows))] if rows else None

    def version(self):
        self._version += 1
        return self._version

    def new_id(self):
        self._next_id += 1
        return self._next_id

    def account(self, number):
        note = None if self.random.random() < 0.2 else self.random.choice(["", "café ☕ 咖啡", "it's \\ \"quoted\"", "x" * 100])
        return (number, f"{self.name}", decimal.Decimal(self.random.randrange(-10**6, 10**8)) / 100, note, self.version())

    def open_account(self, intent):
        intent.insert("account", self.account(self.new_id()))

    def reopen_account(self, intent):
        """A key that was deleted comes back with other content."""
        if self._free_account_ids:
            intent.insert("account", self.account(self._free_account_ids[-1]))

    def change_account(self, intent):
        old = self.any_row("account")
        if old:
            intent.update("account", old, self.account(old[0]))

    def sweep_accounts(self, intent):
        """Several rows, and one of them twice, in one transaction."""
        rows = self._rows["account"]
        chosen = [rows[key] for key in self.random.sample(list(rows), min(6, len(rows)))]
        latest = {}
        for old in chosen + chosen[:1]:
            before = latest.get(old[0], old)
            latest[old[0]] = self.account(old[0])
            intent.update("account", before, latest[old[0]])

    def close_account(self, intent):
        old = self.any_row("account")
        if old:
            intent.delete("account", old)

    def renumber_account(self, intent):
        old = self.any_row("account")
        if old:
            intent.update("account", old, self.account(self.new_id()))

    def place_order(self, intent):
        account = self.any_row("account")
        number = self.new_id()
        placed_at = datetime.datetime(2026, 1, 1) + datetime.timedelta(milliseconds=self.random.randrange(10**10))
        intent.insert("orders", (self.ledger.region, number, "new", placed_at, self.version()))
        for line in range(self.random.randrange(1, 5)):
            intent.insert("order_line", (number, line, f"sku-{self.random.randrange(1000)}",
                                         self.random.randrange(1, 2**32), self.version()))
        if account:
            intent.update("account", account, self.account(account[0]))

    def lines_of(self, order):
        return [row for key, row in self._rows["order_line"].items() if key[0] == order[1]]

    def advance_order(self, intent):
        order = self.any_row("orders")
        if order:
            status = STATUSES[(STATUSES.index(order[2]) + 1) % len(STATUSES)]
            intent.update("orders", order, (order[0], order[1], status, order[3], self.version()))
            for line in self.lines_of(order)[:2]:
                intent.update("order_line", line, line[:3] + (line[3] - 1 if line[3] else 7, self.version()))

    def drop_order(self, intent):
        order = self.any_row("orders")
        if order:
            for line in self.lines_of(order):
                intent.delete("order_line", line)
            intent.delete("orders", order)

    def new_code(self):
        return f"{self.name}-{self.random.choice('aàA ')}{self.new_id()}"

    def put_label(self, intent):
        old = self.any_row("label")
        if old and self.random.random() < 0.5:
            intent.update("label", old, (old[0], self.random.randrange(10**12), self.version()))
        else:
            intent.insert("label", (self.new_code(), self.random.randrange(10**12), self.version()))

    def rename_label(self, intent):
        old = self.any_row("label")
        if old:
            intent.update("label", old, (self.new_code(), old[1], self.version()))

    def drop_label(self, intent):
        old = self.any_row("label")
        if old:
            intent.delete("label", old)

    # How it is done.

    def commit(self, intent):
        """Returns when the intent is known to be committed, or known not to be; only then does the ledger change."""
        if commit(self, intent):
            self.ledger.commit(intent)
            self.remember(intent)

    def remember(self, intent):
        for (table, key), row in intent.after.items():
            if row is not None:
                self._rows[table][key] = row
                if table == "account" and key[0] in self._free_account_ids:
                    self._free_account_ids.remove(key[0])
                continue
            self._rows[table].pop(key, None)
            if table == "account":
                self._free_account_ids.append(key[0])

    def connection(self):
        deadline = time.monotonic() + RECONNECT_TIMEOUT_S
        while self._connection is None:
            try:
                self._connection = self.database.app(autocommit=False)
            except Exception:
                if time.monotonic() > deadline:
                    raise
                self.stopping.wait(0.15)
        return self._connection

    def disconnect(self):
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except Exception:  # it was lost: nothing to close
                pass


def commit(client, intent):
    """True: committed. False: certainly not. `client` gives connection(), disconnect() and a ledger."""
    connection = client.connection()
    sent_commit = False
    try:
        connection.begin()
        with connection.cursor() as cursor:
            for statement, values in intent.statements:
                affected = cursor.execute(statement, values)
                assert affected == 1, f"{statement} {values} touched {affected} rows: the client owns them alone"
        sent_commit = True
        connection.commit()
        return True
    except AssertionError:
        raise
    except Exception as error:
        if is_retry(error):
            connection.rollback()
            return False
        if not is_connection_lost(error):
            raise
        client.disconnect()
        return sent_commit and was_committed(client, intent)


def was_committed(client, intent):
    """Asks the source what became of a transaction whose COMMIT got no answer."""
    client.ledger.note_unknown_outcome()
    while True:
        connection = client.connection()
        try:
            found = {}
            connection.begin()
            with connection.cursor() as cursor:
                for table, key in intent.after:
                    names = columns(table)
                    where = " AND ".join(f"{name} = %s" for name in names[: len(key)])
                    cursor.execute(f"SELECT {', '.join(names)} FROM {SCHEMA}.{table} WHERE {where} FOR UPDATE", key)
                    found[(table, key)] = cursor.fetchone()
            connection.rollback()
            break
        except Exception as error:
            if not is_connection_lost(error) and not is_retry(error):
                raise
            client.disconnect()
    if found == intent.after:
        return True
    assert found == intent.before, f"the source kept a part of a transaction: {found}, wanted {intent.after}"
    return False


class Workload:
    """Clients of one region. `with Workload(...)`: they write while the block runs, and have all stopped after it."""

    def __init__(self, region, database, seed, clients=3, mean_pause_s=0.02, first_client=1):
        self.ledger = Ledger(region)
        self.clients = [Client(database, self.ledger, number, seed, mean_pause_s)
                        for number in range(first_client, first_client + clients)]

    def start(self):
        for client in self.clients:
            client.start()
        return self

    def stop(self):
        for client in self.clients:
            client.stopping.set()
        for client in self.clients:
            client.join(2 * RECONNECT_TIMEOUT_S)
            assert not client.is_alive(), f"{client.name} does not come back from the database"
        for client in self.clients:
            if client.failure:
                raise AssertionError(f"{client.name} failed: {client.failure!r}") from client.failure

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        for client in self.clients:
            client.stopping.set()
        if kind is None:
            self.stop()
