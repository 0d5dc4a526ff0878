"""Helm, which renders charts."""

from __future__ import annotations

from localcloud.tools import kubernetes
from localcloud.tools.go import Program

NAME = "helm"
VERSION = "3.19.0"
MODULE = "helm.sh/helm/v3"

_MAJOR, _MINOR, _ = kubernetes.VERSION.split(".")

ensure = Program(
    NAME,
    "Helm",
    VERSION,
    MODULE,
    "./cmd/helm",
    variables={
        f"{MODULE}/internal/version.version": f"v{VERSION}",
        # What charts know of the cluster where none is read (`helm template`).
        f"{MODULE}/pkg/chartutil.k8sVersionMajor": _MAJOR,
        f"{MODULE}/pkg/chartutil.k8sVersionMinor": _MINOR,
    },
).ensure
"""Returns the directory with `helm` in it."""
