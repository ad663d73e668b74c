"""What the runbooks ask of an operator, done by the test: statements at a barrier, schemas brought in line, parked rows."""

import re

import pymysql

from declarations import begin_equal
from sql import is_connection_lost

from .columns import DEFAULT_COLLATION
from .tables import KEPT
from .ways_out import WaysOut

WAITING = "waiting-for-statement"
EPOCH = re.compile(r"ddl done --origin \S+ --epoch (\d+)")     # the command that the reason names
RENAMED = re.compile(r"\bCHANGE (?:COLUMN )?`?(\w+)`? `?(\w+)")
COLUMNS = """SELECT column_name, column_type, character_set_name, collation_name, is_nullable, data_type
             FROM information_schema.columns WHERE table_schema = '{}' AND table_name = '{}' ORDER BY ordinal_position"""
TABLES = """SELECT table_schema, table_name FROM information_schema.tables
            WHERE table_schema IN ({}) AND table_type = 'BASE TABLE' ORDER BY 1, 2"""
WIDTHS = ("tinyint", "smallint", "mediumint", "int", "bigint", "year")


class Duties:
    def __init__(self, runner):
        self.runner = runner
        self.said_done = set()      # (region, origin, epoch)
        self.answered = set()       # (index in runner.ran, region): a barrier was for this statement
        self.ways_out = WaysOut(runner, self)

    def poll(self):
        """Whether something was done. A server whose clock jumped may drop a session that is just being made."""
        try:
            return self.look()
        except pymysql.err.MySQLError as error:
            if not is_connection_lost(error):
                raise
            self.runner.note(f"the operator's session was lost: {error.args[0]}")
            return False

    def look(self):
        answered = len(self.said_done)
        self.runner.troubles.supervise()
        for region in self.runner.regions:
            if f"{region.name}.db" in self.runner.troubles.paused:
                continue
            waiting = {(row["origin"], int(EPOCH.search(row["reason"])[1])): row["reason"] for row in region.progress()
                       if row["state"] == WAITING}
            for (origin, epoch), reason in sorted(waiting.items()):
                if (region.name, origin, epoch) not in self.said_done:
                    self.answer(region, origin, epoch, reason)
        return len(self.said_done) > answered

    def answer(self, region, origin, epoch, reason):
        """Does here what the origin did, where it was not done yet, and says so; what is the origin's alone is passed over."""
        self.said_done.add((region.name, origin, epoch))
        index = self.statement_of(region.name, origin, reason)
        word = "done" if index is not None else "skip"
        if index is not None:
            self.answered.add((index, region.name))
            step = self.runner.ran[index]["step"]
            if step["manner"] == "passing":
                if not self.ways_out.follow(region.name, origin, step):
                    word = "skip"
            elif not step.get("undo") and not self.done_at(region.name, step, self.done_before(index)):
                word = "skip"
            if (step["id"], region.name) in self.ways_out.lost_keys or step.get("aligned"):
                word = "skip"       # what it did to rows here is not what it did there: the tables are compared
            if word == "done" and self.has_old_column(region, step):
                word = "skip"       # the values of rows that came under the old name are not under the new one
            if step.get("renew") and step["home"] == origin:
                word = "skip"       # done, and with other values here
                self.renew(origin, step)
        said = region.ctl("ddl", word, "--origin", origin, "--epoch", str(epoch), "--execute")
        self.runner.note(f"{region.name}: ddl {word} --origin {origin} --epoch {epoch} ({'known' if index is not None else 'unknown'}"
                         f" statement): {(said.stdout + said.stderr).strip()[:200]!r}")
        if said.returncode != 0:
            self.said_done.discard((region.name, origin, epoch))

    def done_before(self, index):
        """The ids of what that region had done by then."""
        return {one["step"]["id"] for one in self.runner.ran[:index] if one["at"] == self.runner.ran[index]["at"] and not one["refused"]}

    def done_at(self, region, step, before):
        """Whether it was done there, or is now: also where a foreign key of a later table has refused it. `before`: what the
        origin had done before it."""
        key = (step["id"], region)
        done = [one["step"] for one in self.runner.ran if one["at"] == region and not one["refused"]]
        ids = [one["id"] for one in done]
        if key in self.runner.tried and step["id"] in ids:
            # Not to what a later statement has put in the table's place there, which the origin had done before.
            later = done[len(ids) - ids[::-1].index(step["id"]):]
            server = self.runner.region(region).server
            if not any(one.get("drops") and one["id"] in before and step["table"] in " ".join(one["sql"][server]) for one in later):
                return True
        for session in (step.get("session", []), [*step.get("session", []), "SET SESSION foreign_key_checks = 0"]):
            self.runner.tried.discard(key)
            self.runner.ddl({**step, "at": region, "session": session})
            if not self.runner.ran[-1]["refused"]:
                return True
        return False

    def has_old_column(self, region, step):
        """A column that the statement renames is there under its old name: it was added for rows that were still on their way."""
        columns = self.columns_of(region, tuple(self.runner.named(step["table"]).split(".")))
        texts = step.get("sql", {}).get(region.server, ())
        return any(old != new and old in columns for text in texts for old, new in RENAMED.findall(text))

    def renew(self, origin, step):
        """The values that the servers gave on their own are given anew at the table's home, as rows that travel."""
        statement = self.runner.named(step["renew"])
        refused = self.runner.execute_ddl(origin, [statement])
        self.runner.note(f"{origin} (made equal): {statement}" + (f" -- refused: {refused}" if refused else ""))

    def statement_of(self, region, origin, reason):
        """Which of the statements that the origin ran is waited for here; the first that was not answered yet."""
        here = [(index, one["step"]) for index, one in enumerate(self.runner.ran)
                if one["at"] == origin and not one["refused"] and (index, region) not in self.answered]
        server = self.runner.region(origin).server
        for length in (60, None):
            for index, step in here:
                for text in step["sql"][server] if "sql" in step else ():
                    named = self.runner.named(text)
                    wanted = named[:length] if length else " ".join(named.split()[:2])
                    schema, table = self.runner.named(step["table"]).split(".")
                    if wanted in reason and (table in reason or f"({schema}.*)" in reason):
                        return index
        return None

    def declare_equal(self, tables):
        """Of tables that a gate calls not-yet-equal and that are compared behind this: nothing is on its way."""
        for region in self.runner.regions:
            for stream in region.gate()[1].get("streams", []):
                for name in sorted(tables):
                    if any(name in reason["detail"] for reason in stream["reasons"]):
                        words = ("--origin", stream["origin"], "--table", name, "--execute")
                        said = region.ctl("equal", "declare", *words, "--begun", begin_equal(region.ctl, words), "--why",
                                          "compared row by row")
                        self.runner.note(f"{region.name}: equal declare --origin {stream['origin']} --table {name}: "
                                         f"{(said.stdout + said.stderr).strip()[:200]!r}")

    # Conflicts.
    def settle_conflicts(self):
        """Of immutable tables that were written otherwise than their rule has it: each row is its writer's. Whether there were any."""
        kept = self.runner.named(KEPT)
        found = sorted({(region.name, row["origin"], f"{kept}.{row['table_name']}") for region in self.runner.regions
                        for row in region.conflicts() if row["schema_name"] == kept})
        for name, origin, table in found:
            said = self.on_conflicts(name, "take-source", origin, table)
            region = self.runner.region(name)
            if "numbering began anew" in said and region.states() == {"applying"}:
                self.copy_rows(region, origin, table)
        return bool(found)

    def on_conflicts(self, name, word, origin, table):
        said = self.runner.region(name).ctl("conflicts", word, "--origin", origin, "--table", table, "--limit", "20", "--wait", "5",
                                            "--execute")
        text = said.stdout + said.stderr
        self.runner.note(f"{name}: conflicts {word} --origin {origin} --table {table}: {text.strip()[:200]!r}")
        return text

    def copy_rows(self, region, origin, table):
        """The conflicts are older than the numbering, and a row that is gone cannot be updated once more: the table is not-yet-equal,
        what stands here goes, and its writer changes each row and changes it back."""
        self.on_conflicts(region.name, "keep-target", origin, table)
        own = f"WHERE own = '{origin[0]}'"
        region.database.execute("SET SESSION sql_log_bin = 0", f"DELETE FROM {table} {own}")
        self.runner.region(origin).database.execute(f"UPDATE {table} SET n = n + 1000 {own}", f"UPDATE {table} SET n = n - 1000 {own}")
        self.runner.note(f"{region.name}: {table} is copied from {origin}")

    # Schemas in line.
    def align(self):
        """Where the two sides' columns differ, the west gets the east's; unique keys that one side alone has go."""
        east, west = self.runner.regions.by_name["east"], self.runner.regions.by_name["west"]
        schemas = ", ".join(f"'{name}'" for name in self.runner.schemas)
        here, there = (set(region.database.rows(TABLES.format(schemas))) for region in (east, west))
        for table in sorted(here & there):
            self.align_columns(east, west, table)
            self.align_unique_keys(east, west, table)
        return sorted(here ^ there)

    def align_columns(self, east, west, table):
        here, there = self.columns_of(east, table), self.columns_of(west, table)
        full = ".".join(table)
        actions = [f"DROP COLUMN {name}" for name in there if name not in here]
        for name, column in here.items():
            if name not in there:
                actions.append(f"ADD COLUMN {self.declared(name, column, west.server)}")
            elif signature(column) != signature(there[name]):
                actions.append(f"MODIFY {self.declared(name, column, west.server)}")
        if actions:
            self.do(west, f"ALTER TABLE {full} {', '.join(actions)}", aligned=True)
        if any(action.startswith("ADD COLUMN") for action in actions):   # without the default that the east's rows may hold
            said = west.ctl("equal", "revoke", "--origin", "east", "--table", full, "--why", "a column without its default", "--execute")
            self.runner.note(f"west: equal revoke --table {full}: {said.stdout + said.stderr!r}")

    def align_unique_keys(self, east, west, table):
        here, there = (unique_keys(region, table) for region in (east, west))
        for region, own, others in ((east, here, there), (west, there, here)):
            for name in sorted(own - others):
                self.do(region, f"ALTER TABLE {'.'.join(table)} DROP KEY {name}")

    def do(self, region, statement, **more):
        """As an operator, at this region; what it says there of a statement is only an echo."""
        refused = self.runner.execute_ddl(region.name, [statement])
        self.runner.note(f"{region.name} (in line): {statement}" + (f" -- refused: {refused}" if refused else ""))
        step = {"table": statement.split()[2], "manner": "both", "id": 0, "undo": True, "sql": {region.server: [statement]}, **more}
        self.runner.ran.append({"step": step, "at": region.name, "refused": bool(refused)})
        return not refused

    @staticmethod
    def columns_of(region, table):
        """{name: what the catalogue says of it}"""
        return {row[0]: row[1:] for row in region.database.rows(COLUMNS.format(*table))}

    @staticmethod
    def declared(name, column, server):
        kind, charset, collation, nullable, data_type = column
        if data_type == "json" or (data_type == "longtext" and collation == "utf8mb4_bin"):
            kind, charset = "JSON", None
        if collation == DEFAULT_COLLATION["mysql"]:
            collation = DEFAULT_COLLATION[server]
        text = f" CHARACTER SET {charset} COLLATE {collation}" if charset else ""
        return f"{name} {kind}{text} {'NULL' if nullable == 'YES' else 'NOT NULL'}"


def signature(column):
    """What two servers' catalogues say alike of one type."""
    kind, charset, collation, nullable, data_type = column
    if data_type in WIDTHS:
        kind = data_type + (" unsigned" if "unsigned" in kind else "")
    if data_type == "json" or (data_type == "longtext" and collation == "utf8mb4_bin"):
        kind, charset, collation = "json", None, None
    if collation == DEFAULT_COLLATION["mysql"]:
        collation = DEFAULT_COLLATION["mariadb"]
    return kind, charset, collation, nullable


def unique_keys(region, table):
    rows = region.database.rows("SELECT DISTINCT index_name FROM information_schema.statistics WHERE non_unique = 0 AND "
                                f"table_schema = '{table[0]}' AND table_name = '{table[1]}' AND index_name <> 'PRIMARY'")
    return {name for (name,) in rows}
