"""After a run: both regions equal by bytes, or a gate closed with a reason that names the table. All else is a failure."""

import re
import time
from dataclasses import dataclass, field

from .compare import BY_VALUE, LEFT_OUT, SHOWN, differences, unanswered
from .evidence import all_said, evidence, gate_reasons, reason_names, table_names

SETTLE_WITHIN_S = 40
AFTER_A_DUTY_S = 30
LAST_RESORT_S = 15          # before the end: schemas are brought in line although not all is applied
CAUGHT_UP_WITHIN_S = 4      # of one look: positions come with the watermarks, one a second
ASIDE = re.compile(r"test_s\d+\.aside\d+")   # what a table of a swap was called for a moment: it names both
ON_THEIR_WAY_S = 12         # of rows behind an open gate: its bound, and the time of a look


@dataclass
class Verdict:
    """`kind`: equal, closed (by name), or what fails: difference, unnamed, untruth. `reasons`: what the gates said, in short."""

    kind: str
    detail: list = field(default_factory=list)
    reasons: list = field(default_factory=list)

    @property
    def failed(self):
        return self.kind not in ("equal", "closed")


def judge(runner, watch, within_s=SETTLE_WITHIN_S):
    """Waits until all is well and compares; or says what keeps a gate closed."""
    watch.be_quiet()
    deadline = time.monotonic() + within_s
    last = deadline + 2 * within_s
    aligned = False
    while True:
        has_done = runner.duties.poll() | runner.duties.ways_out.look()
        open_gates = [region for region in runner.regions if region.gate()[0]]
        missing = standing(runner) or runner.lab.what_is_missing(CAUGHT_UP_WITHIN_S)
        if has_done or (missing.endswith(" in conflict") and runner.duties.settle_conflicts()):
            deadline = max(deadline, min(time.monotonic() + AFTER_A_DUTY_S, last))
        if len(open_gates) == 2 and not missing:
            if not aligned:
                left = hidden(runner, BY_VALUE)
                if left:
                    return Verdict("difference", ["all is applied:", *left])
                runner.duties.ways_out.even_out()
                runner.duties.align()
                aligned = True
                continue
            found = differences(runner)
            still = [region for region in runner.regions if region.gate()[0]]
            if len(still) == 2:
                break
        elif not aligned and (time.monotonic() > deadline - LAST_RESORT_S or (not missing and only_clocks(runner))):
            left = hidden(runner, LEFT_OUT)
            if left:
                return Verdict("difference", ["not all is applied:", *left], gate_reasons(runner))
            runner.duties.align()
            aligned = True
        elif not missing and aligned and only_clocks(runner):
            found = differences(runner)
            break
        elif not missing and only_not_yet_equal(runner):
            found = differences(runner)
            if found:
                closed = closed_verdict(runner, watch)
                closed.detail += [sentence for one in found for sentence in one.told]
                return closed
            runner.duties.declare_equal(table_names(runner))
        if time.monotonic() > (last if only_away(runner) or only_clocks(runner) else deadline):
            return closed_verdict(runner, watch)
        time.sleep(0.1)
    if found:
        return Verdict("difference", ["both gates are open (or but for a clock that was set right), all is applied:",
                                      *(sentence for one in found for sentence in one.told)])
    if watch.untruths:
        return Verdict("untruth", watch.untruths[:SHOWN])
    return Verdict("equal")


def standing(runner):
    """A partition that has nothing to wait for but somebody's hand, or its own next try."""
    return next((f"{region.name}: {row['origin']}/{row['part']} {row['state']}" for region in runner.regions
                 for row in region.progress() if row["state"] != "applying"), "")


def only_not_yet_equal(runner):
    """Whether nothing else closes a gate: an operator who has compared the tables may say that they are equal."""
    return reason_names(runner) == {"not-yet-equal"}


def only_away(runner):
    """Something that was killed is not back yet, as a mirror on a machine that has much to do."""
    return reason_names(runner) <= {"stale-safe-time", "no-safe-time", "unowned-partition"}


def only_clocks(runner, *regions):
    """A source's clock was ahead: the gate stays closed until real time has caught up with it, and a while longer. Until
    then positions, which come with the watermarks, may stand still too."""
    return runner.troubles.source_was_ahead and reason_names(runner, regions) <= {"clock-skew", "stale-safe-time"}


def lasting(runner, unlike, ask):
    """What differs and is not answered for by ask() -> {region: what it says, as unanswered() takes it}, and stays so."""
    deadline = time.monotonic() + ON_THEIR_WAY_S
    while True:
        found = differences(runner, unlike)
        left = unanswered(found, ask()) if found else []
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.2)


def hidden(runner, unlike):
    """Of the gates that are open now: before the operator's statements, which may round away what differs. Where not all is
    applied, a change of a type may be done in one region and wait for its place in the other: LEFT_OUT."""
    return lasting(runner, unlike, lambda: {region.name: None for region in runner.regions if region.gate()[0]})


def closed_verdict(runner, watch):
    """Not settled: what differs is named by the gate that answers for it, and an open gate answers for all of its rows. So
    does one that nothing closes but a clock that was set right: it will open by itself."""
    said = {region.name: evidence(runner, region) for region in runner.regions}
    words = [f"{name}: {word}" for name in said for word in said[name]]
    closed = {region.name for region in runner.regions if not region.gate()[0]}
    names = table_names(runner)
    if not closed:
        return Verdict("unnamed", ["both gates are open, and this is missing: " + runner.lab.what_is_missing(CAUGHT_UP_WITHIN_S),
                                   *words])
    for name in closed:
        text = "\n".join(said[name])
        if not any(full in text for full in names) and not ASIDE.search(text) and not only_clocks(runner, runner.regions.by_name[name]):
            return Verdict("unnamed", [f"the gate of {name} is closed and no reason names a table:", *said[name]])
    left = lasting(runner, LEFT_OUT, lambda: {region.name: None if region.gate()[0] else all_said(runner, region)
                                              for region in runner.regions})
    if left:
        return Verdict("difference", [*left, *words], gate_reasons(runner))
    if watch.untruths:
        return Verdict("untruth", watch.untruths[:SHOWN])
    return Verdict("closed", [word for word in words if word.partition(":")[0] in closed], gate_reasons(runner))
