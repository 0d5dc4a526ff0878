"""Asking one gate once, whatever its code does: a gate is code of the team's own, or of a library that it loads.

What a gate raises is the gate's own trouble and never the swap's: also ``SystemExit`` (a module that calls
``sys.exit``), ``KeyboardInterrupt``, ``GeneratorExit``, ``MemoryError``. Two things are not the gate's: an interruption
of the process (Ctrl-C, a signal's handler that exits), which arrives in the main thread alone, and what asking for a
color's health raised. Code that calls ``os._exit`` ends the process all the same: nothing can stand between.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from bluegreen.rollout.calls import carried
from bluegreen.rollout.errors import BluegreenError, GateUnavailable, LeaseLost
from bluegreen.rollout.model import Readiness, Verdict
from bluegreen.rollout.ports import Gate, GateContext

INTERRUPTIONS = (KeyboardInterrupt, SystemExit)
"""How the main thread is made to end: Ctrl-C, and a signal's handler that exits."""


@dataclass(slots=True)
class Answer:
    """The value that somebody's code returned, or the error that it raised."""

    value: object = None
    error: BaseException | None = None


def ask(gate: Gate, context: GateContext) -> Verdict:
    """Return the gate's verdict.

    Raises:
        GateUnavailable: it raised something, or answered with something else than a verdict.
        BluegreenError: it could not be reached, as it says itself.
        LeaseLost: another swap took over meanwhile.
    """
    of_health: list[BaseException] = []

    def health() -> Readiness:
        try:
            return context.health()
        except BaseException as error:
            of_health.append(error)
            raise

    answer = contained(lambda: gate.evaluate(replace(context, health=health)))
    error = answer.error
    lost = next((one for one in of_health if isinstance(one, LeaseLost)), None)
    if lost is not None:
        raise lost
    if error is None:
        if isinstance(answer.value, Verdict):
            return answer.value
        raise GateUnavailable(f"its answer is {type(answer.value).__name__} and no verdict")
    not_its_own = any(error is one for one in of_health) and not isinstance(error, Exception)
    if isinstance(error, BluegreenError) or not_its_own:
        raise error
    raise GateUnavailable(f"its code raised {named(error)}") from error


def named(error: BaseException) -> str:
    """An error by its type and text, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def interrupts(error: BaseException) -> bool:
    """Whether an error may be an interruption of this process, which arrives in its main thread alone."""
    return not isinstance(error, Exception) and threading.current_thread() is threading.main_thread()


def contained(work: Callable[[], object]) -> Answer:
    """Return what somebody's code returned or raised; an interruption of this process goes through.

    In the main thread, where such an interruption arrives in whatever runs there, the work has a thread of its own,
    which is left behind then.
    """
    answer = Answer()

    def run() -> None:
        try:
            answer.value = work()
        except BaseException as error:  # noqa: BLE001 - anything, as the work is not ours
            answer.error = error

    if threading.current_thread() is not threading.main_thread():
        run()
        return answer
    there, context = carried(run), contextvars.copy_context()
    thread = threading.Thread(target=lambda: context.run(there), name="contained", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # no thread can be started any more
        return Answer(error=error)
    thread.join()
    return answer
