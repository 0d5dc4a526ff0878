"""A change that breaks programs is found, and is named in the changelog before it is released."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import pytest

from bluegreen.adapters.plugin.schema import package_schema
from dev.release import schemas
from tests.plugin.schema_changes import breaks, named_in, shape, unnamed

REPO = Path(__file__).resolve().parents[2]
CHANGELOG = REPO / "CHANGELOG.md"

SCHEMA = {
    "resources": {
        "a:index:Service": {
            "isComponent": True,
            "inputProperties": {
                "count": {"type": "integer", "default": 2},
                "color": {"type": "string", "plain": True},
                "token": {"type": "string", "secret": True},
                "names": {"type": "array", "items": {"type": "string"}},
            },
            "requiredInputs": ["color"],
            "properties": {"url": {"type": "string"}},
            "required": ["url"],
        }
    },
    "types": {
        "a:index:Release": {"type": "object", "properties": {"image": {"type": "string"}}, "required": []},
        "a:index:Color": {"type": "string", "enum": [{"value": "blue"}, {"value": "green"}]},
    },
}
SERVICE, INPUTS = ("resources", "a:index:Service"), ("resources", "a:index:Service", "inputProperties")
IMAGE = ("types", "a:index:Release", "properties")
GONE = object()


def changed(path, value):
    schema = copy.deepcopy(SCHEMA)
    *parents, last = path
    place = schema
    for key in parents:
        place = place[key]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return schema


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (SERVICE, GONE, "a:index:Service removed"),
        (("types", "a:index:Release"), GONE, "a:index:Release removed"),
        ((*INPUTS, "names"), GONE, "a:index:Service.names removed"),
        ((*SERVICE, "properties", "url"), GONE, "a:index:Service output url removed"),
        ((*IMAGE, "image"), GONE, "a:index:Release.image removed"),
        ((*SERVICE, "requiredInputs"), ["color", "count"], "a:index:Service.count required"),
        (("types", "a:index:Release", "required"), ["image"], "a:index:Release.image required"),
        ((*SERVICE, "required"), [], "a:index:Service output url may be absent"),
        ((*INPUTS, "color", "type"), "number", "a:index:Service.color type changed"),
        ((*INPUTS, "names", "items", "type"), "number", "a:index:Service.names type changed"),
        ((*INPUTS, "names", "plain"), True, "a:index:Service.names plain changed"),
        ((*INPUTS, "names", "items", "plain"), True, "a:index:Service.names plain changed"),
        ((*INPUTS, "color", "plain"), False, "a:index:Service.color plain changed"),
        ((*INPUTS, "token", "secret"), GONE, "a:index:Service.token no longer secret"),
        ((*INPUTS, "count", "default"), 3, "a:index:Service.count default changed"),
        ((*SERVICE, "isComponent"), False, "a:index:Service is another kind of resource"),
        (("types", "a:index:Color", "enum"), [{"value": "blue"}], 'a:index:Color value "green" removed'),
    ],
)
def test_each_kind_of_break_is_found_by_its_path_and_passes_once_it_is_named(path, value, told):
    found = breaks(SCHEMA, changed(path, value))
    assert found == [told]
    changelog = f"# Changelog\n\n## [Unreleased]\n\n### Breaking\n\n- `{told}`: do this instead.\n\n## [0.1.0]\n"
    assert unnamed(found, changelog) == []
    assert unnamed(found, changelog.replace("### Breaking", "### Changed")) == [told]
    assert unnamed(found, changelog.replace("[Unreleased]", "[0.2.0]")) == [told]


def test_a_new_property_that_is_required_is_a_break_and_an_optional_one_is_none():
    more = changed((*INPUTS, "extra"), {"type": "string"})
    assert breaks(SCHEMA, more) == []
    more["resources"]["a:index:Service"]["requiredInputs"].append("extra")
    assert breaks(SCHEMA, more) == ["a:index:Service.extra required"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("types", "a:index:New"), {"type": "object", "properties": {}, "required": ["x"]}),
        ((*SERVICE, "requiredInputs"), []),
        ((*INPUTS, "count", "secret"), True),
        ((*INPUTS, "count", "description"), "another text"),
    ],
)
def test_what_breaks_nothing(path, value):
    assert breaks(SCHEMA, changed(path, value)) == []


def test_a_property_may_be_called_as_what_a_shape_leaves_out():
    kept = shape({"types": {"a": {"properties": {"name": {"type": "string", "description": "x"}}}}, "name": "a"})
    assert kept == {"types": {"a": {"properties": {"name": {"type": "string"}}}}}


def released():
    """The last release's schema; nothing breaks what was never released."""
    return schemas.last(REPO) or {}


def test_every_break_since_the_last_release_is_named_in_the_changelog():
    missing = unnamed(breaks(released(), package_schema()), CHANGELOG.read_text())
    assert not missing, "name these in CHANGELOG.md under [Unreleased], Breaking, each as code:\n" + "\n".join(missing)


def test_nothing_is_named_that_is_no_break():
    found = breaks(released(), package_schema())
    told = re.findall(r"`(bluegreen:[^`]+)`", named_in(CHANGELOG.read_text()))
    assert [one for one in told if one not in found] == []
