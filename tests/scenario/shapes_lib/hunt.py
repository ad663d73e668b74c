"""Runs one plan after another on a lab that is made anew when one leaves it with a closed gate; keeps what failed."""

import contextlib
import os
import pathlib
import time

from .plan import Plan, make_plan
from .runner import Runner
from .shapes_lab import ShapesLab
from .shrink import shrink
from .verdict import judge
from .watch import Watch


class Hunt:
    """make_folder() -> an empty folder for a lab. Close it at the end."""

    def __init__(self, make_folder, server, say=print):
        self.make_folder = make_folder
        self.server = server
        self.say = say
        self.lab = None
        self.number = 0
        self.counts = {}      # of rounds, by their verdicts' kinds
        self.loud = os.environ.get("FARSHORE_TEST_LOUD") == "1"

    def ready_lab(self):
        if self.lab is None:
            self.lab = ShapesLab(self.make_folder(), self.server, say=lambda line: None)
        return self.lab

    def close(self):
        if self.lab is not None:
            self.lab.down()
            self.lab = None

    @contextlib.contextmanager
    def done(self, plan):
        """with hunt.done(plan) as (runner, watch): its steps are done, and it is to be judged."""
        lab = self.ready_lab()
        self.number += 1
        runner = Runner(lab, plan, self.number, self.say if self.loud else lambda line: None)
        try:
            with Watch(lab) as watch:
                runner.run()
                yield runner, watch
        except Exception as error:
            self.say(f"{error!r} after:\n" + "\n".join(runner.history[-5:]) + "\n" + lab.server_logs())
            raise
        finally:
            runner.close()

    def run(self, plan):
        """(the verdict, the history) of one run. A lab whose gates do not open again is given up."""
        with self.done(plan) as (runner, watch):
            verdict = judge(runner, watch)
        if verdict.kind not in ("equal", "difference") or not all(region.gate()[0] for region in self.lab.regions):
            self.close()
        return verdict, runner.history

    def fails_like(self, kind):
        return lambda plan: self.run(plan)[0].kind == kind

    def round(self, seed, options, shrink_within_s):
        """None when all went well, else the text of the failure, whose list of steps was made short."""
        plan = make_plan(seed, options)
        began = time.monotonic()
        verdict, history = self.run(plan)
        self.counts[verdict.kind] = self.counts.get(verdict.kind, 0) + 1
        self.say(f"seed {seed}: {verdict.kind} after {time.monotonic() - began:.0f} s"
                 + "".join(f"\n    {sentence[:400]}" for sentence in verdict.reasons))
        if verdict.kind == "closed":
            keep(seed, self.server, verdict.kind, plan, history, "\n".join(verdict.detail))
        if not verdict.failed:
            return None
        told = "\n".join(verdict.detail)
        if shrink_within_s:
            shorter = shrink(plan, self.fails_like(verdict.kind), shrink_within_s, self.say)
            if len(shorter.steps) < len(plan.steps):
                again, shorter_history = self.run(shorter)
                if again.kind == verdict.kind:
                    plan, history, told = shorter, shorter_history, "\n".join(again.detail)
        return failure_text(seed, self.server, verdict.kind, plan, history, told)

    def replay(self, text):
        """A list of steps from an earlier failure."""
        plan = Plan.load(text)
        verdict, history = self.run(plan)
        self.say(f"replayed: {verdict.kind}" + "".join(f"\n    {sentence[:400]}" for sentence in verdict.reasons))
        if verdict.kind == "closed":
            keep(f"{plan.seed}-again", self.server, verdict.kind, plan, history, "\n".join(verdict.detail))
        return failure_text(plan.seed, self.server, verdict.kind, plan, history, "\n".join(verdict.detail)) if verdict.failed else None


def keep(seed, server, kind, plan, history, told):
    """Where the steps and the history were written, when a folder is named."""
    folder = os.environ.get("FARSHORE_TEST_FOUND")
    if not folder:
        return None
    path = pathlib.Path(folder) / f"{server}-{seed}-{kind}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(plan.dump())
    path.with_suffix(".txt").write_text(told + "\n\n" + "\n".join(history) + "\n")
    return path


def failure_text(seed, server, kind, plan, history, told):
    path = keep(seed, server, kind, plan, history, told)
    where = f"\nreplay with FARSHORE_TEST_REPLAY={path}" if path else ""
    lines = "\n".join("  " + line[:600] for line in history)
    return f"seed {seed}, {server}: {kind}\n{told}\nhistory:\n{lines}{where}"
