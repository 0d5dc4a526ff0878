"""The examples do what they say: on the local cloud where a language's programs can run here, else they are bound.

They all have one project's name, so that one stack serves all: its state does not know which language made it.
"""

from __future__ import annotations

import secrets
import subprocess

import pytest

from tests.examples import building, csharp
from tests.examples import stack as stacks
from tests.examples.stack import Example
from tests.scenarios.variant import load

RUN = ("python", "yaml", "typescript", "go")


@pytest.fixture(scope="module")
def stack(cloud, aws_env, tmp_path_factory):
    made = Example(cloud, tmp_path_factory.mktemp("web"))
    made.use(RUN[0])
    images = {"blueImage": cloud.image("v1"), "greenImage": cloud.image("v2")}
    try:
        made.set({**images, **stacks.network(), "holdSeconds": 2, "aws:region": "us-east-1"})
        made.up(activeColor="blue")
        yield made
    finally:
        made.destroy()


def test_the_python_example_has_no_bluegreen_to_import(stack):
    stack.use("python")
    python = stack.folder / ".venv" / "bin" / "python"
    command = [python, "-c", "import bluegreen"]
    done = subprocess.run(command, cwd=stack.folder, capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError: No module named 'bluegreen'" in done.stderr
    subprocess.run([python, "-c", "import pulumi_bluegreen"], cwd=stack.folder, check=True)


def promote_and_roll_back(stack: Example) -> None:
    """To green and back to blue, under load."""
    assert stack.get().headers["x-color"] == "blue"
    with load(stack.url) as requests:
        for color, version in (("green", "v2"), ("blue", "v1")):
            said = stack.up(activeColor=color)
            assert "web-swap updated" in said
            # Whichever language declared it last, it is the same service.
            assert " created" not in said
            assert " deleted" not in said
            assert stack.output("liveColor") == color
            assert stack.get().headers["x-color"] == color
            assert stack.get().json()["version"] == version
    assert requests.failed == 0, requests.errors
    assert requests.made > 50


@pytest.mark.parametrize("language", RUN)
def test_a_promotion_and_its_revert_lose_nothing_under_load(stack, language):
    stack.use(language)
    promote_and_roll_back(stack)


def test_the_kubernetes_example_is_bound_by_the_schema(cloud, tmp_path):
    stack = Example(cloud, tmp_path, "web-kubernetes")
    stack.env["KUBECONFIG"] = str(tmp_path / "none")  # a preview needs no cluster
    stack.use("yaml-kubernetes")
    stack.set({"activeColor": "blue", "blueImage": "app:v1", "greenImage": "app:v2"})
    said = stack.pulumi("preview")
    assert "bluegreen:kubernetes:KubernetesService web create" in said
    assert "bluegreen:index:TrafficSwap web-swap create" in said
    program = tmp_path / "Pulumi.yaml"
    program.write_text(program.read_text().replace("failureLimit:", "failures:"))
    assert "Property failures does not exist on 'bluegreen:gates:Http'" in stack.fails("preview")


@pytest.fixture
def on_kubernetes(node, tmp_path):
    made = Example(node, tmp_path, "web-kubernetes")
    made.env["BLUEGREEN_KUBERNETES_SETTLE_SECONDS"] = "0.3"  # the plugin waits 10 s for a Service to stay as it is
    namespace = f"example-{secrets.token_hex(3)}"
    with node.namespace(namespace):
        try:
            made.use("yaml-kubernetes")
            images = {"blueImage": node.image("v1"), "greenImage": node.image("v2")}
            made.set({**images, "serviceType": "NodePort", "kubernetes:namespace": namespace})
            made.up(activeColor="blue")
            yield made
        finally:
            made.destroy()


def test_the_kubernetes_example_is_promoted_and_rolled_back(on_kubernetes):
    promote_and_roll_back(on_kubernetes)


def test_the_java_example_compiles(tmp_path):
    building.java(tmp_path)
    assert (tmp_path / "target" / "web" / "App.class").is_file()


@pytest.fixture(scope="module")
def dotnet():
    return csharp.classes(building.sdk("dotnet"))


def test_the_csharp_example_is_bound_by_the_sdk(dotnet):
    assert not csharp.problems(building.files("csharp")["Program.cs"], dotnet)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ((b"WeightPercent = 10", b"Weight = 10"), "CanaryStrategyArgs has no Weight"),
        ((b"WeightPercent = 10,", b""), "CanaryStrategyArgs lacks WeightPercent"),
        ((b"Interval = 5", b'Interval = "5"'), 'HttpHealthCheckArgs.Interval is int?, not "5"'),
        ((b"new AlbEntryArgs", b"new NlbEntryArgs"), "EntryArgs.Alb is Input<Inputs.AlbEntryArgs>?, not NlbEntryArgs"),
        ((b"web.Url", b"web.Address"), "web has no Address"),
        ((b"using Pulumi.Bluegreen.Inputs;", b"using Pulumi.Bluegreen.Input;"), "no namespace Pulumi.Bluegreen.Input"),
        ((b"using Pulumi.Bluegreen.Gates.Inputs;\n", b""), "0 classes are named GateArgs"),
    ],
)
def test_what_the_sdk_does_not_have_is_found(dotnet, change, problem):
    source = building.files("csharp")["Program.cs"]
    assert change[0] in source
    assert problem in "\n".join(csharp.problems(source.replace(*change), dotnet))
