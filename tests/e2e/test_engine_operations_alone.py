"""Pulumi's own operations on a swap, through the real engine and over both adapters, in the world in memory.

What needs requests and a load balancer is in `test_engine_operations.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

from dev.matrix.engine import ADAPTERS
from localcloud import progress
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import pulumi as pulumi_tool
from tests.e2e import keeper
from tests.e2e.playground import PROGRAM, Playground

BLUE, GREEN, PAUSED = {"blue": 100, "green": 0}, {"blue": 0, "green": 100}, {"blue": 90, "green": 10}
TYPES = {"dynamic": "pulumi-python:dynamic/bluegreen:TrafficSwap", "native": "bluegreen:index:TrafficSwap"}
COMPONENT = """\
import json
import pulumi
from bluegreen.adapters import resource

config = pulumi.Config()


class Service(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("playground:index:Service", name, {}, opts)
        inputs = {**json.loads(config.require("inputs")), "name": name}
        options = pulumi.ResourceOptions(parent=self)
        resource.declare(f"{name}-swap", inputs, options, provider=config.require("adapter"))


"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = PulumiHome(tmp_path_factory.mktemp("home"))
    made.prepare(pulumi_tool.ensure(progress.for_terminal()))
    return made


@pytest.fixture(scope="module")
def made(adapter_in_turn, home, tmp_path_factory):
    return Playground(home, tmp_path_factory.mktemp(adapter_in_turn), adapter_in_turn)


@pytest.fixture
def stack(made):
    """Blue is live, as it was begun."""
    made.reset()
    (made.folder / "__main__.py").write_text(PROGRAM)
    made.env["PULUMI_STACK"] = "test"
    return made


def world(stack: Playground) -> dict[str, Any]:
    """As it is, its list of moves begun anew."""
    with stack.world() as here:
        found = dict(here)
        here["moves"] = []
    return found


def stays(stack: Playground, *words: str) -> str:
    """`pulumi` succeeds, and moves nothing."""
    before = world(stack)
    said = stack.pulumi(*words)
    after = world(stack)
    assert (after["moves"], after["weights"]) == ([], before["weights"])
    return said


def test_a_component_that_is_renamed_by_an_alias_keeps_its_object_and_its_way_back(stack):
    program = stack.folder / "__main__.py"
    program.write_text(COMPONENT + 'Service("web")\n')
    stack.up("blue")
    stack.up("green")
    incarnation = stack.outputs["incarnation"]
    renamed = 'Service("shop", pulumi.ResourceOptions(aliases=[pulumi.Alias(name="web")]))\n'
    program.write_text(COMPONENT + renamed)
    said = stays(stack, "up", "--yes", "--skip-preview")
    assert "delet" not in said
    assert "replac" not in said
    assert stack.urn.endswith("::shop-swap")
    assert (stack.outputs["incarnation"], stack.outputs["live_color"]) == (incarnation, "green")
    stack.pulumi("preview", "--expect-no-changes")
    stack.up("blue")
    assert stack.outputs["history"][0]["outcome"] == "rolled_back"
    program.write_text(COMPONENT + 'Service("shop")\n')
    stack.pulumi("preview", "--expect-no-changes")


@pytest.mark.parametrize("adapter_in_turn", ADAPTERS, scope="module")  # each refuses it in its own way
def test_an_import_is_refused_with_what_to_do_instead(stack):
    stack.pulumi("state", "delete", stack.urn, "--yes")
    program = stack.folder / "__main__.py"
    program.write_text(PROGRAM.replace("ResourceOptions()", 'ResourceOptions(import_="web")'))
    before = world(stack)
    for words in (("preview",), ("up", "--yes", "--skip-preview")):
        done = stack.command(*words)
        assert done.returncode
        assert "a swap is not imported: declare it, and its first update takes over what is there" in done.stdout
        assert "Traceback" not in done.stdout
    done = stack.command("import", TYPES[stack.adapter], "other", "web", "--yes", "--generate-code=false")
    assert done.returncode
    # docs/adopt.md: the SDK's own host ends before any of the package runs, in words that differ from SDK to SDK.
    told = "'__provider'" if stack.adapter == "dynamic" else "a swap is not imported: declare it"
    assert told in done.stdout
    assert world(stack) == {**before, "moves": []}
    program.write_text(PROGRAM)
    stays(stack, "up", "--yes", "--skip-preview")
    assert stack.outputs["live_color"] == "blue", "as it says: its first update takes over"


def test_a_refresh_of_it_alone_takes_drift_into_the_state_and_the_next_update_heals_it(stack):
    with stack.world() as here:
        here["weights"] = {"blue": 60, "green": 40}
    stays(stack, "refresh", "--yes", "--skip-preview", "--target", stack.urn)
    assert stack.outputs["weights"] == {"blue": 60, "green": 40}
    assert "drift: the live weights are blue 60 %, green 40 %" in stays(stack, "preview")
    stack.pulumi("up", "--yes", "--skip-preview", "--target", stack.urn)
    assert (world(stack)["weights"], stack.outputs["weights"]) == (BLUE, BLUE)
    stack.pulumi("preview", "--expect-no-changes")


def test_of_two_stacks_at_one_place_the_former_removes_nothing(stack):
    first = stack.env["PULUMI_STACK"]
    settings = (stack.folder / "Pulumi.test.yaml").read_text()
    (stack.folder / "Pulumi.other.yaml").write_text(settings)
    stack.env["PULUMI_STACK"] = "other"
    stack.pulumi("stack", "init", "other", *keeper.INIT)
    stays(stack, "up", "--yes", "--skip-preview")
    stack.env["PULUMI_STACK"] = first
    assert "is not stamped as its own" in stays(stack, "preview"), "the former owner hears of it"
    said = stays(stack, "destroy", "--yes", "--skip-preview")
    assert "nothing was removed" in said
    assert world(stack)["weights"] == BLUE
    stack.env["PULUMI_STACK"] = "other"
    stays(stack, "preview", "--expect-no-changes")
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert world(stack)["weights"] == {"blue": 0, "green": 0}, "its owner removes it"


@pytest.mark.parametrize("lost", ["state", "replaced"])
def test_a_pause_outlives_its_state_and_a_replacement(stack, lost):
    stack.up("green", promote_to_percent=10)
    assert world(stack)["weights"] == PAUSED
    if lost == "state":
        stack.pulumi("state", "delete", stack.urn, "--yes")
        stays(stack, "up", "--yes", "--skip-preview")
    else:
        stays(stack, "up", "--yes", "--skip-preview", "--replace", stack.urn)
    assert (stack.outputs["weights"], stack.outputs["live_color"]) == (PAUSED, "blue")
    stack.pulumi("preview", "--expect-no-changes")
    stack.gate.write_text("exit 1")
    assert "gate command sh" in stack.up_fails("green"), "a raise asks its gates"
    stack.gate.write_text("exit 0")
    assert world(stack)["weights"] == BLUE
    stack.up("green", retry="again")
    assert world(stack)["weights"] == GREEN


SIBLING = """\
import json
import pulumi
import pulumi.dynamic
from bluegreen.aws.ecs import in_place
from bluegreen.kubernetes.workloads import in_place as on_kubernetes
from bluegreen.aws.client import AwsConnection
from bluegreen.adapters import resource

config = pulumi.Config()
inputs = json.loads(config.require("inputs"))


class Registered:
    \"\"\"ECS' side: a task definition by its ARN, which here is the image.\"\"\"

    def describe_task_definition(self, taskDefinition):
        return {"taskDefinition": {"containerDefinitions": [{"name": "app", "image": taskDefinition}]}}


class Anything(pulumi.dynamic.ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props):
        return pulumi.dynamic.CreateResult("x", props)

    def update(self, _id, _olds, news):
        return pulumi.dynamic.UpdateResult(news)

    def diff(self, _id, olds, news):
        return pulumi.dynamic.DiffResult(changes=olds["taskDefinition"] != news["taskDefinition"])


class Sibling(pulumi.dynamic.Resource, module="playground", name="Sibling"):
    pass


AwsConnection.client = lambda self, service: Registered()
siblings = []
for color, image in inputs["releases"].items():
    definitions = pulumi.Output.from_input(json.dumps([{"name": "app", "image": image}]))
    hooks = in_place.guard(f"web-{color}", color, definitions, inputs["router"], {})
    options = pulumi.ResourceOptions(hooks=hooks)
    spec = {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}
    siblings.append(Sibling(Anything(), f"web-{color}", {"taskDefinition": image, "spec": spec}, options))
# Another component of that name: its hooks are others.
hooks = in_place.guard("web-blue", "blue", "[]", inputs["router"], {})
Sibling(Anything(), "other-web-blue", {"taskDefinition": "other", "spec": {}}, pulumi.ResourceOptions(hooks=hooks))
options = pulumi.ResourceOptions(depends_on=siblings)
resource.declare("web", inputs, options, provider=config.require("adapter"))
"""


ON_ECS = 'in_place.guard(f"web-{color}", color, definitions, inputs["router"], {})'
ON_KUBERNETES = 'on_kubernetes.guard(f"web-{color}", "shop", color, inputs["router"])'


@pytest.mark.parametrize("hook", [ON_ECS, ON_KUBERNETES], ids=["ecs", "kubernetes"])
def test_another_release_under_the_live_color_is_stopped_before_it_comes(stack, hook):
    """A service or a workload beside the swap, with the hook that a component gives it."""
    assert ON_ECS in SIBLING
    program = SIBLING.replace(ON_ECS, hook)
    (stack.folder / "__main__.py").write_text(program)
    stack.up("blue")
    before = world(stack)
    said = stack.up_fails("blue", releases={"blue": "v3", "green": "v2"})
    assert "web-blue was not updated: blue has 100 % of production traffic and would get another release" in said
    assert "image of container app v1 -> v3" in said
    assert "Traceback" not in said
    assert world(stack) == {**before, "moves": []}
    stack.up("blue", releases={"blue": "v1", "green": "v3"})
    stack.up("green", releases={"blue": "v1", "green": "v3"})
    stack.up("green", releases={"blue": "v4", "green": "v3"})
    said = stack.up_fails("blue", releases={"blue": "v4", "green": "v5"})
    assert "web-green was not updated" in said, "it is live while the update begins"
    settings = {"releases": {"blue": "v4", "green": "v6"}}
    (stack.folder / "__main__.py").write_text(program.replace("import json\n", ALLOWED, 1))
    stack.up("green", **settings)
    assert stack.outputs["previous"] == {}, "nothing unproved is a way back"


ALLOWED = """\
import json
import pulumi.runtime
pulumi.runtime.set_config("bluegreen:allowLiveChanges", "true")
"""
