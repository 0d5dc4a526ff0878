"""Programs that run beside a node on request: proxies and controllers, on loopback, as the administrator."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from localcloud import loopback
from localcloud.cache import locked
from localcloud.kubernetes import record, starting
from localcloud.kubernetes.layout import Layout
from localcloud.kubernetes.record import Record
from localcloud.kubernetes.sandbox import Sandbox
from localcloud.kubernetes.waiting import until
from localcloud.processes import Daemon
from localcloud.progress import Progress
from localcloud.tools import argo_rollouts as argo_tool
from localcloud.tools import traefik as traefik_tool

if TYPE_CHECKING:
    from typing_extensions import Self


READY_SECONDS = 120.0
GATEWAY_CLASS = "traefik"

_GATEWAY_CLASS_OBJECT = f"""\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata:
  name: {GATEWAY_CLASS}
spec:
  controllerName: traefik.io/gateway-controller
"""
_ARGO_NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: argo-rollouts
"""


class Node(Protocol):
    """The parts of a node that these programs need."""

    layout: Layout

    @property
    def server(self) -> str:
        """The address of the node's API server."""
        ...

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        ...

    def apply(self, manifests: str | Path) -> str:
        """Apply manifests."""
        ...


@dataclasses.dataclass(frozen=True)
class Extra:
    """One that runs; as a context it ends with it, if it was started for it."""

    ports: Mapping[str, int]
    started: Daemon | None
    """Its process, if it did not run before."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.started is not None:
            self.started.stop()


class Traefik(Extra):
    """Traefik, on one port, which listeners of Gateways have to name; IngressRoutes name the entry point."""

    gateway_class = GATEWAY_CLASS
    entry_point = "web"

    @property
    def port(self) -> int:
        """Traefik's own port, on 127.0.0.1."""
        return self.ports["web"]

    @property
    def url(self) -> str:
        """The URL for requests."""
        return f"http://127.0.0.1:{self.port}"


class ArgoRollouts(Extra):
    """The controller of Argo Rollouts."""

    namespace = "argo-rollouts"


def traefik(node: Node, progress: Progress) -> Traefik:
    """Find it running, or start it."""
    program = traefik_tool.ensure(progress) / "traefik"

    def command(ports: Mapping[str, int]) -> list[str | Path]:
        providers = []
        for provider in ("kubernetesgateway", "kubernetescrd"):
            settings = {
                "endpoint": node.server,
                "token": node.layout.token,
                "certauthfilepath": node.layout.keys / "ca.crt",
                "throttleduration": "0s",
            }
            providers += [f"--providers.{provider}.{key}={value}" for key, value in settings.items()]
        return [
            program,
            *providers,
            "--providers.kubernetescrd.allowcrossnamespace=true",
            "--providers.kubernetescrd.allowemptyservices=true",
            f"--entrypoints.web.address=127.0.0.1:{ports['web']}",
            f"--entrypoints.ping.address=127.0.0.1:{ports['ping']}",
            "--ping=true",
            "--ping.entrypoint=ping",
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
            "--log.nocolor=true",
        ]

    def before() -> None:
        node.apply(_GATEWAY_CLASS_OBJECT)

    def ready(ports: Mapping[str, int]) -> bool:
        return loopback.get(f"http://127.0.0.1:{ports['ping']}/ping", timeout=2).is_success

    return Traefik(*_start(node, "traefik", ("web", "ping"), command, before, ready))


def argo_rollouts(node: Node, progress: Progress) -> ArgoRollouts:
    """Find it running, or start it."""
    program = argo_tool.ensure(progress) / "rollouts-controller"

    def command(ports: Mapping[str, int]) -> list[str | Path]:
        return [
            program,
            f"--kubeconfig={node.kubeconfig}",
            f"--metricsport={ports['metrics']}",
            f"--healthzPort={ports['health']}",
            "--leader-elect=false",
        ]

    def before() -> None:
        node.apply(_ARGO_NAMESPACE)

    def ready(ports: Mapping[str, int]) -> bool:
        return loopback.get(f"http://127.0.0.1:{ports['health']}/healthz", timeout=2).is_success

    return ArgoRollouts(*_start(node, "argo-rollouts", ("metrics", "health"), command, before, ready))


def _start(
    node: Node,
    name: str,
    wanted: tuple[str, ...],
    command: Callable[[Mapping[str, int]], list[str | Path]],
    before: Callable[[], None],
    ready: Callable[[Mapping[str, int]], bool],
) -> tuple[dict[str, int], Daemon | None]:
    """Start one, unless it runs; returns its ports, and its process if it did not run. Two who ask get the same."""
    with locked(node.layout.directory / f".{name}.lock"):
        former = read(node)
        if name in former.extras and former.extras[name].alive():
            return {port: former.extra_ports[f"{name}/{port}"] for port in wanted}, None
        before()
        ports = dict(zip(wanted, starting.free_ports(len(wanted)), strict=True))
        log = node.layout.log(name)
        daemon = Sandbox(node.layout.directory, former.sandbox).spawn(command(ports), log)
        until(lambda: ready(ports), f"{name} is ready", seconds=READY_SECONDS, of=daemon, log=log)
        with locked(node.layout.directory / ".record.lock"):
            former = read(node)
            named = {f"{name}/{port}": number for port, number in ports.items()}
            record.write(
                node.layout,
                dataclasses.replace(
                    former,
                    extras={**former.extras, name: daemon},
                    extra_ports={**former.extra_ports, **named},
                ),
            )
        return ports, daemon


def read(node: Node) -> Record:
    node_record = record.read(node.layout)
    assert node_record is not None, "the node has ended"
    return node_record
