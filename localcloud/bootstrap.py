"""Gets every tool that the local cloud needs, side by side: what takes minutes (Go, cargo, apt) does not queue."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any

from localcloud.errors import LocalCloudError
from localcloud.progress import Progress
from localcloud.tools import app, fakecloud, pulumi, system


@dataclasses.dataclass(frozen=True)
class Tools:
    """Where everything is."""

    pulumi: Path
    """Directory of the Pulumi CLI."""
    fakecloud: Path
    """Directory of the AWS emulator."""
    app: Path
    """The sample app's root file system, a tar archive."""
    programs: dict[str, Path]
    """What comes from Debian, by name."""


def bootstrap(progress: Progress) -> Tools:
    """Find or make all of them; every one that fails is named, not only the first."""
    makers: dict[str, Callable[[], Any]] = {
        "programs": lambda: system.ensure(tuple(system.PACKAGES), progress),
        "pulumi": lambda: pulumi.ensure(progress),
        "fakecloud": lambda: fakecloud.ensure(progress),
        "app": lambda: app.ensure(progress),
    }
    results: dict[str, Any] = {}
    problems: list[str] = []
    with futures.ThreadPoolExecutor(max_workers=len(makers)) as pool:
        running = {name: pool.submit(make) for name, make in makers.items()}
        for name, future in running.items():
            problem = future.exception()
            if problem is None:
                results[name] = future.result()
            elif isinstance(problem, LocalCloudError):
                problems.append(str(problem))
            else:
                raise problem
    if problems:
        raise LocalCloudError("\n".join(problems))
    return Tools(**results)
