"""The pack runs without the package: what its rules know of a swap is held against what the package declares."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bluegreen.adapters import native
from bluegreen.aws.component import tags_of
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout import model
from bluegreen.swap import properties
from rules import colors, images, live_release
from rules.values import TRAFFIC_SWAPS

RULES = Path(colors.__file__).parent
INPUTS = {found.name for found in (*properties.INPUTS, *properties.CHECKED)}


def test_the_types_of_a_swap_are_those_of_both_adapters():
    assert {native.TOKEN, native.DYNAMIC_TYPE} == TRAFFIC_SWAPS
    assert images.TYPES >= TRAFFIC_SWAPS
    assert live_release.TYPES == TRAFFIC_SWAPS


def test_the_colors_and_their_tags_are_those_that_components_set():
    assert colors.COLORS == model.COLORS
    shared, each = tags_of("web", None)
    assert shared[colors.SERVICE_TAG] == "web"
    assert {color: tags[colors.COLOR_TAG] for color, tags in each.items()} == {color: color for color in colors.COLORS}


@pytest.mark.parametrize("name", ["images", "live_release"])
def test_what_a_rule_reads_of_a_swap_is_an_input_of_it(name):
    """By the texts that it asks a swap's properties for."""
    tree = ast.parse((RULES / f"{name}.py").read_text())
    asked = {
        call.args[0].value
        for found in ast.walk(tree)
        if isinstance(found, ast.FunctionDef) and found.name != "_in_task_definition"
        for call in ast.walk(found)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) == "props.get"
        and isinstance(call.args[0], ast.Constant)
    }
    assert asked
    assert asked <= INPUTS


def test_a_kind_that_a_rule_names_is_one_that_there_is():
    kinds = {
        found.comparators[0].value
        for path in RULES.glob("*.py")
        for found in ast.walk(ast.parse(path.read_text()))
        if isinstance(found, ast.Compare) and ast.unparse(found.left).endswith("get('kind')")
    }
    assert kinds
    assert kinds <= CAPACITIES.entries.keys() | ROUTERS.entries.keys()
