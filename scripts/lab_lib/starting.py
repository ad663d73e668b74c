"""Doing one thing with many components at once, each as soon as what it needs is done, with a line for each."""

import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from .errors import Cancelled
from .waiting import Cancellation


def start_all(components: list, say, cancellation: Cancellation, background: list = (), done: str = "ready",
              action=lambda component, cancellation: component.start(cancellation)):
    """Returns when all are done, but for `background` ones, which are only launched: a later call waits for them.

    Says of each that it is done, from the caller's thread: of two that are ready at once, each has its own line.
    The first failure cancels the rest and is raised once no thread is left. Ctrl-C does the same, and any signal's exception.
    """
    finished = {component.key: threading.Event() for component in components}
    began = time.monotonic()

    def work(component):
        for key in component.needs:
            while key in finished and not finished[key].wait(0.05):
                cancellation.check()
        cancellation.check()
        if component in background:
            component.launch(cancellation)
            return None
        action(component, cancellation)
        finished[component.key].set()
        return f"  {component.key:<16} {done} after {time.monotonic() - began:4.1f} s{_note(component, done)}"

    if not components:
        return
    with ThreadPoolExecutor(max_workers=len(components)) as pool:
        pending = {pool.submit(work, component) for component in components}
        failure = None
        try:
            while pending:
                ended, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in ended:
                    error = future.exception()
                    if not error and future.result():
                        say(future.result())
                    if error and (failure is None or isinstance(failure, Cancelled)):
                        failure = error
                        cancellation.cancel()
        except BaseException:
            cancellation.cancel()
            raise
    if failure:
        raise failure


def _note(component, done: str) -> str:
    if done != "ready":
        return ""
    listening = ", ".join(f"port {port}" for name, port in component.own_ports().items() if name != "controller")
    return f"  pid {component.process.pid}" + (f", {listening}" if listening else "")
