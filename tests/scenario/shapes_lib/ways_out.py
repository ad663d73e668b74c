"""The ways out of a partition that waits for a schema that nobody will bring: docs/operating/changing-tables.md.

A change was done here while another region's rows of the shape before it were on their way. It is taken back (a type is
made wide enough for both); what waits is applied; and at the other region's own such statement, which stands behind those
rows, it is done again. Meanwhile nobody writes here, so that the other region sees no row of the shape that came back.
"""

import re
import time

from .columns import BY_BYTES

WAITING = "waiting-for-schema"
TABLE = re.compile(r"table ([^\s:]+): ")
NO_TABLE = re.compile(r"table ([^\s:]+) does not exist here")
COLUMN = re.compile(r"column (\w+) ")
COLLATION = re.compile(r"its key column (\w+) has the collation")
KEY = r"(\S+) \((\w+)\) to (\S+) \((\w+)\) \(on update ([A-Z ]+), on delete ([A-Z ]+)\)"
KEY_MISSING = re.compile(rf"a foreign key of {KEY} cascades at the source")
KEY_HERE_ALONE = re.compile(rf"it has the foreign key (\w+) of {KEY} here, which the source has not")
PATIENCE_S = 2     # of an operator: a change that is on its way mends it by itself
TRIES = 3          # at one reason in one region


def reasons(region):
    """(origin, reason) of the partitions that wait for a schema, and of the newest try of each parked change."""
    found = [(row["origin"], row["reason"]) for row in region.progress() if row["state"] == WAITING]
    return found + list(region.database.rows(f"SELECT origin, reason FROM farshore.parked_try WHERE region = '{region.name}'"))


def add_key(child, column, parent, parent_column, on_update, on_delete):
    return (f"ALTER TABLE {child} ADD CONSTRAINT fk_{child.split('.')[1]} FOREIGN KEY ({column}) "
            f"REFERENCES {parent} ({parent_column}) ON DELETE {on_delete} ON UPDATE {on_update}")


class WaysOut:
    def __init__(self, runner, duties):
        self.runner = runner
        self.duties = duties
        self.since = {}            # (region, reason): since when it is seen
        self.tries = {}            # (region, reason): how often something was done about it
        self.taken_back = set()    # indexes in runner.ran
        self.lost_keys = set()     # (id of a change, region): keys may have been rounded here before rows on their way looked for them
        self.followed = set()      # (id of a passing change, region): it was done there too, since its rows need it
        self.owed = set()          # (table, column): was added, and is to be dropped everywhere
        self.owed_keys = set()     # (region, statement): makes again a cascading key that was dropped

    def look(self):
        """Mends what has waited for long enough, while nobody writes; whether something was done."""
        seen = {(region.name, origin, reason) for region in self.runner.regions for origin, reason in reasons(region)}
        now = time.monotonic()
        self.since = {key: self.since.get(key, now) for key in seen}
        due = [key for key in sorted(seen) if now - self.since[key] > PATIENCE_S and self.tries.get(key, 0) < TRIES]
        for key in due:
            self.tries[key] = self.tries.get(key, 0) + 1
            self.since[key] = now
            self.mend(*key)
        return bool(due)

    def mend(self, region, origin, reason):
        if self.try_again(region) or self.cascade_as_there(self.runner.region(region), reason):
            return
        gone = NO_TABLE.search(reason)
        if gone:
            self.make_table(self.runner.region(region), origin, gone[1])
            return
        named = TABLE.search(reason)
        columns = COLUMN.findall(reason)
        if not named or not columns:
            return
        if not self.take_back(region, named[1], columns) and not self.do_for_a_while(region, origin, named[1], columns):
            where = self.runner.region(region)
            for column in COLLATION.findall(reason):
                self.compare_bytes(where, named[1], column)
            for column in columns:
                if "no column " + column in reason:
                    self.add_as_elsewhere(where, origin, named[1], column)

    def try_again(self, region):
        """What was refused here and done in the other region: another change may have made room for it since."""
        done = {side: {one["step"]["id"] for one in self.runner.ran if (one["at"] == region) == side and not one["refused"]}
                for side in (True, False)}
        refused = {one["step"]["id"]: one["step"] for one in self.runner.ran if one["at"] == region and one["refused"]
                   and one["step"]["manner"] == "both" and not one["step"].get("undo")}
        before = len(self.runner.ran)
        for number in sorted(set(refused) & done[False] - done[True], key=str):
            self.runner.tried.discard((number, region))
            self.runner.ddl({**refused[number], "at": region})
        return any(not one["refused"] for one in self.runner.ran[before:])

    def cascade_as_there(self, region, reason):
        """The keys that the waiting rows were cascaded by, made or dropped as the runbook has it."""
        missing = [add_key(*found) for found in KEY_MISSING.findall(reason)]
        alone = KEY_HERE_ALONE.findall(reason)
        for statement in missing:
            self.owed_keys.discard((region.name, statement))
            self.duties.do(region, statement)
        for name, child, *key in alone:
            self.owed_keys.add((region.name, add_key(child, *key)))
            self.duties.do(region, f"ALTER TABLE {child} DROP FOREIGN KEY {name}")
        return bool(missing or alone)

    def changes(self, region, table):
        """(index, step) of what was done there, the newest first."""
        for index in range(len(self.runner.ran) - 1, -1, -1):
            one = self.runner.ran[index]
            if one["at"] == region and not one["refused"] and self.runner.named(one["step"]["table"]) == table:
                yield index, one["step"]

    def take_back(self, region, table, columns):
        for index, step in self.changes(region, table):
            back = next((step["back"][column] for column in columns if column in step.get("back", {})), None)
            if back and index not in self.taken_back and not step.get("undo"):
                self.taken_back.add(index)
                if step["kind"] in ("modify key", "convert"):
                    self.lost_keys.add((step["id"], region))
                self.runner.tried.discard((step["id"], region))    # it is done again at the other region's statement
                where = self.runner.region(region)
                statement = self.runner.named(back[where.server])
                # Renamed and then dropped: it is added as it was.
                return self.duties.do(where, statement) or (
                    " CHANGE " in statement and self.duties.do(where, re.sub(r" CHANGE \w+ ", " ADD COLUMN ", statement)))
        return False

    def do_for_a_while(self, region, origin, table, columns):
        """The origin has, or had, a change for a while, and sent rows of that shape: what lets them in is done here too."""
        for _, step in self.changes(origin, table):
            text = " ".join(step["sql"][self.runner.region(origin).server])
            if step["manner"] == "passing" and not step.get("undo") and (step["id"], region) not in self.followed \
                    and any(column in text.split() for column in columns):
                self.followed.add((step["id"], region))
                where = self.runner.region(region)
                back = next((step["back"][column] for column in columns if column in step.get("back", {})), None)
                return self.duties.do(where, self.runner.named(back[where.server] if back else step["sql"][where.server][0]))
        return False

    def follow(self, region, origin, step):
        """At the statement of a change for a while: whether it was done here too.

        A type that the table's only writer changes is changed here at the same place of its rows. Where others write, it
        meets other rows here than there: it is passed over, and the tables are compared before they are called equal.
        """
        is_type = step["kind"] == "another type for a while"
        if step.get("undo") and not is_type:
            if (step["id"], region) not in self.followed:
                return False
        elif not is_type or step["home"] != origin:
            return False
        where = self.runner.region(region)
        return self.duties.do(where, self.runner.named(step["sql"][where.server][0]))

    def compare_bytes(self, region, table, column):
        """The runbook's way where the two sides' collations do not go together."""
        kind = self.duties.columns_of(region, table.split("."))[column][0]
        self.duties.do(region, f"ALTER TABLE {table} MODIFY {column} {kind} CHARACTER SET utf8mb4 "
                               f"COLLATE {BY_BYTES[region.server]} NOT NULL")

    def make_table(self, region, origin, table):
        """One that went with its schema, at a statement that the origin ran before it made the table."""
        for one in reversed(self.runner.ran):
            texts = [self.runner.named(text) for text in one["step"].get("sql", {}).get(region.server, ())]
            made = next((text for text in texts if text.startswith(f"CREATE TABLE {table} (")), "")
            if made and one["at"] == origin and not one["refused"]:
                self.duties.do(region, made)
                return

    def add_as_elsewhere(self, region, origin, table, column):
        for other in self.runner.regions.others(region):
            found = self.duties.columns_of(other, table.split("."))
            if column in found:
                self.duties.do(region, f"ALTER TABLE {table} ADD COLUMN "
                                       f"{self.duties.declared(column, found[column], region.server)}")
                self.owed.add((table, column))
                return
        added = [text for _, step in self.changes(origin, table) for text in map(self.runner.named, step["sql"].get(region.server, ()))
                 if f"ADD COLUMN {column} " in text]
        if added:       # to a table that is another one there by now
            self.duties.do(region, added[0])
            self.owed.add((table, column))
        else:
            self.runner.note(f"{region.name}: nobody knows the type of {table}.{column}")

    def even_out(self):
        """All is applied and nobody writes: nothing with a column that was added is on its way."""
        for region in self.runner.regions:
            self.try_again(region.name)
        for name, statement in sorted(self.owed_keys):
            self.duties.do(self.runner.region(name), statement)
        self.owed_keys = set()
        owed, self.owed = sorted(self.owed), set()
        for table, column in owed:
            for region in self.runner.regions:
                if column in self.duties.columns_of(region, table.split(".")):
                    self.duties.do(region, f"ALTER TABLE {table} DROP COLUMN {column}")
