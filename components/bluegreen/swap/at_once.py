"""Writes of several routers side by side, for members whose order does not matter.

Whoever is about to send a write asks whether it still may, and that may renew the lease on every member: it is read
once all the others stand still, too, so that no router is used by two threads. The calls themselves go side by side.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

from bluegreen.rollout.calls import before_pause, before_write, carried, guarded, locked


@dataclass(slots=True)
class _Question:
    """A worker's question to the thread that waits for it; an error as its ``answer`` stops the worker."""

    worker: int
    ask: Callable[[], object]
    answered: threading.Event = field(default_factory=threading.Event)
    answer: BaseException | None = None


def at_once(works: Sequence[Callable[[], None]]) -> list[BaseException | None]:
    """Do all works side by side, under the guard and the listener of this thread.

    Returns:
        What each raised, in the order of ``works``; ``None`` where it was done.
    """
    inbox: queue.SimpleQueue[_Question | int] = queue.SimpleQueue()
    ended: list[BaseException | None] = [None] * len(works)

    def ask(worker: int, what: Callable[[], object]) -> None:
        question = _Question(worker, what)
        inbox.put(question)
        question.answered.wait()
        if question.answer is not None:
            raise question.answer

    def run(worker: int) -> None:
        def fence() -> None:
            ask(worker, before_write)

        def pause(seconds: float) -> None:
            ask(worker, lambda: before_pause(seconds))

        @contextmanager
        def locking(seconds: float) -> Iterator[None]:
            held = ExitStack()
            ask(worker, lambda: held.enter_context(locked(seconds)))
            try:
                yield
            finally:
                ask(worker, held.close)

        try:
            with guarded(fence, pause, locking=locking):
                works[worker]()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            ended[worker] = error
        finally:
            inbox.put(worker)

    threads = [threading.Thread(target=carried(partial(run, worker))) for worker in range(len(works))]
    for thread in threads:
        thread.start()
    _answer(inbox, len(works))
    for thread in threads:
        thread.join()
    return ended


def _answer(inbox: queue.SimpleQueue[_Question | int], running: int) -> None:
    """Answer the workers' questions until all have ended; once interrupted, the interruption is every answer."""
    waiting: list[_Question] = []
    interruption: BaseException | None = None
    while running:
        try:
            told = inbox.get()
            running -= 1
            waiting.extend([told] if isinstance(told, _Question) else [])
            if not running:
                for question in waiting:
                    question.answer = interruption or _refusal(question.ask)
        except BaseException as error:  # noqa: BLE001 - raised below, once nobody works any more
            interruption = error
        if not running:
            running = len(waiting)
            for question in waiting:
                question.answer = question.answer or interruption
                question.answered.set()
            waiting = []
    if interruption is not None:
        raise interruption


def _refusal(ask: Callable[[], object]) -> BaseException | None:
    try:
        ask()
    except Exception as error:  # noqa: BLE001 - the worker raises it
        return error
    return None
