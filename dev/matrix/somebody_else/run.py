"""All stages, shared out to processes; a long one in parts, so that none of them is left alone with it."""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dev.matrix.kept import folder_for, kept
from dev.matrix.lanes import without_backoff
from dev.matrix.somebody_else import cloud_stage
from dev.matrix.somebody_else.cloud_stage import CloudStage, Place
from dev.matrix.somebody_else.points import SEED, all_points, sample
from dev.matrix.somebody_else.stage import Stage
from dev.matrix.somebody_else.stages import ALL, OTHERS, POINTS, STAGES
from dev.matrix.somebody_else.swaps import OPERATIONS
from dev.matrix.somebody_else.trial import Trials, Tried
from localcloud.cloud import LocalCloud
from localcloud.progress import Progress, Silent

_PART_POINTS, _SLOW_PART_POINTS, _MOST_PARTS = 250, 50, 12


@dataclass(frozen=True, slots=True)
class _Job:
    """Every so many-th of the points of one stage.

    Attributes:
        stage: its name.
        most: how many points of it are tried in all its parts.
        place: where the local cloud is, for its own stage.
        act: the name of the one act that is tried; all of them where it is empty.
        part: which of the parts this is, from 0.
        parts: how many there are.
        folder: where what was tried is kept; ``None`` is nowhere.
    """

    stage: str
    most: int
    place: Place | None
    act: str
    part: int = 0
    parts: int = 1
    folder: Path | None = None

    def __str__(self) -> str:
        return f"{self.stage}, {self.most} of {self.act or 'all acts'}, part {self.part} of {self.parts}"


@dataclass(slots=True)
class Struck:
    """The points that were tried, and their outcomes.

    Attributes:
        tried: every point.
        seconds: the time that it took.
    """

    tried: list[Tried] = field(default_factory=list)
    seconds: float = 0


def run(
    progress: Progress | None = None,
    stages: Sequence[str] = tuple(STAGES),
    most: Mapping[str, int] | None = None,
    others: int = OTHERS,
    workers: int = 2,
    cloud: LocalCloud | None = None,
    act: str = "",
    keep: Path | None = None,
    at_most: int = ALL,
) -> Struck:
    """Try the points of these stages.

    Args:
        progress: shows how far it is.
        stages: their names.
        most: how many points of a stage; ``others`` where it says nothing.
        others: how many of those.
        workers: how many processes; 0 is this one.
        cloud: the local cloud, which is a stage, too, where it is given.
        act: the name of the one act that is tried; all of them where it is empty.
        keep: a folder for what was tried, so that a run that is interrupted continues from there; ``None`` keeps
            nothing.
        at_most: no more points than that of any stage in this process.
    """
    began = time.monotonic()
    given = POINTS if most is None else most
    limits = {name: min(given.get(name, others), at_most) for name in stages}
    jobs = [job for name in stages for job in _parts(name, limits[name], act, split=workers > 0)]
    if cloud is not None:  # first: they take the longest
        name = cloud_stage.NAME
        jobs = [*_parts(name, POINTS[name], act, split=workers > 0, place=Place.of(cloud)), *jobs]
    if keep is not None:
        jobs = [replace(job, folder=folder_for(keep)) for job in jobs]
    struck = Struck()
    with (progress or Silent()).step("Somebody else acts, after one call after the other") as note:
        if workers:
            with multiprocessing.get_context("spawn").Pool(workers) as pool:
                for found in pool.imap_unordered(_done, jobs):
                    struck.tried += found
                    note(f"{len(struck.tried)} points")
        else:
            for job in jobs:
                struck.tried += _done(job)
    order = {job.stage: number for number, job in enumerate(jobs)}
    struck.tried.sort(key=lambda one: order[one.point.stage])
    struck.seconds = time.monotonic() - began
    return struck


def _parts(stage: str, most: int, act: str, *, split: bool, place: Place | None = None) -> list[_Job]:
    size = _PART_POINTS if place is None else _SLOW_PART_POINTS
    parts = min(math.ceil(most / size), _MOST_PARTS) if split else 1
    return [_Job(stage, most, place, act, part, parts) for part in range(parts)]


def _done(job: _Job) -> list[Tried]:
    return kept(job.folder, str(job), lambda: _tried(job))


def _tried(job: _Job) -> list[Tried]:
    without_backoff()
    stage: Stage = STAGES[job.stage]() if job.place is None else CloudStage(job.place)
    with Trials.on(stage) as trials:
        possible = [operation for operation in OPERATIONS if stage.splits or not operation.splits]
        calls = {operation: trials.calls_of(operation) for operation in possible}
        points = [point for point in all_points(stage, calls) if job.act in ("", point.act.name)]
        return [trials.try_point(point) for point in sample(points, job.most, SEED)[job.part :: job.parts]]
