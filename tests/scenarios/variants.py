"""Every row of the README's table of platforms: its name, and the class that knows it, imported when it is run."""

from __future__ import annotations

from importlib import import_module

from tests.scenarios.variant import Variant

VARIANTS = {
    "ecs": "tests.scenarios.ecs:Ecs",
    "ecs_listeners": "tests.scenarios.ecs_listeners:EcsListeners",
}


def variant(name: str) -> Variant:
    """The variant of that name."""
    module, _, cls = VARIANTS[name].partition(":")
    made: Variant = getattr(import_module(module), cls)()
    return made
