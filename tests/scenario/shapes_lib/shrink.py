"""A shorter list of steps that fails alike, by leaving out ever smaller parts, for as long as there is time."""

import time


def shrink(plan, fails, within_s, say=lambda line: None):
    """fails(plan) -> whether it still fails. The shortest that was found to."""
    deadline = time.monotonic() + within_s
    steps, parts = list(plan.steps), 2
    while len(steps) > 1 and time.monotonic() < deadline:
        size = max(1, len(steps) // parts)
        for begin in range(0, len(steps), size):
            left = steps[:begin] + steps[begin + size:]
            if time.monotonic() > deadline:
                break
            if left and fails(plan.with_steps(left)):
                say(f"still fails with {len(left)} of {len(plan.steps)} steps")
                steps, parts = left, max(2, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(len(steps), parts * 2)
    return plan.with_steps(steps)
