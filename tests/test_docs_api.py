"""The reference that the site makes from docstrings: it has everything public, and each argument is described."""

from __future__ import annotations

import inspect
import re
from enum import Enum
from typing import get_origin

import pytest

from bluegreen.adapters.plugin.components import COMPONENTS
from dev import docs_api, gate_phases

PAGES = docs_api.pages()
OBJECTS = list(dict.fromkeys(name for page in PAGES for name in page.objects))


def documented(thing):
    """The names that a docstring's arguments or attributes have, with their texts."""
    texts = [inspect.getdoc(thing) or ""]
    if isinstance(thing, type) and "__init__" in vars(thing):
        texts.append(inspect.getdoc(thing.__init__) or "")
    told = {}
    for text in texts:
        for section in re.findall(r"^(?:Args|Attributes):\n(.*?)(?=^\S|\Z)", text, re.DOTALL | re.MULTILINE):
            told.update(re.findall(r"^ {4}\*{0,2}(\w+): (.*?)(?=^ {4}\S|\Z)", section, re.DOTALL | re.MULTILINE))
    return told


def taken(thing):
    """The names of what one gives it."""
    if hasattr(thing, "__total__"):
        shared = {name for base in docs_api.bases(thing) for name in base.__annotations__}
        return set(thing.__annotations__) - shared
    if isinstance(thing, type) and issubclass(thing, Enum):
        return set()
    if getattr(thing, "_is_protocol", False) or get_origin(thing) is not None:
        return set()
    return set(inspect.signature(thing).parameters) - {"self"}


@pytest.mark.parametrize("name", OBJECTS)
def test_each_argument_is_described(name):
    thing = docs_api.resolved(name)
    assert get_origin(thing) or inspect.getdoc(thing), "it has a docstring"
    assert not taken(thing) - set(documented(thing))


@pytest.mark.parametrize("token", COMPONENTS)
def test_each_component_has_its_place_and_says_which_errors_it_raises(token):
    package, _, name = token.removeprefix("bluegreen:").partition(":")
    assert f"bluegreen.{package}.{name}" in OBJECTS
    said = inspect.getdoc(docs_api.resolved(f"bluegreen.{package}.{name}").__init__)
    assert "Raises:\n    pulumi.RunError:" in said


def test_mappings_that_components_take_are_on_their_pages():
    aws = next(page for page in PAGES if page.name == "api-aws.md")
    assert "bluegreen.aws.asg.release.ExistingGroup" in aws.objects, "a key of AsgRelease"
    assert "bluegreen.aws.elb.target_groups.HttpHealthCheck" in aws.objects, "a key of a key"
    assert len(set(aws.objects)) == len(aws.objects)


def test_a_mapping_names_those_whose_keys_it_has():
    aws = next(page for page in PAGES if page.name == "api-aws.md")
    assert "::: bluegreen.aws.SwapSettings\n    options:\n      show_bases: true" in aws.markdown
    assert "::: bluegreen.aws.EcsService\n\n" in aws.markdown


def test_the_list_links_each_page():
    text = docs_api.with_list((gate_phases.PAGE.parent / "api.md").read_text())
    assert docs_api.LIST not in text
    assert all(f"]({page.name})" in text for page in PAGES)


def test_the_gates_by_phase_are_those_that_the_gates_declare():
    page = gate_phases.PAGE.read_text()
    assert gate_phases.page(page) == page, "python -m dev.gate_phases"


def test_a_dot_stands_where_a_gate_runs():
    rows = {line.split(" | ")[0]: line.split(" | ") for line in gate_phases.table().splitlines()}
    head = rows["| gate"]
    health = rows["| [`target_health`](gates.md#target-health)"]
    assert [head[i] for i, cell in enumerate(health) if cell == "●"] == ["before", "hold", "bake"]
    hook = rows["| [`webhook`](gates.md#webhook) as `post-rollout`"]
    assert [head[i] for i, cell in enumerate(hook) if cell == "●"] == ["after"]
