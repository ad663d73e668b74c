"""A list of steps from a seed. The same seed and options give the same list; a step is plain data, ready for JSON.

Any part of a list is a list that can be run: what a missing step would have made is refused by the server, and the
runner goes on. The end of a run mends what is left half done (a change that one side alone has, a paused process).
"""

import json
import random
from dataclasses import dataclass, field

from .ddl import ALL, KINDS, Changes
from .rows import Writer
from .tables import BOUND, KEPT, PLAIN, WHOLE, random_table

REGIONS = ("east", "west")
FAULTS = {
    "kill-capture": 2, "kill-apply": 2, "kill-mirror": 1, "kill-gate": 1, "hold-apply": 4, "hold-mirror": 2, "hold-capture": 1, "zombie": 2,
    "lose-commit": 2, "retry-parked": 3, "clock-gate": 1, "clock-capture": 1, "clock-source": 1,
}


@dataclass
class Options:
    """What a plan is made of: how much beside the first tables, and which kinds of changes (of ddl.ALL) and faults (of FAULTS)."""

    steps: int = 80
    tables: int = 3
    changes: tuple = tuple(ALL)
    faults: tuple = tuple(FAULTS)
    change_share: float = 0.15
    fault_share: float = 0.06


@dataclass
class Plan:
    seed: str
    steps: list = field(default_factory=list)

    def with_steps(self, steps):
        return Plan(self.seed, list(steps))

    def dump(self):
        return json.dumps({"seed": self.seed, "steps": self.steps}, ensure_ascii=False)

    @classmethod
    def load(cls, text):
        found = json.loads(text)
        return cls(found["seed"], found["steps"])


class Planner:
    """Keeps what each region's tables will be, were every step to succeed."""

    def __init__(self, seed, options):
        self.random = random.Random(f"shapes/{seed}")
        self.options = options
        self.changes = Changes(self.random)
        self.tables = {region: {} for region in REGIONS}     # region -> {full name: Table}
        self.writers = {region: Writer(number, self.random) for number, region in enumerate(REGIONS)}
        self.favourite = self.random.choice(REGIONS)    # home of the tables that have one: those can be swapped
        self.due = []             # (at which step, step): twins, undoings, resumings
        self.busy = set()         # tables with a change that one side alone has
        self.steps = []
        self.ids = 0

    def plan(self):
        for number in range(self.options.tables):
            self.first_table(f"t{number}")
        enough = len(self.steps) + self.options.steps
        while len(self.steps) < enough:
            self.do_what_is_due()
            self.one_step()
        return self.steps

    def first_table(self, name):
        schema = self.random.choices((PLAIN, BOUND, WHOLE, KEPT), (6, 2, 2, 1))[0]
        homes = (self.favourite,) if schema == WHOLE else ("", "", self.favourite, self.favourite)
        made = random_table(name, self.random, self.random.choice(homes), schema)
        for region in REGIONS:
            self.tables[region][made.full] = made
        self.ids += 1
        for region in REGIONS:
            self.steps.append({"do": "ddl", "at": region, "id": self.ids, "kind": "first table", "table": made.full,
                               "manner": "both", "sql": {kind: [made.create(kind)] for kind in KINDS}})
        for region in REGIONS * 3:
            self.write(region, [made])

    def one_step(self):
        dice = self.random.random()
        if dice < self.options.change_share and self.options.changes:
            self.change()
        elif dice < self.options.change_share + self.options.fault_share and self.options.faults:
            self.fault()
        elif dice < self.options.change_share + self.options.fault_share + 0.03:
            self.steps.append({"do": "settle"} if self.random.random() < 0.5 else
                              {"do": "wait", "ms": self.random.choice((50, 200, 1200))})
        else:
            self.write(self.random.choice(REGIONS))

    def write(self, region, tables=None):
        chosen = [one for one in tables or self.tables[region].values() if one.home in ("", region)]
        statements = self.writers[region].transaction(chosen) if chosen else []
        if statements:
            self.steps.append({"do": "tx", "at": region, "sql": statements})

    # Changes of tables.
    def change(self):
        names = self.options.changes
        name = self.random.choices(names, [ALL[one][0] for one in names])[0]
        here = self.tables[REGIONS[0]]
        free = [one for full, one in here.items() if full not in self.busy and self.tables[REGIONS[1]].get(full) == one]
        for table in self.random.sample(free, len(free)):
            made = getattr(self.changes, ALL[name][1])(table, list(here.values()))
            if made:
                break
        else:
            return
        if any(full in self.busy for full in made.tables) or (
                name == "drop-database" and any(full.startswith(f"{table.schema}.") for full in self.busy)):
            return
        self.ids += 1
        source = table.home or self.random.choice(REGIONS)
        other = REGIONS[1 - REGIONS.index(source)]
        if made.manner == "follows":
            source = table.home or source
            if not table.home:
                return
            self.add_change(made, source)
            self.take_over(made, other)
        elif made.manner == "passing":
            # Of a type that is the home's alone, the other region can follow; else rows may end unequal, and the gate closed.
            with_home = made.kind == "another type for a while" and self.random.random() < 0.7
            if with_home and not table.home:
                return
            at_target = made.kind == "cascade away for a while"
            self.passing(made, source if with_home else other if at_target else self.random.choice((other, other, source)))
        else:
            first, second = (source, other) if self.random.random() < 0.5 else (other, source)
            self.add_change(made, first)
            self.busy |= {made.table, *made.tables}
            self.later(self.random.choice((0, 0, 1, 3, 8)), lambda: self.finish(made, second), self.ids)

    def finish(self, made, region):
        self.add_change(made, region)
        self.busy -= {made.table, *made.tables}

    def add_change(self, made, region):
        self.steps.append(self.ddl(made, region, made.statements))
        self.take_over(made, region)

    def take_over(self, made, region):
        for full, table in made.tables.items():
            if table is None:
                self.tables[region].pop(full, None)
            else:
                self.tables[region][full] = table

    def passing(self, made, region):
        self.busy.add(made.table)
        self.steps.append(self.ddl(made, region, made.statements))

        def undo():
            self.steps.append({**self.ddl(made, region, made.undo), "undo": True})
            self.busy.discard(made.table)

        self.later(self.random.choice((2, 5, 12)), undo, self.ids)

    def ddl(self, made, region, statements):
        step = {"do": "ddl", "at": region, "id": self.now_id or self.ids, "kind": made.kind, "table": made.table,
                "manner": made.manner, "sql": statements}
        for name in ("session", "charset", "drops", "back", "renew"):
            if getattr(made, name):
                step[name] = getattr(made, name)
        if made.manner == "passing":
            step["undo_sql"] = made.undo
        if made.manner != "both" and made.table in self.tables[region]:
            step["home"] = self.tables[region][made.table].home
        return step

    now_id = 0

    def later(self, steps, action, number):
        self.due.append((len(self.steps) + steps, number, action))

    def do_what_is_due(self):
        now = [one for one in self.due if one[0] <= len(self.steps)]
        self.due = [one for one in self.due if one[0] > len(self.steps)]
        for _, number, action in now:
            self.now_id = number
            action()
            self.now_id = 0

    # Faults.
    def fault(self):
        names = self.options.faults
        name = self.random.choices(names, [FAULTS[one] for one in names])[0]
        region = self.random.choice(REGIONS)
        what, _, part = name.partition("-")
        component = "mirror" if part == "mirror" else f"{region}.{part}"
        if what == "kill":
            self.steps.append({"do": "kill", "what": component})
        elif what == "hold":
            self.steps.append({"do": "pause", "what": component})
            self.later(self.random.choice((3, 6, 10)), lambda: self.steps.append({"do": "resume", "what": component}), 0)
        elif what == "zombie":
            self.steps.append({"do": "zombie", "at": region})
            self.later(self.random.choice((5, 10)), lambda: self.steps.append({"do": "wake", "at": region}), 0)
        elif what in ("lose", "retry"):
            self.steps.append({"do": name, "at": region})
        else:
            component = f"{region}.db" if part == "source" else component
            self.steps.append({"do": "clock", "what": component, "seconds": self.random.choice((-30, 20, 60))})
            self.later(8, lambda: self.steps.append({"do": "clock", "what": component, "seconds": 0}), 0)


def make_plan(seed, options):
    return Plan(str(seed), Planner(seed, options).plan())
