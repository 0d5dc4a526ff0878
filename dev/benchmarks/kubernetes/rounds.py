"""The rounds: one rival after the other, each under load, on the same node at the same time."""

from __future__ import annotations

import contextlib
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dev.benchmarks.kubernetes.argo import ArgoRollouts
from dev.benchmarks.kubernetes.floor import KubectlPatch
from dev.benchmarks.kubernetes.ours import Bluegreen
from dev.benchmarks.kubernetes.rival import Rival
from localcloud.errors import LocalCloudError
from localcloud.kubernetes.node import LocalNode
from localcloud.load import Load, Result
from localcloud.progress import Progress

CONNECTIONS = 16
"""Kept connections, and as many clients that open a new one for each request."""
RATE_PER_SECOND = 1000
QUIET_SECONDS = 0.4
PODS_A_SERVICE = 3
"""Both colors', and one of a former release that is on its way out."""
MOST_PODS = 110
"""What a kubelet takes by default."""
RIVALS: tuple[type[Bluegreen], type[ArgoRollouts], type[KubectlPatch]] = (Bluegreen, ArgoRollouts, KubectlPatch)


@dataclass
class Measured:
    """The results of one rival at one size.

    Attributes:
        swap_ms: from the go-ahead until every new connection of every service reached green, of each round.
        rollback_ms: the same back to blue.
        said_ms: from the go-ahead until the rival said that it was done.
        requests: how many were made.
        failed: how many of them failed.
        errors: in which ways.
    """

    swap_ms: list[float] = field(default_factory=list)
    rollback_ms: list[float] = field(default_factory=list)
    said_ms: list[float] = field(default_factory=list)
    requests: int = 0
    failed: int = 0
    errors: dict[str, int] = field(default_factory=dict)


def run(node: LocalNode, services: int, rounds: int, progress: Progress) -> dict[str, Measured]:
    """Measure all rivals with this many services: in turns, or one after the other where all of them have no room."""
    measured: dict[str, Measured] = {}
    groups = [RIVALS] if services * len(RIVALS) * PODS_A_SERVICE <= MOST_PODS else [(kind,) for kind in RIVALS]
    for group in groups:
        with contextlib.ExitStack() as ending:
            rivals = [ending.enter_context(_deployed(kind(node, services), progress)) for kind in group]
            with progress.step(f"Swapping {services} services, {rounds} rounds"):
                for _ in range(rounds):
                    for rival in rivals:
                        _round(node, rival, services, measured.setdefault(rival.name, Measured()))
    return measured


@contextlib.contextmanager
def _deployed(rival: Rival, progress: Progress) -> Iterator[Rival]:
    node: LocalNode = rival.node  # type: ignore[attr-defined]
    services: int = rival.services  # type: ignore[attr-defined]
    manifests = [manifest for number in range(services) for manifest in rival.manifests(number)]
    with progress.step(f"Starting {services} services for {rival.name}"):
        node.kubectl("create", "namespace", rival.namespace)
    try:
        with progress.step(f"Waiting for the pods of {rival.name}"):
            listed = {"apiVersion": "v1", "kind": "List", "items": manifests}
            node.kubectl("apply", "--filename", "-", stdin=json.dumps(listed))
            _pods_ready(node, rival.namespace)
        yield rival
    finally:
        node.kubectl("delete", "namespace", rival.namespace, "--timeout=300s")


def _pods_ready(node: LocalNode, namespace: str) -> None:
    waited = ("wait", "--for=condition=Available", "deployments", "--all", "--namespace", namespace, "--timeout=300s")
    if node.kubectl("get", "deployments", "--namespace", namespace, "--output", "name").strip():
        node.kubectl(*waited)


def _round(node: LocalNode, rival: Rival, services: int, into: Measured) -> None:
    rival.ready()
    ports = [_port(node, rival.namespace, number) for number in range(services)]
    marks: list[tuple[str, float]] = []
    load = Load(
        node.node_port_url(ports[0]),
        connections_kept=CONNECTIONS,
        connections_new=CONNECTIONS,
        rate_per_second=RATE_PER_SECOND,
        more_ports=ports[1:],
    )
    with load:
        time.sleep(QUIET_SECONDS)
        for color, go in (("green", rival.promote), ("blue", rival.rollback)):
            marks.append((color, time.time()))
            into.said_ms.append(_timed_ms(go))
            time.sleep(QUIET_SECONDS + services / 50)
    ends = [at for _, at in marks[1:]] + [float("inf")]
    for (color, at), end in zip(marks, ends, strict=True):
        moved = moved_ms(load.result, color, at, end, services)
        (into.swap_ms if color == "green" else into.rollback_ms).append(moved)
    into.requests += load.result.requests
    into.failed += load.result.failed
    for kind, count in load.result.errors.items():
        into.errors[kind] = into.errors.get(kind, 0) + count


def _timed_ms(go: Callable[[], None]) -> float:
    began = time.perf_counter()
    go()
    return 1000 * (time.perf_counter() - began)


def _port(node: LocalNode, namespace: str, number: int) -> int:
    path = "jsonpath={.spec.ports[0].nodePort}"
    return int(node.kubectl("get", "service", f"web{number}", "--namespace", namespace, "--output", path))


def moved_ms(result: Result, color: str, at: float, end: float, targets: int) -> float:
    """From ``at`` until no new connection to any target reached another color than ``color`` any more.

    The first new connection that is followed by none to the other color counts, of the target that was last.

    Raises:
        LocalCloudError: a target never got there before ``end``.
    """
    first: dict[int, float] = {}
    for sample in result.samples():
        if sample.kept or sample.error or not at <= sample.at < end:
            continue
        if sample.color != color:
            first.pop(sample.target, None)
        else:
            first.setdefault(sample.target, sample.at)
    missing = set(range(targets)) - first.keys()
    if missing:
        raise LocalCloudError(f"{len(missing)} of {targets} services were not on {color} in the end")
    return 1000 * (max(first.values()) - at)


def median(values: list[float]) -> float:
    """The median, with a tenth of a millisecond: there is nothing finer to see."""
    return round(statistics.median(values), 1)
