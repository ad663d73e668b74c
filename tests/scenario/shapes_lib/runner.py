"""Does a plan's steps on a lab, one after another, and keeps the history of what was done and what was refused."""

import time

import pymysql

from sql import is_connection_lost, is_retry

from .ddl import BACKSLASH_DEFAULT, NO_BACKSLASH_ESCAPES
from .duties import Duties
from .plan import REGIONS
from .tables import SCHEMAS
from .troubles import Troubles

TRIES = 3
SETTLE_S = 5      # not all that is waited for comes: a plan may have paused it
DDL_SESSION = {
    # The servers' own ways to shorten fractions differ: an operator who alters in both regions sees to it.
    "mysql": ["SET SESSION lock_wait_timeout = 8, innodb_lock_wait_timeout = 5",
              "SET SESSION sql_mode = CONCAT(@@sql_mode, ',TIME_TRUNCATE_FRACTIONAL')"],
    "mariadb": ["SET SESSION lock_wait_timeout = 8, innodb_lock_wait_timeout = 5"],
}


class Runner:
    """One run of one plan, in schemas of its own."""

    def __init__(self, lab, plan, number, say=lambda line: None):
        self.lab = lab
        self.regions = lab.regions
        self.plan = plan
        self.number = number
        self.say = say
        self.history = []
        self.tried = set()           # (id of a change, region): done there, or refused there
        self.ran = []                # the changes in the order in which they were done: {"step", "at"}
        self.connections = {}
        self.duties = Duties(self)
        self.troubles = Troubles(lab, self.note)
        self.began = time.monotonic()

    @property
    def schemas(self):
        return [self.named(schema) for schema in SCHEMAS]

    def note(self, sentence):
        line = f"{time.monotonic() - self.began:6.2f} {sentence}"
        self.history.append(line)
        self.say(line)

    def region(self, name):
        return self.regions.by_name[name]

    # The whole run.
    def run(self):
        self.make_schemas()
        last_poll = 0
        for step in self.plan.steps:
            getattr(self, step["do"].replace("-", "_"))(step)
            if time.monotonic() - last_poll > 0.5:
                self.duties.poll()
                last_poll = time.monotonic()
        self.troubles.end()
        self.finish_changes()

    def make_schemas(self):
        for region in self.regions:
            region.database.execute(*(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4" for name in self.schemas))

    def finish_changes(self):
        """What one side alone has is done at the other, in order; what was for a while is taken back."""
        undone = {(step["id"], step["at"]) for step in self.plan.steps if step["do"] == "ddl" and step.get("undo")}
        for step in [step for step in self.plan.steps if step["do"] == "ddl"]:
            if step["manner"] == "passing":
                if (step["id"], step["at"]) not in undone:
                    self.ddl({**step, "sql": step["undo_sql"], "undo": True})
            elif step["manner"] == "both":
                for name in REGIONS:
                    if (step["id"], name) not in self.tried:
                        self.ddl({**step, "at": name})

    def close(self):
        for connection in self.connections.values():
            try:
                connection.close()
            except Exception:  # it was lost: nothing to close
                pass
        self.connections = {}

    # Steps.
    def tx(self, step):
        for _ in range(TRIES):
            try:
                refused = self.transaction(step["at"], step["sql"])
                break
            except Exception as error:
                self.connections.pop(step["at"], None)
                if not is_retry(error) and not is_connection_lost(error):
                    raise
                refused = [str(error)]
        self.note(f"{step['at']}: " + "; ".join(self.named(one) for one in step["sql"]) + (f" -- {'; '.join(refused)}" if refused else ""))

    def transaction(self, region, statements):
        """What was refused, statement by statement; the others are committed."""
        if region not in self.connections:
            self.connections[region] = self.region(region).database.app(autocommit=False)
            with self.connections[region].cursor() as cursor:
                cursor.execute("SET SESSION innodb_lock_wait_timeout = 5")
        connection = self.connections[region]
        refused = []
        connection.begin()
        with connection.cursor() as cursor:
            for number, statement in enumerate(statements, start=1):
                try:
                    cursor.execute(self.named(statement))
                except pymysql.err.MySQLError as error:
                    if is_retry(error) or is_connection_lost(error):
                        raise
                    refused.append(f"{number} refused: {error.args[0]}")
        connection.commit()
        return refused

    def named(self, statement):
        return statement.replace("{s}", str(self.number))

    def ddl(self, step):
        """A change of tables as an administrator; done once in a region, whoever asks."""
        name = step["at"]
        if not step.get("undo"):
            if (step["id"], name) in self.tried:
                return
            self.tried.add((step["id"], name))
        statements = [self.named(one) for one in step["sql"][self.region(name).server]]
        refused = self.execute_ddl(name, statements, step.get("session", []), step.get("charset", ""))
        self.ran.append({"step": step, "at": name, "refused": bool(refused)})
        session = "; ".join([*step.get("session", []), *([f"client in {step['charset']}"] if step.get("charset") else [])])
        self.note(f"{name} ({step['kind']}): {'[' + session + '] ' if session else ''}" + "; ".join(statements)
                  + (f" -- refused: {refused}" if refused else ""))

    def execute_ddl(self, name, statements, session=(), charset=""):
        region = self.region(name)
        connection = region.database.root()
        try:
            with connection.cursor() as cursor:
                if any(BACKSLASH_DEFAULT in statement for statement in statements):
                    session = (*session, NO_BACKSLASH_ESCAPES)
                for statement in (*DDL_SESSION[region.server], *session):
                    cursor.execute(statement)
                if charset:
                    connection.set_charset(charset)
                for statement in statements:
                    cursor.execute(statement)
            return ""
        except pymysql.err.MySQLError as error:
            if error.args[0] == 1064:
                raise
            return f"{error.args[0]} {str(error.args[1:])[:150]}"
        finally:
            connection.close()

    def settle(self, _):
        deadline = time.monotonic() + SETTLE_S
        missing = "not looked at"
        while missing and time.monotonic() < deadline:
            self.duties.poll()
            missing = self.lab.what_is_missing(1)
        self.note("settle: " + (missing[:200] or "all caught up"))

    @staticmethod
    def wait(step):
        time.sleep(step["ms"] / 1000)    # a step of the plan, not a guess of how long something takes

    def kill(self, step):
        self.troubles.kill(step["what"])

    def pause(self, step):
        self.troubles.pause(step["what"])

    def resume(self, step):
        self.troubles.resume(step["what"])

    def zombie(self, step):
        self.troubles.zombie(step["at"])

    def wake(self, step):
        self.troubles.wake(step["at"])

    def lose_commit(self, step):
        self.troubles.lose_commit(step["at"])

    def retry_parked(self, step):
        """As a person does who has just mended what refused them, or believes so."""
        region = self.region(step["at"])
        for table in sorted({f"{row['schema_name']}.{row['table_name']}" for row in region.parked()}):
            said = region.ctl("parked", "retry", "--table", table, "--wait", "5", "--execute")
            self.note(f"{region.name}: parked retry --table {table}: {(said.stdout + said.stderr).strip()[:200]!r}")

    def clock(self, step):
        self.troubles.set_clock(step["what"], step["seconds"])
