"""Each option is declared once: what is read, what programs call and what the page says come from there."""

from __future__ import annotations

import dataclasses
import inspect
import runpy
import subprocess
import sys
import typing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bluegreen
from bluegreen.adapters.plugin.choices import BY_CLASS
from bluegreen.aws.client import AwsConnection
from bluegreen.azure import traffic_manager
from bluegreen.azure.client import AzureConnection
from bluegreen.cloudfoundry.client import CloudFoundryConnection
from bluegreen.component import settings as component_settings
from bluegreen.component.bounds import problems_of_bounds
from bluegreen.component.swap_settings import SwapSettings
from bluegreen.connections import AwsConnection as TypedAws
from bluegreen.connections import AzureConnection as TypedAzure
from bluegreen.connections import CloudFoundryConnection as TypedCloudFoundry
from bluegreen.connections import GoogleConnection as TypedGoogle
from bluegreen.connections import KubernetesConnection as TypedKubernetes
from bluegreen.connections import SshConnection as TypedSsh
from bluegreen.fields import REQUIRED, UNKNOWN, Fields
from bluegreen.gates.limits import Policy
from bluegreen.gates.registry import GATES
from bluegreen.google.client import GoogleConnection
from bluegreen.hosts.ssh_connection import SshConnection
from bluegreen.kubernetes.client import KubernetesConnection
from bluegreen.metrics.registry import METRICS
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.options.declared import Options, declared, option, options_of
from bluegreen.options.kinds import Address, AnyNumber, Flag, Number, Secret, Text, TextMap, Texts
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.swap import settings as swap_settings

ROOT = Path(bluegreen.__file__).parents[2]
CLASSES = {
    **{f"gate {kind}": GATES.load(kind) for kind in GATES.entries},
    **{f"source {kind}": METRICS.load(kind) for kind in METRICS.entries},
    **{f"notification {kind}": NOTIFIERS.load(kind) for kind in NOTIFIERS.entries},
    "policy": Policy,
}
PLATFORMS = {
    **{f"router {kind}": ROUTERS.load(kind) for kind in ROUTERS.entries},
    **{f"capacity {kind}": CAPACITIES.load(kind) for kind in CAPACITIES.entries},
}
EVERYTHING = {**CLASSES, **PLATFORMS}


@declared
class Tea(Options):
    """A cup of it."""

    leaf: str = option("what is in it", Text(choices=("green", "black")))
    guests: tuple[str, ...] = option("who drinks it", Texts(least=1, most=2, allowed="one or two guests"))
    minutes: float = option("how long it draws", Number(1, 10, "minutes"), default=3)
    cups: int = option("how many", Number(1, whole=True), default=1, name="number_of_cups")
    sugar: bool = option("whether there is sugar", Flag(), default=False)


def read(cls, **inputs):
    fields = Fields(inputs, "tea")
    return cls.parse(fields), [str(problem) for problem in fields.problems]


def test_defaults_stand_where_nothing_is_given():
    values, problems = read(Tea, leaf="green", guests=["ann"])
    assert not problems
    assert values == {"leaf": "green", "minutes": 3, "cups": 1, "sugar": False, "guests": ("ann",)}
    assert Tea(**values) == Tea("green", guests=("ann",))


def test_every_problem_is_told_with_its_field_its_value_and_what_is_allowed():
    _, problems = read(Tea, leaf="white", minutes=11, number_of_cups=1.5, sugar="yes", guests=["a", "b", "c"])
    assert [problem.split(" ")[0].rstrip(":") for problem in problems] == [
        "tea.leaf",
        "tea.guests",
        "tea.minutes",
        "tea.number_of_cups",
        "tea.sugar",
    ]
    assert "1 to 10" in problems[2]


def test_what_is_required_is_missed():
    _, problems = read(Tea)
    assert len(problems) == 2


def test_what_is_not_known_yet_is_no_problem():
    values, problems = read(Tea, leaf=UNKNOWN, minutes=UNKNOWN, number_of_cups=UNKNOWN, sugar=UNKNOWN, guests=UNKNOWN)
    assert not problems
    assert values["leaf"] is UNKNOWN


def test_the_text_of_an_option_has_its_limits_and_its_default():
    texts = {found.attribute: found.text for found in options_of(Tea)}
    assert texts["minutes"] == "how long it draws (1 to 10, default 3)."
    assert texts["cups"] == "how many (1 or more, default 1)."
    assert texts["sugar"] == "whether there is sugar (default false)."


@pytest.mark.parametrize("cls", EVERYTHING.values(), ids=EVERYTHING)
def test_a_default_is_one_that_may_be_given(cls):
    for found in options_of(cls):
        if isinstance(found.default, (str, int, float)) and found.default not in ("", REQUIRED):
            fields = Fields({found.name: found.default})
            found.kind.read(fields, found.name, REQUIRED)
            assert not fields.problems, found.attribute


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
def test_the_type_of_an_option_is_that_of_its_kind(cls):
    simple = {Text: str, Flag: bool, TextMap: None, Secret: None, Address: None, AnyNumber: float}
    hints = typing.get_type_hints(cls)
    for found in options_of(cls):
        arguments = {*typing.get_args(hints[found.attribute]), hints[found.attribute]}
        wanted = (
            (int if found.kind.whole else float) if isinstance(found.kind, Number) else simple.get(type(found.kind))
        )
        literal = typing.get_origin(hints[found.attribute]) is typing.Literal
        assert wanted is None or wanted in arguments or literal, found.attribute


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
def test_every_field_that_inputs_set_is_an_option(cls):
    told = {found.attribute for found in options_of(cls)}
    own = {"needs_preview", "phases", "offline", "least_window_seconds", "timeout_seconds", "entries"}
    assert {field.name for field in dataclasses.fields(cls)} - own <= told


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
@given(data=st.data())
def test_whatever_is_given_is_taken_or_refused(cls, data):
    names = [found.name for found in options_of(cls)]
    given_ = data.draw(st.dictionaries(st.sampled_from(names), ANYTHING))
    fields = Fields(given_, "it")
    values = cls.parse(fields)
    if not fields.problems:
        assert set(values) == {found.attribute for found in options_of(cls)}


@pytest.mark.parametrize("cls", PLATFORMS.values(), ids=PLATFORMS)
@given(data=st.data())
def test_whatever_a_platform_is_given_is_taken_or_refused(cls, data):
    names = [found.name for found in options_of(cls)]
    fields = Fields(data.draw(st.dictionaries(st.sampled_from(names), ANYTHING)), "it")
    cls.parse(fields)
    fields.done()
    assert all(problem.field.startswith("it.") for problem in fields.problems)


@pytest.mark.parametrize("cls", PLATFORMS.values(), ids=PLATFORMS)
def test_a_section_that_is_not_known_yet_has_no_problem(cls):
    fields = Fields(UNKNOWN, "it")
    cls.parse(fields)
    assert not fields.problems


@pytest.mark.parametrize("cls", PLATFORMS.values(), ids=PLATFORMS)
def test_what_says_where_and_what_a_color_is_is_an_option(cls):
    names = {found.name for found in options_of(cls)}
    for keys in ("where", "release_keys", "backend_keys", "target_keys"):
        assert getattr(cls, keys, frozenset()) - {"kind"} <= names


@pytest.mark.parametrize("cls", PLATFORMS.values(), ids=PLATFORMS)
def test_a_field_of_a_platforms_class_is_an_option_or_what_the_swap_itself_hands_in(cls):
    told = {found.attribute for found in options_of(cls)}
    made = {field.name for field in dataclasses.fields(cls) if "bluegreen.several" in field.metadata}
    own = {"former_owner", "incarnation", "former", "clock", "uid", "test"}
    taken = {field.name for field in dataclasses.fields(cls) if field.init}
    assert taken - own <= told | made


@pytest.mark.parametrize(
    ("cls", "typed"),
    [
        (AwsConnection, TypedAws),
        (AzureConnection, TypedAzure),
        (CloudFoundryConnection, TypedCloudFoundry),
        (GoogleConnection, TypedGoogle),
        (KubernetesConnection, TypedKubernetes),
        (SshConnection, TypedSsh),
    ],
    ids=["aws", "azure", "cloudfoundry", "google", "kubernetes", "ssh"],
)
def test_a_programs_type_of_a_connection_has_its_options(cls, typed):
    assert [found.name for found in options_of(cls)] == list(typed.__annotations__)
    told = " ".join(inspect.getdoc(typed).split())
    for found in options_of(cls):
        assert f"{found.name}: {found.help}." in told


@pytest.fixture(scope="module")
def tool():
    return runpy.run_path(str(ROOT / "dev" / "public_functions.py"))


def test_the_functions_are_those_that_the_options_make(tool):
    for path, text in tool["modules"]().items():
        assert path.read_text() == text, f"python dev/public_functions.py ({path.name})"


def test_what_every_component_takes_is_what_the_swap_declares():
    """A setting of the swap is one of every component, unless it is no program's business."""
    taken = {found.name for found in component_settings.all_of_them()}
    assert taken == set(SwapSettings.__annotations__)
    assert {found.name for found in swap_settings.all_of_them()} - taken == {"name", "poll_interval_seconds"}


def test_the_page_has_the_options_tables(tool):
    page = (ROOT / "docs" / "gates.md").read_text()
    assert tool["docs"](page) == page, "python dev/public_functions.py"
    for kind in GATES.entries.keys() - {"metric"}:
        assert f"<!-- options:{kind} -->" in page


def test_the_page_of_sections_has_every_router_and_capacity(tool):
    page = (ROOT / "docs" / "sections.md").read_text()
    assert tool["sections"](page) == page, "python dev/public_functions.py"
    for kind in (ROUTERS.entries.keys() | CAPACITIES.entries.keys()) - {"memory"}:
        assert f"### `{kind}`" in page


@pytest.mark.parametrize("kind", GATES.entries)
def test_a_public_function_takes_each_option(kind):
    arguments = inspect.signature(getattr(bluegreen.gates, kind)).parameters
    assert {found.argument for found in options_of(GATES.load(kind))} == arguments.keys() - {"limits"}


ENTRIES = {
    function.__name__: (function, cls)
    for choice in BY_CLASS.values()
    for function in map(choice.load, choice.functions)
    for cls in vars(sys.modules[function.__module__]).values()
    if isinstance(cls, type) and "function" in vars(cls) and cls.function.name == function.__name__
}


def test_entries_declare_options():
    assert {"alb", "alb_listeners", "nlb", "dns", "application_gateway", "load_balancer"} < set(ENTRIES)
    assert {"traffic_manager", "envoy", "haproxy", "service", "gateway_route", "nginx", "traefik"} < set(ENTRIES)
    assert {"cloud_dns", "url_map"} < set(ENTRIES)


@pytest.mark.parametrize(("function", "cls"), ENTRIES.values(), ids=ENTRIES)
def test_a_function_that_makes_an_entry_takes_each_option_of_its_class(function, cls):
    """Its types and defaults are the options' own, so that a type checker and an editor see them."""
    taken = inspect.signature(function).parameters
    own = {found.argument: found for found in options_of(cls)}
    assert {one.name for one in taken.values() if one.kind is one.KEYWORD_ONLY} == set(own)
    others = [one.name for one in taken.values() if one.kind is not one.KEYWORD_ONLY]
    assert others == ([] if cls.function.rest is None else [cls.function.rest.name])
    for argument, found in own.items():
        hint = found.kind.hint if found.default is not None else f"{found.kind.hint} | None"
        assert taken[argument].annotation == hint
        assert taken[argument].default == (inspect.Parameter.empty if found.required else found.default)


def test_a_bound_of_an_entry_is_checked_where_it_is_declared():
    made = traffic_manager(ttl_seconds=86_401, path="healthz", protocol="FTP", port=0)
    assert [str(problem).partition(" is not")[0] for problem in problems_of_bounds(made)] == [
        "ttl_seconds: 86401",
        "path: 'healthz'",
        "protocol: 'FTP'",
        "port: 0",
    ]
    later = dataclasses.replace(made, ttl_seconds=UNKNOWN, path=UNKNOWN, protocol=UNKNOWN, port=None)
    assert problems_of_bounds(later) == []


def test_who_declares_a_gate_imports_no_gate():
    code = "import bluegreen.gates, sys; print([name for name in sys.modules if name.endswith('_gate')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
