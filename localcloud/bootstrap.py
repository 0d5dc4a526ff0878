"""Gets every tool that the local cloud needs. What takes minutes does not queue, except where it would only compete.

Every maker that fails is named, not only the first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from pathlib import Path
from typing import Any

from localcloud.errors import LocalCloudError
from localcloud.kubernetes import crds
from localcloud.processes import cpu_seconds_of_commands
from localcloud.progress import Progress
from localcloud.tools import (
    actionlint,
    app,
    argo_rollouts,
    fakecloud,
    helm,
    kubernetes,
    kubernetes_plugin,
    languages,
    oldest_sdk,
    pulumi,
    system,
    traefik,
)

WORTH_SAYING_SECONDS = 60.0
"""Of a processor's time: what is there already is looked up in less."""

_Maker = Callable[[Progress], Any]
_TOOLS: dict[str, _Maker] = {
    "programs": lambda progress: system.ensure(tuple(system.PACKAGES), progress),
    "node_programs": lambda progress: system.ensure(tuple(system.FOR_NODES), progress),
    "databases": lambda progress: system.ensure(tuple(system.DATABASES), progress),
    "pulumi": pulumi.ensure,
    "fakecloud": fakecloud.ensure,
    "app": app.ensure,
    "kubernetes": kubernetes.ensure,
    "traefik": traefik.ensure,
    "argo_rollouts": argo_rollouts.ensure,
    "helm": helm.ensure,
    "actionlint": actionlint.ensure,
    "languages": languages.ensure,
    "oldest_sdk": oldest_sdk.ensure,
    "definitions": lambda progress: [crds.crds(name, progress) for name in crds.SOURCES],
}


@dataclasses.dataclass(frozen=True)
class Tools:
    """The places of everything that `up` needs."""

    pulumi: Path
    """Directory of the Pulumi CLI."""
    fakecloud: Path
    """Directory of the AWS emulator."""
    app: Path
    """The sample app's root file system, a tar archive."""
    programs: dict[str, Path]
    """What comes from Debian, by name."""


@dataclasses.dataclass(frozen=True)
class PlayedTools:
    """The places of all that a played cloud needs; Envoy and the descriptions come with Python's environment."""

    pulumi: Path
    app: Path


@dataclasses.dataclass(frozen=True)
class NodeTools:
    """The places of everything that `up kubernetes` needs."""

    pulumi: Path
    app: Path
    kubernetes: Path
    """Directory of Kubernetes' programs."""
    node_programs: dict[str, Path]
    """What comes from Debian, by name."""


def bootstrap(progress: Progress) -> Tools:
    """Find or make what the AWS side needs."""
    return Tools(**_make([["programs"], ["pulumi"], ["fakecloud"], ["app"]], progress))


def for_node(progress: Progress) -> NodeTools:
    """Find or make what a Kubernetes node needs."""
    return NodeTools(**_make([["node_programs"], ["pulumi"], ["app", "kubernetes"]], progress))


def for_played(progress: Progress) -> PlayedTools:
    """Find or make what a played cloud needs: Azure, Google Cloud, Cloud Foundry."""
    return PlayedTools(**_make([["pulumi"], ["app"]], progress))


def everything(progress: Progress) -> None:
    """Find or make all tools. Go takes all processors by itself: what is built with it, one after the other."""
    with_go = [
        "app",
        "pulumi",
        "languages",
        "kubernetes",
        "helm",
        "argo_rollouts",
        "traefik",
        "actionlint",
        "definitions",
    ]
    _make([["programs", "node_programs", "oldest_sdk"], ["fakecloud"], with_go], progress)


def _make(lanes: Sequence[Sequence[str]], progress: Progress) -> Mapping[str, Any]:
    """Run the makers, lanes side by side and those of a lane in turn."""
    results: dict[str, Any] = {}
    problems: dict[str, str] = {}

    def run(lane: Sequence[str]) -> None:
        for name in lane:
            before = cpu_seconds_of_commands()
            try:
                results[name] = _TOOLS[name](progress)
            except LocalCloudError as error:
                problems[name] = str(error)
            if (spent := cpu_seconds_of_commands() - before) >= WORTH_SAYING_SECONDS:
                progress.say(f"{name.replace('_', ' ')}: {spent / 60:.1f} minutes of CPU")

    with futures.ThreadPoolExecutor(max_workers=len(lanes)) as pool:
        for done in [pool.submit(run, lane) for lane in lanes]:
            done.result()
    if problems:
        # One text may be two makers' (apt-get, say): once is enough.
        ordered = [problems[name] for lane in lanes for name in lane if name in problems]
        raise LocalCloudError("\n".join(dict.fromkeys(ordered)))
    return results


MAKERS: dict[str, Callable[[Progress], object]] = {
    "aws": bootstrap,
    "kubernetes": for_node,
    "azure": for_played,
    "google": for_played,
    "cloudfoundry": for_played,
    "all": everything,
    "kubernetes-plugin": kubernetes_plugin.ensure,
    "oldest-pulumi": pulumi.ensure_oldest,
}
"""By what they are for: `up`, `up kubernetes`, and beside these what tests and demos start."""
