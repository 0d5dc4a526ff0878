import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

import bluegreen
import bluegreen.aws
from bluegreen.component.declaration import strategy_inputs
from bluegreen.rollout.model import Step
from bluegreen.rollout.presets import PRESETS
from bluegreen.rollout.strategy import problems_of
from tests.aws import mocked

STACK = Path(__file__).resolve().parents[2] / "stacks" / "ecs.py"
TENTHS = range(10, 100, 10)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("ECSAllAtOnce", ()),
        ("ECSLinear10PercentEvery1Minutes", tuple(Step(weight, 60) for weight in TENTHS)),
        ("ECSLinear10PercentEvery3Minutes", tuple(Step(weight, 180) for weight in TENTHS)),
        ("ECSCanary10Percent5Minutes", (Step(10, 300),)),
        ("ECSCanary10Percent15Minutes", (Step(10, 900),)),
        ("LambdaAllAtOnce", ()),
        ("LambdaCanary10Percent5Minutes", (Step(10, 300),)),
        ("LambdaCanary10Percent10Minutes", (Step(10, 600),)),
        ("LambdaCanary10Percent15Minutes", (Step(10, 900),)),
        ("LambdaCanary10Percent30Minutes", (Step(10, 1800),)),
        ("LambdaLinear10PercentEvery1Minute", tuple(Step(weight, 60) for weight in TENTHS)),
        ("LambdaLinear10PercentEvery2Minutes", tuple(Step(weight, 120) for weight in TENTHS)),
        ("LambdaLinear10PercentEvery3Minutes", tuple(Step(weight, 180) for weight in TENTHS)),
        ("LambdaLinear10PercentEvery10Minutes", tuple(Step(weight, 600) for weight in TENTHS)),
    ],
)
def test_codedeploys_names_mean_what_they_mean_there(name, steps):
    assert bluegreen.preset(name).steps == steps
    assert bluegreen.preset(f"CodeDeployDefault.{name}").steps == steps


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("BLUE_GREEN", ()),
        ("CANARY", (Step(5, 600),)),
        ("LINEAR", tuple(Step(weight, 360) for weight in TENTHS)),
    ],
)
def test_ecs_own_strategies_have_its_defaults(name, steps):
    assert bluegreen.preset(name).steps == steps


def test_every_preset_is_valid_and_called_by_its_name():
    assert len(PRESETS) == 2 * 14 + 3
    for name, found in PRESETS.items():
        assert found.name == name
        assert problems_of(found, "strategy") == []


def test_an_unknown_name_is_left_for_the_contract_to_refuse():
    assert bluegreen.preset("ECSCanary10Percent7Minutes") == "ECSCanary10Percent7Minutes"
    assert strategy_inputs(bluegreen.preset("ECSCanary10Percent7Minutes")) == "ECSCanary10Percent7Minutes"


def test_the_swaps_inputs_of_a_strategy():
    assert strategy_inputs("CANARY") == "CANARY"
    assert strategy_inputs(bluegreen.preset("CANARY")) == {
        "name": "CANARY",
        "steps": [{"weight_percent": 5, "hold_seconds": 600}],
    }
    assert strategy_inputs({"name": "steps", "steps": []}) == {"name": "steps", "steps": []}
    assert strategy_inputs(10) == 10  # refused by the contract, not by a traceback


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ECSCanary10Percent5Minutes", "ECSCanary10Percent5Minutes"),
        ('"ECSCanary10Percent5Minutes"', "ECSCanary10Percent5Minutes"),
        ('{"name": "canary", "steps": []}', {"name": "canary", "steps": []}),
        (None, None),
    ],
)
def test_the_stack_takes_a_presets_bare_name(monkeypatch, written, read):
    given = {}

    def service(_, **arguments):
        given.update(arguments)
        outputs = ("url", "preview_urls", "preview_headers", "live_color", "weights", "history", "target_group_arns")
        return SimpleNamespace(**dict.fromkeys(outputs, ""))

    monkeypatch.setattr(bluegreen.aws, "EcsService", service, raising=False)
    monkeypatch.syspath_prepend(STACK.parent)
    config = {"activeColor": "blue", "blueImage": "app:v1", "greenImage": "app:v2", "vpcId": "vpc-1"}
    config |= {"subnetIds": '["subnet-1"]'} | ({} if written is None else {"strategy": written})
    mocked.run(lambda: runpy.run_path(str(STACK)), config)
    assert given.get("strategy") == read
