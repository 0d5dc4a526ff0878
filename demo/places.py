"""Where the story takes place: this machine, the AWS emulator, a stand-in for Azure or Google, or a Kubernetes node."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from localcloud.hosts.processes import HostEnvoy, Release
from localcloud.progress import Progress

GATEWAY = "public"


class Place(Protocol):
    """One of them."""

    @property
    def like(self) -> str:
        """The stack in git whose config is copied."""
        ...

    @property
    def rate_per_second(self) -> float:
        """How many requests are made: as many as leave the machine time for the rest."""
        ...

    @property
    def needs(self) -> str:
        """The platform of the stack: ``host``, ``aws``, ``azure``, ``google`` or ``kubernetes``."""
        ...

    def around(self, state_dir: Path | None, progress: Progress) -> contextlib.AbstractContextManager[dict[str, Any]]:
        """Run the programs needed from before the first `up` to after the `destroy`; yield the stack's config."""
        ...

    def reached(self, url: str, state_dir: Path | None) -> tuple[str, str]:
        """How requests reach the stack's address from here: a URL, and a host name that they have; empty: the URL's."""
        ...

    def install(self, release: str) -> bool:
        """Put a release in green; ``False`` where the stack itself does that."""
        ...


@dataclass
class Hosts:
    """Two processes behind Envoy, all of them real, and nothing else: no emulator, no container, no root."""

    like: str = "hosts"
    needs: str = "host"
    rate_per_second: float = 300
    _green: list[Release] = field(default_factory=list)

    @contextlib.contextmanager
    def around(self, state_dir: Path | None, progress: Progress) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - as every place
        """The two releases, and Envoy with an empty file of routes."""
        with contextlib.ExitStack() as ending:
            folder = Path(ending.enter_context(TemporaryDirectory(prefix="bluegreen-demo-")))
            blue = Release("blue", "v1")
            ending.callback(blue.end)
            green = Release("green", "v2")
            self._green = [green]
            ending.callback(self._end_green)
            envoy = HostEnvoy(folder, {"blue": blue.port, "green": green.port})
            with progress.step("Starting two releases and Envoy"):
                ending.enter_context(envoy)
            yield {
                "routesFile": str(envoy.routes_file),
                "adminUrl": envoy.admin_url,
                "url": envoy.url,
                "blueUrl": blue.url,
                "greenUrl": green.url,
            }

    def _end_green(self) -> None:
        self._green[0].end()

    def reached(self, url: str, state_dir: Path | None) -> tuple[str, str]:  # noqa: ARG002 - as every place
        """By its address."""
        return url, ""

    def install(self, release: str) -> bool:
        """The process of green is ended, and another one takes its port: no request goes there."""
        former = self._green[0]
        former.end()
        self._green[0] = Release("green", release, former.port)
        return True


@dataclass(frozen=True)
class Aws:
    """ECS behind an Application Load Balancer."""

    like: str = "ecs"
    needs: str = "aws"
    rate_per_second: float = 700

    @contextlib.contextmanager
    def around(self, state_dir: Path | None, progress: Progress) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - as every place
        """Run nothing: the emulator has its own load balancer."""
        yield {}

    def reached(self, url: str, state_dir: Path | None) -> tuple[str, str]:  # noqa: ARG002 - as every place
        """By its address."""
        return url, ""

    def install(self, release: str) -> bool:  # noqa: ARG002 - as every place
        """The stack's images are its releases."""
        return False


@dataclass(frozen=True)
class Played:
    """A Container App on Azure, or a Cloud Run service on Google Cloud: the swap installs its releases."""

    like: str
    needs: str
    rate_per_second: float = 700

    @contextlib.contextmanager
    def around(self, state_dir: Path | None, progress: Progress) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - as every place
        """Run nothing: Envoy is a part of the stand-in."""
        yield {}

    def reached(self, url: str, state_dir: Path | None) -> tuple[str, str]:
        """At Envoy, by the app's host name, which no name server on this machine knows."""
        from localcloud.played_clouds import PLAYED  # noqa: PLC0415 - not for shows that are elsewhere

        return f"{PLAYED[self.needs].current(state_dir).requests}/", url.removeprefix("https://")

    def install(self, release: str) -> bool:  # noqa: ARG002 - as every place
        """The stack's images are its releases."""
        return False


@dataclass(frozen=True)
class Kubernetes:
    """Deployments behind a Gateway API HTTPRoute."""

    like: str = "kubernetes_gateway"
    needs: str = "kubernetes"
    rate_per_second: float = 700

    @contextlib.contextmanager
    def around(self, state_dir: Path | None, progress: Progress) -> Iterator[dict[str, Any]]:
        """Traefik carries the requests, by a Gateway as a platform team would have one."""
        from localcloud.kubernetes.node import LocalNode  # noqa: PLC0415 - not for shows that are elsewhere

        with LocalNode.running(state_dir, progress) as node:
            traefik = node.traefik()
            node.apply(_gateway(traefik.gateway_class, traefik.port))
            try:
                yield {"url": traefik.url}
            finally:
                node.kubectl("delete", "gateway", GATEWAY, "--namespace", "default")

    def reached(self, url: str, state_dir: Path | None) -> tuple[str, str]:  # noqa: ARG002 - as every place
        """By its address."""
        return url, ""

    def install(self, release: str) -> bool:  # noqa: ARG002 - as every place
        """The stack's images are its releases."""
        return False


def _gateway(gateway_class: str, port: int) -> str:
    import yaml  # noqa: PLC0415 - not for shows that are elsewhere

    listener = {"name": "web", "protocol": "HTTP", "port": port, "allowedRoutes": {"namespaces": {"from": "All"}}}
    return yaml.safe_dump(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": {"name": GATEWAY, "namespace": "default"},
            "spec": {"gatewayClassName": gateway_class, "listeners": [listener]},
        }
    )


PLACES: dict[str, Place] = {
    "hosts": Hosts(),
    "aws": Aws(),
    "azure": Played("azure", "azure"),
    "google": Played("google", "google"),
    "kubernetes": Kubernetes(),
}
