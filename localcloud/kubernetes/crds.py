"""Custom resource definitions as their projects publish them, from their Go modules."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from localcloud import cache
from localcloud.errors import LocalCloudError
from localcloud.progress import Progress
from localcloud.tools import argo_rollouts, go, traefik

GATEWAY_API_VERSION = "1.3.0"


@dataclasses.dataclass(frozen=True)
class Source:
    """The place where definitions are published."""

    module: str
    version: str
    pattern: str
    """The files within the module."""
    derive: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None
    """What to make of each definition; None for those that are left out."""


def _as_linkerd_has_it(definition: dict[str, Any]) -> dict[str, Any] | None:
    """Linkerd's own HTTPRoute: the Gateway API's under another group.

    Linkerd's chart has the definition, and its Go module cannot be had. Its schema is the Gateway API's, with Linkerd's
    group as the default in `parentRefs`.
    """
    spec = definition["spec"]
    if spec["names"]["kind"] != "HTTPRoute":
        return None
    definition["metadata"] = {"name": "httproutes.policy.linkerd.io"}
    spec["group"] = "policy.linkerd.io"
    version = next(one for one in spec["versions"] if one["storage"])
    version["name"] = "v1beta3"
    spec["versions"] = [version]
    parents = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["parentRefs"]
    parents["items"]["properties"]["group"]["default"] = "policy.linkerd.io"
    definition.pop("status", None)
    return definition


_GATEWAY_API = Source("sigs.k8s.io/gateway-api", GATEWAY_API_VERSION, "config/crd/standard/gateway.*.yaml")
SOURCES = {
    "gateway-api": _GATEWAY_API,
    "istio": Source("istio.io/api", "1.26.0", "kubernetes/customresourcedefinitions.gen.yaml"),
    "contour": Source("github.com/projectcontour/contour", "1.31.0", "examples/contour/01-crds.yaml"),
    "traefik": Source(
        traefik.MODULE,
        traefik.VERSION,
        "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml",
    ),
    "argo-rollouts": Source(argo_rollouts.MODULE, argo_rollouts.VERSION, "manifests/crds/*-crd.yaml"),
    "linkerd": dataclasses.replace(_GATEWAY_API, derive=_as_linkerd_has_it),
}


def crds(name: str, progress: Progress) -> list[Path]:
    """The files that define a project's resources."""
    if name not in SOURCES:
        raise LocalCloudError(f"there are no definitions {name!r}: there are those of {', '.join(SOURCES)}")
    source = SOURCES[name]

    def make(target: Path) -> None:
        command = go.require(f"fetch the definitions of {name}")
        with progress.step(f"Fetching the resource definitions of {name} {source.version}"):
            module = go.download(command, source.module, f"v{source.version}")
        files = sorted(module.glob(source.pattern))
        for file in files:
            if source.derive is None:
                shutil.copyfile(file, target / file.name)
                continue
            derived = [source.derive(one) for one in yaml.safe_load_all(file.read_text()) if one]
            if kept := [one for one in derived if one]:
                (target / file.name).write_text(yaml.safe_dump_all(kept))
        if not list(target.iterdir()):
            raise LocalCloudError(f"the Go module {source.module}@v{source.version} has no {source.pattern}")

    return sorted(cache.ensure(f"crds-{name}", source.version, make).iterdir())
