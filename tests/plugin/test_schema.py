"""The package's schema: every component in it, valid for Pulumi, the same as the file, and true to the code."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pulumi
import pytest

import bluegreen
from bluegreen import hosts
from bluegreen.adapters.plugin import docstrings
from bluegreen.adapters.plugin.choices import AWS_ENTRY, GATE, KUBERNETES_ENTRY, NOTIFICATION, PROXY
from bluegreen.adapters.plugin.components import COMPONENTS, load
from bluegreen.adapters.plugin.schema import COMMAND, package_schema, schema_text
from bluegreen.gates.registry import GATES
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.swap import contract, properties
from localcloud.progress import Silent
from localcloud.tools import pulumi as cli

REPO = Path(__file__).resolve().parents[2]
GOLDEN = REPO / "components" / "schema.json"
LIMIT_SECONDS = 120


def groups(schema):
    """Every group of properties, with what it is called."""
    for token, resource in schema["resources"].items():
        yield f"{token} inputs", resource["inputProperties"]
        yield f"{token} outputs", resource["properties"]
    for token, kind in schema["types"].items():
        yield token, kind["properties"]


def test_the_file_is_what_the_code_says():
    assert GOLDEN.read_text() == schema_text(), f"components/schema.json is not up to date: run `{COMMAND}`"


@pytest.mark.parametrize("seed", ["1", "2"])
def test_it_is_the_same_each_time(seed):
    command = [sys.executable, "-m", "bluegreen.adapters.plugin.schema"]
    env = os.environ | {"PYTHONHASHSEED": seed}
    made = subprocess.run(command, capture_output=True, text=True, env=env, timeout=LIMIT_SECONDS, check=True)
    assert made.stdout == GOLDEN.read_text()


def components():
    """Every component that the package has: each class that declares itself, and is no base of others alone."""
    for module in pkgutil.walk_packages(bluegreen.__path__, "bluegreen."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    left = [pulumi.ComponentResource]
    while left:
        for cls in left.pop().__subclasses__():
            left.append(cls)
            if cls.__module__.startswith("bluegreen.") and "__init__" in vars(cls):
                yield cls


def test_every_component_is_registered_and_in_the_file():
    found = {cls.__name__: cls for cls in components()}
    assert len(found) > 10
    assert {load(token) for token in COMPONENTS} == set(found.values())
    resources = json.loads(GOLDEN.read_text())["resources"]
    assert {token for token, one in resources.items() if one.get("isComponent")} == set(COMPONENTS)
    for token in COMPONENTS:
        assert f'super().__init__("{token}",' in inspect.getsource(load(token).__init__)


def test_a_component_loads_no_other_platform():
    program = (
        "import sys; from bluegreen.adapters.plugin.arguments import keyword_arguments\n"
        "given = {'activeColor': 'blue', "
        "'blue': {'image': 'a'}, 'green': {'image': 'b'}, %s}; keyword_arguments(%r, given); print(%r in sys.modules)"
    )
    ours = (
        ("bluegreen:aws:EcsService", "'vpcId': 'v', 'subnetIds': [], 'entry': {'alb': {}}", "kubernetes"),
        ("bluegreen:kubernetes:KubernetesService", "'entry': {'service': {}}", "aws"),
    )
    for token, more, other in ours:
        command = [sys.executable, "-c", program % (more, token, f"pulumi_{other}")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=True)
        assert done.stdout.strip() == "False"


def test_everything_is_described_for_users_of_every_language():
    for name, group in groups(package_schema()):
        for key, one in group.items():
            text = one["description"]
            assert len(text) > 3, (name, key)
            assert "``" not in text, (name, key)
            assert "()`" not in text, (name, key)
            assert re.match(r"[a-z]+([A-Z0-9][a-z0-9]*)*$", key) or "TrafficSwap" in name, (name, key)
    for token, one in {**package_schema()["resources"], **package_schema()["types"]}.items():
        assert one["description"], token


def test_what_is_required_is_there():
    for token, one in package_schema()["resources"].items():
        assert set(one["requiredInputs"]) <= set(one["inputProperties"]), token
        assert set(one["required"]) <= set(one["properties"]), token
    service = package_schema()["resources"]["bluegreen:aws:EcsService"]
    assert service["requiredInputs"] == ["activeColor", "subnetIds", "vpcId"]
    assert service["inputProperties"]["containerPort"]["default"] == 8080


def test_an_object_is_never_plain_and_has_no_defaults():
    """SDKs would let no output in a plain object, and make one output of an object with defaults."""

    def objects(spec):
        if isinstance(spec, dict):
            if "$ref" in spec:
                yield spec
            for value in spec.values():
                yield from objects(value)
        elif isinstance(spec, list):
            for value in spec:
                yield from objects(value)

    schema = package_schema()
    assert not [one for name, group in groups(schema) for one in objects(group) if one.get("plain")]
    assert not [one for kind in schema["types"].values() for one in kind["properties"].values() if "default" in one]


def test_what_a_choice_offers_is_what_there_is():
    offered = {name: set(choice.functions) for name, choice in (("gates", GATE), ("notifications", NOTIFICATION))}
    assert set(GATES.entries) <= offered["gates"]
    assert set(NOTIFIERS.entries) == offered["notifications"]
    packages = ((AWS_ENTRY, bluegreen.aws), (KUBERNETES_ENTRY, bluegreen.kubernetes), (PROXY, hosts))
    for choice, package in packages:
        functions = {name for name in package.__all__ if inspect.isfunction(getattr(package, name))}
        assert set(choice.functions) == functions


def test_a_secret_is_marked():
    marked = {
        (name, key) for name, group in groups(package_schema()) for key, one in group.items() if one.get("secret")
    }
    assert marked == {
        ("bluegreen:aws:AsgRelease", "userData"),
        ("bluegreen:gates:Webhook", "url"),
        ("bluegreen:notifications:Webhook", "url"),
    }


# -- the swap


SWAP = {
    "active_color": "blue",
    "releases": {"blue": "v1", "green": "v2"},
    "router": {"kind": "memory", "name": "web"},
}


def test_the_swaps_defaults_are_those_that_the_contract_uses():
    spec = contract.parse(SWAP)
    places = {"steady_state_timeout_seconds", "converge_timeout_seconds", "poll_interval_seconds"}
    declared = {one.name: one.default for one in properties.INPUTS if one.default is not None}
    used = {name: getattr(spec.limits if name in places else spec, name) for name in declared}
    assert declared == used
    assert len(declared) > 5


def test_the_contract_takes_every_property_and_no_other():
    everything = {one.name for one in (*properties.INPUTS, *properties.CHECKED, *properties.OUTPUTS)}
    (problem,) = contract.problems_in({**SWAP, "unheard_of": 1})
    assert problem.field == "unheard_of"
    told = set(problem.allowed.partition("known here: ")[2].split(", "))
    assert told == everything
    assert [one.name for one in properties.INPUTS if one.required] == ["active_color", "releases"]
    for name in ("active_color", "releases", "router"):
        assert contract.problems_in({key: value for key, value in SWAP.items() if key != name})


def test_the_swaps_kinds_are_those_that_there_are():
    told = {one.name: one.description for one in properties.INPUTS}
    named = {
        name: set(re.findall(r"`([a-z0-9_]+)`", told[name])) - {"kind"} for name in ("router", "capacity", "gates")
    }
    assert named["router"] == set(ROUTERS.entries)
    assert named["capacity"] == set(CAPACITIES.entries)
    assert named["gates"] == set(GATES.entries)


# -- Pulumi's own opinion


@pytest.fixture(scope="module")
def pulumi_bin():
    return cli.ensure(Silent())


def run_pulumi(pulumi_bin, home, *words):
    env = os.environ | {
        "PULUMI_HOME": str(home),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_BACKEND_URL": f"file://{home}",
    }
    return subprocess.run(
        [pulumi_bin / "pulumi", *words], capture_output=True, text=True, env=env, timeout=LIMIT_SECONDS, check=False
    )


def test_the_cli_finds_it_valid(pulumi_bin, tmp_path):
    """Against the metaschema that is within the CLI, and bound as generators of SDKs bind it."""
    done = run_pulumi(pulumi_bin, tmp_path, "schema", "check", GOLDEN)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda schema: schema["types"].pop("bluegreen:aws:AlbEntry"),
        lambda schema: schema["types"]["bluegreen:index:Step"]["properties"]["holdSeconds"].update(type="seconds"),
        lambda schema: schema["resources"]["bluegreen:aws:EcsService"].update(requiredInputs=["nothing"]),
    ],
)
def test_the_cli_would_find_it_invalid(pulumi_bin, tmp_path, spoil):
    schema = json.loads(GOLDEN.read_text())
    spoil(schema)
    spoilt = tmp_path / "schema.json"
    spoilt.write_text(json.dumps(schema))
    assert run_pulumi(pulumi_bin, tmp_path, "schema", "check", spoilt).returncode != 0


def test_it_fits_pulumis_metaschema():
    """Against the metaschema's own text, where Go's modules have it: a CLI that was built from source came of them."""
    go = shutil.which("go")
    cache = go and subprocess.run([go, "env", "GOMODCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    file = Path(cache or "/") / f"github.com/pulumi/pulumi/pkg/v3@v{cli.VERSION}/codegen/schema/pulumi.json"
    if not file.is_file():
        message = f"there is no {file}: run `go mod download github.com/pulumi/pulumi/pkg/v3@v{cli.VERSION}`"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    # Its patterns are for Go, which writes the name of a group in another way.
    metaschema = json.loads(re.sub(r"\(\?<(?=[a-z])", "(?P<", file.read_text()))
    validator = jsonschema.validators.validator_for(metaschema)
    validator.check_schema(metaschema)
    problems = [f"{'/'.join(map(str, one.path))}: {one.message}" for one in validator(metaschema).iter_errors(SPOILT)]
    assert problems, "the metaschema finds something"
    assert [one.message for one in validator(metaschema).iter_errors(json.loads(GOLDEN.read_text()))] == []


SPOILT = {"name": "x", "types": {"x:index:A": {"type": "object", "properties": {"a": {"type": "nothing"}}}}}


# -- docstrings


class Other:
    """Something else.

    Attributes:
        shared: from there.
        own: overridden.
    """


def example():
    """Does it: see ``Other``.

    More of it,
    in two lines.

    Args:
        own: from here, and it
            goes on: there.
        **options: the rest.

    Raises:
        ValueError: never.
    """


def test_docstrings_say_what_parts_are():
    assert docstrings.summary(example) == "Does it: see ``Other``.\n\nMore of it, in two lines."
    Other.__module__ = example.__module__ = "bluegreen.example"
    sys.modules["bluegreen.example"] = sys.modules[__name__]
    try:
        found = docstrings.parts(example)
    finally:
        del sys.modules["bluegreen.example"]
    assert found == {"shared": "from there.", "own": "from here, and it goes on: there.", "options": "the rest."}
