"""Knative Serving, with its ingress for Gateway API: programs built from their Go modules, and what they ask of a node.

A witness beside the stand-in for Cloud Run, whose first API is Knative's. Nothing else needs it, so `make setup` does
not build it: see `make witness`. Its activator, which wakes what sleeps, is left out: nothing sleeps here.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from localcloud import cache
from localcloud.processes import run
from localcloud.progress import Progress
from localcloud.tools import go

NAME = "knative"
VERSION = "0.42.2"
INGRESS_VERSION = "0.42.0"
"""The newest of this line that is served."""

_SERVING, _INGRESS = "knative.dev/serving", "knative.dev/net-gateway-api"
_PROGRAMS = ("controller", "webhook", "autoscaler", "queue")
# Within the modules; of networking and caching, whose versions are serving's own, too.
_DEFINITIONS = {
    _SERVING: ("config/core/300-resources/*.yaml",),
    "knative.dev/networking": (
        "config/certificate.yaml",
        "config/domain-claim.yaml",
        "config/ingress.yaml",
        "config/serverlessservice.yaml",
    ),
    "knative.dev/caching": ("config/image.yaml",),
}
_OBJECTS = {
    _SERVING: (
        "config/core/100-namespace.yaml",
        "config/core/200-*.yaml",
        "config/core/200-roles/*.yaml",
        "config/core/configmaps/*.yaml",
        "config/core/webhooks/*.yaml",
        "config/core/deployments/activator.yaml",
        "config/core/deployments/autoscaler.yaml",
        "config/core/deployments/controller.yaml",
        "config/core/deployments/webhook.yaml",
    ),
    "knative.dev/networking": ("config/config-network.yaml",),
    _INGRESS: ("config/200-clusterrole.yaml", "config/300-controller.yaml", "config/config-gateway.yaml"),
}


def ensure(progress: Progress) -> Path:
    """The directory with `bin/`, one program each, `definitions/` and `objects/`."""

    def waiting() -> None:
        progress.say(f"Waiting for another process that is building Knative Serving {VERSION}")

    return cache.ensure(NAME, f"{VERSION}-1", lambda target: _make(target, progress), waiting)


def _make(target: Path, progress: Progress) -> None:
    command = go.require(f"Knative Serving {VERSION}")
    with progress.step(f"Building Knative Serving {VERSION}") as note:
        note("fetching its modules")
        places = {
            _SERVING: go.download(command, _SERVING, f"v{VERSION}"),
            _INGRESS: go.download(command, _INGRESS, f"v{INGRESS_VERSION}"),
        }
        for module in ("knative.dev/networking", "knative.dev/caching"):
            listing = [command, "list", "-mod=readonly", "-m", "-f", "{{.Version}}", module]
            version = run(listing, what="go list", cwd=places[_SERVING]).split()[-1]
            places[module] = go.download(command, module, version)
        # The modules say that their vendored packages are there, which no module brings along.
        options = ("-mod=readonly", "-ldflags", "-s -w")
        go.build(command, places[_SERVING], [f"./cmd/{name}" for name in _PROGRAMS], target / "bin", note, *options)
        go.build(command, places[_INGRESS], ["./cmd/controller"], target / "ingress", note, *options)
        (target / "ingress" / "controller").rename(target / "bin" / "ingress")
        (target / "ingress").rmdir()
        for kind, wanted in (("definitions", _DEFINITIONS), ("objects", _OBJECTS)):
            (target / kind).mkdir()
            for module, patterns in wanted.items():
                for file in (found for pattern in patterns for found in sorted(places[module].glob(pattern))):
                    shutil.copyfile(file, target / kind / f"{module.rpartition('/')[2]}-{file.parent.name}-{file.name}")
