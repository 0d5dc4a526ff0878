"""``python -m dev.matrix``: try every point, show what came of it, and write it down where requested."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from rich import box
from rich.console import Console
from rich.table import Table

from dev.matrix import report
from dev.matrix.engine import ADAPTERS
from dev.matrix.run import WORKERS, Choice, Matrix, WorkerFailed, run
from dev.matrix.somebody_else import cloud_stage, controls
from dev.matrix.somebody_else import report as world_report
from dev.matrix.somebody_else import run as world
from dev.matrix.somebody_else.acts import ACTS
from dev.matrix.somebody_else.controls import Controlled
from dev.matrix.somebody_else.run import Struck
from dev.matrix.somebody_else.stages import ALL, STAGES
from localcloud import cloud as clouds
from localcloud import progress
from localcloud.cloud import LocalCloud
from localcloud.errors import LocalCloudError
from localcloud.progress import Progress

CALLS, WORLD = "calls", "world"
PARTS = (CALLS, WORLD)
_WRONG = ("unconverged", "unsafe", "world_unconverged", "world_unsafe", "world_controls_without_effect")


def main(arguments: list[str] | None = None) -> int:
    """The exit status is 1 if a point did not converge or was unsafe."""
    parser = argparse.ArgumentParser(prog="python -m dev.matrix", description=sys.modules["dev.matrix"].__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE, too")
    parser.add_argument("--docs", type=Path, metavar="FILE", help="write the table into FILE, between its markers")
    parser.add_argument("--adapter", choices=ADAPTERS, help="the swap's adapter (default: both, one after the other)")
    parser.add_argument("--workers", type=int, default=WORKERS, help=f"processes (default {WORKERS})")
    parser.add_argument(
        "--only", choices=PARTS, help="the platform's calls go wrong, or somebody else acts (default: both)"
    )
    parser.add_argument("--where", choices=(*STAGES, cloud_stage.NAME), help="somebody else acts on this stage alone")
    parser.add_argument("--somebody", choices=[act.name for act in ACTS], help="and does this alone")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="keep in FOLDER what was tried, and do not try it again",
    )
    parser.add_argument("--most", type=int, default=ALL, metavar="N", help="no more than N for each stage in memory")
    parser.add_argument(
        "--in-memory", action="store_true", help="somebody else acts in this process alone, not on the local cloud"
    )
    parser.add_argument("--state-dir", type=Path, help="where the local cloud's state is (default: this checkout's)")
    options = parser.parse_args(arguments)
    if problem := _problem_with(options):
        parser.error(problem)
    parts: tuple[str, ...] = (options.only,) if options.only else PARTS[: 1 if options.adapter else 2]
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    if options.json:
        options.json.unlink(missing_ok=True)  # nobody may take an earlier run's numbers for this one's
    shown = progress.for_terminal()
    figures: dict[str, int] = {}
    text = options.docs.read_text() if options.docs else ""
    try:
        if options.where:
            figures = _one_stage(options, shown)
            parts = ()
        needless = options.in_memory or not parts
        with contextlib.nullcontext() if needless else _cloud(options.state_dir, shown) as cloud:
            if CALLS in parts and cloud is not None:
                choice = Choice(adapters=[options.adapter] if options.adapter else ADAPTERS)
                matrix = run(cloud, shown, choice, workers=options.workers, keep=options.keep)
                show(matrix)
                figures |= report.figures(matrix)
                text = report.in_docs(text, matrix) if text else ""
            if WORLD in parts:
                struck = world.run(shown, workers=options.workers, cloud=cloud, keep=options.keep, at_most=options.most)
                without = controls.run(shown, options.workers)
                show_world(struck, without)
                figures |= world_report.figures(struck, without)
                text = world_report.in_docs(text, struck, without) if text else ""
    except (LocalCloudError, WorkerFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    if options.docs:
        options.docs.write_text(text)
    return int(any(figures.get(name) for name in _WRONG))


def _problem_with(options: argparse.Namespace) -> str:
    """The options that do not go together; empty where all do."""
    if options.docs and options.adapter:
        return "--docs wants the figures of both adapters: leave --adapter out"
    if options.adapter and options.only == WORLD:
        return "somebody else acts with both adapters in turn: leave --adapter out"
    if (options.where or options.somebody) and (options.docs or not options.where):
        return "--somebody wants --where, and neither of them --docs"
    if options.in_memory and options.only != WORLD:
        return "--in-memory wants --only world: the platform's calls go wrong on the local cloud"
    return ""


def _one_stage(options: argparse.Namespace, shown: Progress) -> dict[str, int]:
    act, keep, most = options.somebody or "", options.keep, options.most
    on_cloud = options.where == cloud_stage.NAME
    stages = [] if on_cloud else [options.where]
    with _cloud(options.state_dir, shown) if on_cloud else contextlib.nullcontext() as cloud:
        struck = world.run(shown, stages, workers=options.workers, cloud=cloud, act=act, keep=keep, at_most=most)
    show_world(struck)
    return world_report.figures(struck)


@contextlib.contextmanager
def _cloud(state_dir: Path | None, shown: Progress) -> Iterator[LocalCloud]:
    """One that is up is used, else one is started for this run."""
    try:
        yield LocalCloud.current(state_dir)
        return
    except LocalCloudError:
        pass
    try:
        yield LocalCloud.up(state_dir, shown)
    finally:
        clouds.down(state_dir)


def show(matrix: Matrix) -> None:
    """Everything for people."""
    console = Console()
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0))
    shown.add_column("each call", no_wrap=True)
    for name, count in matrix.calls.items():
        words = name.replace("autoscaled", "auto- scaled").split()  # 80 columns are enough for all of them
        shown.add_column("\n".join([*words, f"({count})"]), justify="right", no_wrap=True)
    shown.add_column("uncon-\nverged", justify="right", no_wrap=True)
    shown.add_column("unsafe", justify="right", no_wrap=True)
    for row in report.rows(matrix):
        cells = (*row.points, row.unconverged, row.unsafe)
        bad = "bold red" if row.unconverged or row.unsafe else ""
        shown.add_row(row.title, *map(str, cells), style=bad)
    console.print(shown)
    for name, count in report.figures(matrix).items():
        console.print(f"{name}: {count}", highlight=False)
    console.print(f"{matrix.seconds:.0f} s", highlight=False)
    for line in report.troubles(matrix):
        console.print(line, style="red", highlight=False, markup=False)


def show_world(struck: Struck, without: Sequence[Controlled] = ()) -> None:
    """The same, of what somebody else did; and of the controls."""
    console = Console()
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for name in ("somebody", "points", "in flight", "unconverged", "unsafe"):
        shown.add_column(name, justify="left" if name == "somebody" else "right")
    for title, points, *counts in world_report.sums(struck):
        bad = "bold red" if any(counts[1:]) else ""
        shown.add_row(title, *map(str, (points, *counts)), style=bad)
    console.print(shown)
    for one in without:
        said = f"without its guard, somebody {one.act}: {one} wrong"
        console.print(said, style="" if one.wrong else "red", highlight=False, markup=False)
    for name, count in world_report.figures(struck, without).items():
        console.print(f"{name}: {count}", highlight=False)
    console.print(f"{struck.seconds:.0f} s", highlight=False)
    for line in world_report.troubles(struck):
        console.print(line, style="red", highlight=False, markup=False)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
