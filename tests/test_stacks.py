"""The programs in ``stacks``: each config key is read, or refused by its name."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

import pulumi
import pytest

import bluegreen
from bluegreen import stack_config
from bluegreen.component.swap_settings import SwapSettings
from tests.aws import mocked
from tests.test_docs import cells

STACKS = Path(bluegreen.__file__).parents[2] / "stacks"
PROGRAMS = sorted({path.stem for path in STACKS.glob("*.py")} - {"__main__", "keys", "settings"})
ECS = {
    "platform": "ecs",
    "activeColor": "blue",
    "blueImage": "app:v1",
    "greenImage": "app:v2",
    "vpcId": "vpc-1",
    "subnetIds": '["subnet-1", "subnet-2"]',
}


@pytest.fixture
def keys(monkeypatch):
    monkeypatch.syspath_prepend(STACKS)
    for name in ("keys", "settings", *PROGRAMS):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return runpy.run_path(str(STACKS / "keys.py"))


@pytest.fixture
def program(keys, monkeypatch):
    def run(**config):
        for name in ("keys", "settings", "ecs"):  # which read the config of the project that is run now
            monkeypatch.delitem(sys.modules, name, raising=False)
        recorder, _ = mocked.run(lambda: runpy.run_path(str(STACKS / "__main__.py")), {**ECS, **config})
        return next(found for found in recorder.resources if found.type.endswith("bluegreen:TrafficSwap")).inputs

    return run


def test_a_key_that_the_program_reads_is_taken(program):
    swap = program(bakeSeconds="60", promoteTo="50", retry="2", onHeld="fail", eventLog="events.jsonl", strategy="null")
    assert (swap["bake_seconds"], swap["promote_to_percent"], swap["retry"]) == (60, 50, "2")
    assert (swap["on_held"], swap["event_log"]) == ("fail", "events.jsonl")


@pytest.mark.parametrize(
    ("key", "meant"),
    [("bakeSecond", "did you mean bakeSeconds?"), ("ttlSeconds", "it reads activeColor"), ("swapProvider", "")],
)
def test_a_key_that_the_program_does_not_read_is_refused_by_its_name(program, key, meant):
    with pytest.raises(pulumi.RunError) as refused:
        program(**{key: "1"})
    assert f"the program reads no config key {key}, which would be without effect" in str(refused.value)
    assert "nothing was written" in str(refused.value)
    if key != "ttlSeconds":
        assert meant in str(refused.value)


def test_the_config_keys_of_the_page_are_those_of_the_program(keys):
    own = cells(STACKS.parent / "docs" / "config.md", "config key | meaning | default")
    of_swaps = set(keys["settings"].SWAP_KEYS.values())
    assert not own & of_swaps
    assert own | of_swaps == keys["keys_of"]("ecs")


def test_another_namespaces_keys_are_left_alone(keys):
    assert list(keys["unread"]({"activeColor"}, keys["keys_of"]("ecs"))) == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_reads_every_setting_of_swaps(keys, name):
    settings = runpy.run_path(str(STACKS / "settings.py"))
    assert set(settings["SWAP_KEYS"]) == SwapSettings.__annotations__.keys() - {"swap_provider", "config_key"}
    assert set(settings["SWAP_KEYS"].values()) | {"activeColor"} <= keys["keys_of"](name)


@pytest.mark.parametrize("name", [*PROGRAMS, "settings"])
def test_no_key_is_read_in_a_way_that_is_not_found(keys, name):
    """A key by a variable of its own would be refused, though the program reads it."""
    tree = ast.parse((STACKS / f"{name}.py").read_text())
    calls = [found for found in ast.walk(tree) if isinstance(found, ast.Call) and found.args]
    readers = [
        call
        for call in calls
        if getattr(call.func, "id", "") == "setting"
        or getattr(getattr(call.func, "value", None), "id", "") in ("config", "_config")
    ]
    names = {"key"} if name == "settings" else set()  # of `setting` itself, and of all settings of swaps
    for call in readers:
        assert isinstance(call.args[0], (ast.Constant, ast.JoinedStr)) or getattr(call.args[0], "id", "") in names


def test_the_packages_own_settings_are_those_that_it_reads():
    package = Path(bluegreen.__file__).parent
    read = {
        key
        for path in package.rglob("*.py")
        for key, value in vars(stack_config).items()
        if isinstance(value, str) and value in stack_config.KEYS and f"stack_config.{key})" in path.read_text()
    }
    assert {vars(stack_config)[key] for key in read} == stack_config.KEYS


WHOLE = {**ECS, "platform": "ecs_whole", "agentImage": "agent:v1"}
BUILT = "arn:aws:ecs:eu-central-1:1:task-definition/web:7"


def whole(keys, monkeypatch, **config):
    for name in ("keys", "settings", "ecs_whole"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    given = {key: value for key, value in {**WHOLE, **config}.items() if key != "greenImage"}
    recorder, _ = mocked.run(lambda: runpy.run_path(str(STACKS / "__main__.py")), given)
    return recorder.resources


def test_a_service_as_teams_have_it_begins_without_a_second_release_and_gets_one_that_a_build_made(keys, monkeypatch):
    first = whole(keys, monkeypatch)
    definitions = [one.inputs for one in first if one.type == "aws:ecs/taskDefinition:TaskDefinition"]
    assert {one["runtimePlatform"]["cpuArchitecture"] for one in definitions} == {"ARM64"}
    services = {one.name.rpartition("-")[2]: one.inputs for one in first if one.type == "aws:ecs/service:Service"}
    assert len(services["blue"]["loadBalancers"]) == 2
    assert services["green"]["desiredCount"] == 0
    (swap,) = [one.inputs for one in whole(keys, monkeypatch, greenTaskDefinition=BUILT) if "TrafficSwap" in one.type]
    assert [router["kind"] for router in swap["routers"]] == ["alb", "nlb"]
    assert swap["releases"]["green"] == "web:7"
