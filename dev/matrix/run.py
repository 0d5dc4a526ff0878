"""All points, shared out to processes that have a world each."""

from __future__ import annotations

import dataclasses
import importlib
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, cast

from dev.matrix import points
from dev.matrix.engine import ADAPTERS
from dev.matrix.kept import folder_for, kept
from dev.matrix.points import Operation, Point
from dev.matrix.sampling import sample
from dev.matrix.shapes import IMAGES
from dev.matrix.strikes import make_stack
from dev.matrix.worker import Tried, Worker
from dev.matrix.world import World
from localcloud.cloud import LocalCloud
from localcloud.progress import Note, Progress

WORKERS = 2
STOP_SECONDS = 20.0
_OWN = f"{make_stack.__module__}:{make_stack.__qualname__}"


class WorkerFailed(Exception):
    """A process of the matrix ended before it was through; its traceback is the message."""


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """The choice of points, and the way in which the next update is made.

    Attributes:
        operation: the name of one operation; empty is all.
        without: the names of operations that are left out.
        crashes_only: leaves out the faults.
        sampled: leaves out what is much like other points (see `sampling.sample`).
        adapters: the swap's, one after the other.
        recover_with: ``module:function`` that makes what the next update is done by; another one than the product's
            own shows that the checks can fail.
    """

    operation: str = ""
    without: Sequence[str] = ()
    crashes_only: bool = False
    sampled: bool = False
    adapters: Sequence[str] = ADAPTERS
    recover_with: str = _OWN

    def chosen(self, calls: Mapping[Operation, Sequence[str]]) -> list[Point]:
        """The points, of operations that make these calls."""
        every = [one for one in points.all_points(calls, self.adapters) if one.operation.name not in self.without]
        return [
            point
            for point in (sample(every) if self.sampled else every)
            if self.operation in ("", point.operation.name) and (point.crash or not self.crashes_only)
        ]


@dataclasses.dataclass(slots=True)
class Matrix:
    """The points that were tried, and their outcomes.

    Attributes:
        calls: how many calls of each operation were made to go wrong.
        tried: every point.
        seconds: the time that it took.
    """

    calls: dict[str, int] = dataclasses.field(default_factory=dict)
    tried: list[Tried] = dataclasses.field(default_factory=list)
    seconds: float = 0


@dataclasses.dataclass(frozen=True, slots=True)
class _Job:
    environment: Mapping[str, str]
    images: Mapping[str, str]
    choice: Choice
    number: int
    workers: int
    folder: Path | None = None

    def share(self, every: Sequence[Point]) -> list[Point]:
        """One process' points. Neighbors take alike long: they are dealt out in turn."""
        cold = [point for point in every if point.operation.cold]
        warm = [point for point in every if not point.operation.cold]
        return cold if self.number == self.workers else warm[self.number :: self.workers]


def run(
    cloud: LocalCloud,
    progress: Progress,
    choice: Choice | None = None,
    workers: int = WORKERS,
    keep: Path | None = None,
) -> Matrix:
    """Try every point.

    Args:
        cloud: the local cloud whose emulator is used.
        progress: shows how far it is.
        choice: which points; all, if absent.
        workers: how many processes; one more has the points that wait for tasks to start.
        keep: a folder for what was tried, so that a run that is interrupted continues from there; ``None`` keeps
            nothing.
    """
    began = time.monotonic()
    environment = {key: value for key, value in cloud.env().items() if key.startswith("AWS_")}
    images = {tag: cloud.image(tag) for tag in IMAGES.values()}
    # Spawned, since a world's process forks: it must not have threads of this one.
    context = multiprocessing.get_context("spawn")
    ends: list[Any] = []
    processes = []
    with progress.step("Everything goes wrong, one call after the other") as note:
        try:
            for number in range(workers + 1):
                end, other_end = context.Pipe(duplex=False)
                job = _Job(environment, images, choice or Choice(), number, workers, folder_for(keep) if keep else None)
                processes.append(context.Process(target=_work, args=(other_end, job), daemon=True))
                processes[-1].start()
                other_end.close()
                ends.append(end)
            matrix = _gather(ends, note)
        finally:
            for process in processes:
                if ends:  # not through: it should still remove what it has made
                    process.terminate()
            for process in processes:
                process.join(STOP_SECONDS)
                process.kill()
    matrix.seconds = time.monotonic() - began
    return matrix


def _gather(ends: list[Any], note: Note) -> Matrix:
    """Take what the processes tell until all have sent everything."""
    matrix = Matrix()
    total: int | None = None
    while ends:
        for ready in wait(ends):
            try:
                message: Any = cast("Connection", ready).recv()
            except EOFError:
                ends.remove(ready)
                continue
            if isinstance(message, str):
                raise WorkerFailed(message)
            if isinstance(message, Tried):
                matrix.tried.append(message)
                wrong = sum(bool(tried.troubles) for tried in matrix.tried)
                note(f"{len(matrix.tried)} of {total} points, {wrong} wrong")
            elif total not in (None, message[1]):
                raise WorkerFailed(f"one process has {total} points and another {message[1]}: {message[0]}")
            else:
                matrix.calls, total = message
    if len(matrix.tried) != total:
        raise WorkerFailed(f"{len(matrix.tried)} of {total} points were tried: a process was ended from outside")
    return matrix


def _work(end: Connection, job: _Job) -> None:
    """One process: builds its world, tries its share, tells each result as it comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for whoever started this, who ends it
    signal.signal(signal.SIGTERM, _end)
    os.environ.update(job.environment)
    world = World(f"matrix-{os.getpid()}-{job.number}")
    worker = None
    try:
        module, _, name = job.choice.recover_with.partition(":")
        make = getattr(importlib.import_module(module), name)
        world.build(job.images)
        world.put_back("blue")
        worker = Worker(world, make)
        every = job.choice.chosen(worker.calls)
        end.send((points.calls_struck(every), len(every)))
        for point in job.share(every):
            end.send(kept(job.folder, str(point), partial(worker.try_point, point)))
    except Exception:  # noqa: BLE001 - all of it goes to whoever started this
        end.send(traceback.format_exc())
    finally:
        if worker is not None:
            worker.close()
        world.remove()


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(1)
