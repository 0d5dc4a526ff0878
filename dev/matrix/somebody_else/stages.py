"""Every stage by its name, and how many points are tried on it.

Each module of this folder whose name ends in ``_stage`` says in ``STAGES`` which it has: a new one is found by itself.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module

import dev.matrix.somebody_else
from dev.matrix.somebody_else import cloud_stage, ingress_stage
from dev.matrix.somebody_else.members_stage import MembersStage
from dev.matrix.somebody_else.stage import Staged


def _found() -> Mapping[str, Staged]:
    package = dev.matrix.somebody_else
    modules = sorted(one.name for one in pkgutil.iter_modules(package.__path__) if one.name.endswith("_stage"))
    stages: dict[str, Staged] = {}
    for module in modules:
        own: Mapping[str, Staged] = getattr(import_module(f"{package.__name__}.{module}"), "STAGES", {})
        assert not stages.keys() & own.keys(), f"{module} has a stage of another's name"
        stages |= own
    return stages


STAGED = _found()
STAGES = {name: staged.make for name, staged in STAGED.items()}

ALL = 1_000_000
POINTS = {
    "memory": ALL,
    MembersStage.name: ALL,
    "kubernetes_service": ALL,
    **dict.fromkeys(ingress_stage.STAGES, ALL),
    "alb": 400,
    "alb with ecs": 300,
    cloud_stage.NAME: 300,
}
"""How many are tried by ``make matrix``; of the others fewer, since they share their code with these."""
OTHERS = 150
SAMPLED = {
    "memory": 120,
    MembersStage.name: 60,
    "alb": 20,
    "alb with ecs": 12,
    "kubernetes_service": 30,
    "cloudfoundry": 14,
}
"""How many are tried by ``make test``."""
OTHERS_SAMPLED = 4
