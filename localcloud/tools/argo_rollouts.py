"""Argo Rollouts' controller."""

from __future__ import annotations

from localcloud.tools.go import Program

VERSION = "1.8.3"
MODULE = "github.com/argoproj/argo-rollouts"

ensure = Program(
    "argo-rollouts",
    "Argo Rollouts",
    VERSION,
    MODULE,
    "./cmd/rollouts-controller",
    variables={f"{MODULE}/utils/version.version": VERSION},
    # It runs beside the cluster here, and would show its metrics to everybody on the network.
    edits=[("controller/controller.go", '= "0.0.0.0:%d"', '= "127.0.0.1:%d"')],
).ensure
"""Returns the directory with `rollouts-controller` in it."""
