"""A stage of a REST API as weights, and the patch operations that bring it to others. Pure.

What may be patched: https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.rollout.model import COLORS, Color, Weights

Operation = dict[str, str]


@dataclass(frozen=True, slots=True)
class Target:
    """A color: a deployment, and the stage variables that go with it."""

    deployment_id: str
    variables: Mapping[str, str]

    def is_in(self, deployment_id: str | None, variables: Mapping[str, str]) -> bool:
        """Whether this color serves the requests there."""
        return deployment_id == self.deployment_id and all(
            variables.get(name) == value for name, value in self.variables.items()
        )


def canary_of(stage: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The stage's canary, if it has one with any traffic."""
    canary: Mapping[str, Any] | None = stage.get("canarySettings")
    return canary if canary and canary.get("percentTraffic", 0) > 0 else None


def serving(stage: Mapping[str, Any], targets: Mapping[Color, Target]) -> tuple[Color | None, Color | None]:
    """The colors of the stage itself and of its canary; ``None`` for a stranger and for no canary."""
    variables = stage.get("variables") or {}

    def found(deployment_id: str | None, its: Mapping[str, str]) -> Color | None:
        return next((color for color in COLORS if targets[color].is_in(deployment_id, its)), None)

    base, canary = found(stage.get("deploymentId"), variables), canary_of(stage)
    if canary is None:
        return base, None
    overridden = {**variables, **(canary.get("stageVariableOverrides") or {})}
    return base, found(canary.get("deploymentId", stage.get("deploymentId")), overridden)


def weights_of(stage: Mapping[str, Any], targets: Mapping[Color, Target]) -> Weights:
    """The percentage of the stage's requests on each color."""
    (base, other), canary = serving(stage, targets), canary_of(stage)
    if canary is None:
        return Weights() if base is None else Weights.all_on(base)
    exact = canary["percentTraffic"]
    # What is not nothing never shows as 0, and what is not all never as 100.
    percent = 100 if exact >= 100 else min(max(round(exact), 1), 99)
    shares = dict.fromkeys(COLORS, 0)
    if base is not None:
        shares[base] += 100 - percent
    if other is not None:
        shares[other] += percent
    return Weights(**shares)


def operations(
    stage: Mapping[str, Any], targets: Mapping[Color, Target], weights: Weights, *, use_stage_cache: bool
) -> list[Operation]:
    """The operations that bring the stage to ``weights``, in the order in which API Gateway applies them.

    The color that the stage itself is stays that while it has any traffic, so that a step changes the canary alone. At
    0/100 there is no canary. A stage with a canary takes no other deployment, so the canary goes first.

    Args:
        stage: as it is now.
        targets: what each color is.
        weights: not none at all.
        use_stage_cache: whether the canary shares the stage's cache.
    """
    present = serving(stage, targets)[0]
    base: Color = max(COLORS, key=weights.of)
    if present is not None and weights.of(present):
        base = present
    canary = next((color for color in COLORS if color != base and weights.of(color)), None)
    moved = stage.get("deploymentId") != targets[base].deployment_id
    patch: list[Operation] = []
    if stage.get("canarySettings") and (canary is None or moved):
        patch += without_canary()
    if canary is None or moved:
        patch.append(_replace("/deploymentId", targets[base].deployment_id))
    have = stage.get("variables") or {}
    patch += [
        _replace(f"/variables/{name}", value)
        for name, value in targets[base].variables.items()
        if have.get(name) != value
    ]
    if canary is not None:
        overrides = {f"stageVariableOverrides/{name}": value for name, value in targets[canary].variables.items()}
        settings = {
            "deploymentId": targets[canary].deployment_id,
            **overrides,
            "useStageCache": str(use_stage_cache).lower(),
            "percentTraffic": f"{weights.of(canary):.1f}",
        }
        patch += [_replace(f"/canarySettings/{name}", value) for name, value in settings.items()]
    return patch


def without_canary() -> list[Operation]:
    """The operations that take the canary's requests, and then the canary."""
    return [_replace("/canarySettings/percentTraffic", "0.0"), {"op": "remove", "path": "/canarySettings"}]


def _replace(path: str, value: str) -> Operation:
    return {"op": "replace", "path": path, "value": value}
