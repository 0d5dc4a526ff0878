"""The feature flag gate with OpenFeature's own provider in memory."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from openfeature import api
from openfeature.exception import ProviderFatalError
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from bluegreen import gates
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates import feature_flag_gate
from bluegreen.gates.registry import GATES
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase
from bluegreen.rollout.ports import THROUGHOUT, GateContext

HERE = __name__
MADE = []


def of_a_reason(reason):
    return InMemoryFlag("on", {"on": True}, context_evaluator=lambda *_: FlagResolutionDetails(True, reason=reason))


def only_for_green(flag, about):
    told = {"who": about.targeting_key, **about.attributes}
    wanted = {"who": "web", "color": "green", "other_color": "blue", "release": "app:v2", "phase": "confirm"}
    return FlagResolutionDetails(told == wanted, reason=Reason.TARGETING_MATCH)


def provider():
    MADE.append(1)
    return InMemoryProvider(
        {
            "on": InMemoryFlag("on", {"on": True, "off": False}),
            "off": InMemoryFlag("off", {"on": True, "off": False}),
            "ring": InMemoryFlag("b", {"a": "early", "b": "late"}),
            "percent": InMemoryFlag("a", {"a": 25}),
            "share": InMemoryFlag("a", {"a": 0.5}),
            "whole_float": InMemoryFlag("a", {"a": 25.0}),
            "for_green": InMemoryFlag("a", {"a": True}, context_evaluator=only_for_green),
            **{reason.value: of_a_reason(reason) for reason in Reason},
        }
    )


class Slow(InMemoryProvider):
    def initialize(self, _):
        threading.Event().wait(0.2)


class Dead(InMemoryProvider):
    def initialize(self, _):
        raise ProviderFatalError("wrong key")


def slow():
    return Slow({"on": InMemoryFlag("on", {"on": True})})


def dead():
    MADE.append(1)
    return Dead({"on": InMemoryFlag("on", {"on": True})})


def broken():
    raise OSError("no such host")


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    api.clear_providers()
    feature_flag_gate._registered.clear()
    MADE.clear()


def parse(inputs):
    fields = Fields(inputs, "gates[0]")
    return GATES.parse(fields), fields.problems


def build(flag, function="provider", **options):
    parsed, problems = parse(gates.feature_flag(flag, provider=f"{HERE}:{function}", **options))
    assert parsed is not None, problems
    return GATES.build(parsed)


def ask(flag, phase=Phase.BEFORE, **options):
    releases = {"blue": "app:v1", "green": "app:v2"}
    return build(flag, **options).evaluate(GateContext("green", service="web", releases=releases, phase=phase))


@pytest.mark.parametrize(
    ("flag", "equals", "decision"),
    [
        ("on", None, Decision.PASS),
        ("on", True, Decision.PASS),
        ("on", False, Decision.FAIL),
        ("off", None, Decision.FAIL),
        ("off", False, Decision.PASS),
        ("ring", "late", Decision.PASS),
        ("ring", "early", Decision.FAIL),
        ("percent", 25, Decision.PASS),
        ("percent", 25.0, Decision.PASS),  # the engine sends every number as a float
        ("percent", 0, Decision.FAIL),
        ("on", 1, Decision.FAIL),  # true is not 1
        ("share", 0.5, Decision.PASS),
        ("share", 1, Decision.FAIL),
        ("whole_float", 25, Decision.PASS),
    ],
)
def test_the_flag_decides(flag, equals, decision):
    assert ask(flag, equals=equals).decision is decision


@pytest.mark.parametrize("phase", list(Phase))
def test_another_value_is_waited_for_before_a_weight(phase):
    waits = phase in (Phase.CONFIRM, Phase.INCREASE, Phase.PROMOTE)
    assert ask("off", phase).decision is (Decision.PENDING if waits else Decision.FAIL)


def test_the_flag_is_evaluated_for_the_service_and_its_color():
    assert ask("for_green", Phase.CONFIRM).decision is Decision.PASS
    assert ask("for_green", Phase.BEFORE).decision is Decision.FAIL


@pytest.mark.parametrize("reason", list(Reason))
def test_a_value_that_nobody_decided_on_is_no_pass(reason):
    if reason.value in ("DEFAULT", "ERROR", "STALE"):
        with pytest.raises(GateUnavailable, match=reason.value):
            ask(reason.value)
    else:
        assert ask(reason.value).decision is Decision.PASS


@pytest.mark.parametrize(
    ("flag", "options", "says"),
    [
        ("no_such_flag", {}, "FLAG_NOT_FOUND"),
        ("ring", {}, "TYPE_MISMATCH"),
        ("on", {"function": "no_such_function"}, "AttributeError"),
        ("on", {"function": "broken"}, "OSError: no such host"),
        ("on", {"function": "dead"}, "not ready"),
    ],
)
def test_what_cannot_be_evaluated_is_no_pass(flag, options, says):
    with pytest.raises(GateUnavailable, match=says):
        ask(flag, **options)


def test_a_module_that_is_not_there():
    gate = GATES.build(parse(gates.feature_flag("on", provider="no_such_module.flags:make"))[0])
    with pytest.raises(GateUnavailable, match="no_such_module"):
        gate.evaluate(GateContext("green"))


class Ends(InMemoryProvider):
    def resolve_boolean_details(self, *_, **__):
        sys.exit("usage: flags.py --env NAME")


def ends():
    return Ends({"on": InMemoryFlag("on", {"on": True})})


def ends_at_once():
    sys.exit("usage: flags.py --env NAME")


@pytest.mark.parametrize(
    ("function", "says"),
    [("ends", "the provider .*:ends raised "), ("ends_at_once", "SystemExit: usage: flags.py --env")],
)
def test_a_provider_that_ends_the_process_is_no_answer(function, says):
    with pytest.raises(GateUnavailable, match=says):
        ask("on", function=function)


def test_a_provider_is_made_once():
    gate = build("on")
    for _ in range(3):
        gate.evaluate(GateContext("green"))
    ask("off")
    assert len(MADE) == 1


def test_a_provider_that_takes_its_time_is_waited_for():
    assert ask("on", function="slow").decision is Decision.PASS


def test_a_provider_that_never_worked_is_made_anew():
    for _ in range(2):
        with pytest.raises(GateUnavailable):
            ask("on", function="dead")
    assert len(MADE) == 2


def test_the_programs_own_provider_is_left_alone():
    before = api.get_provider_metadata()
    ask("on")
    assert api.get_provider_metadata() == before


def test_a_secret_in_a_providers_error_is_redacted(monkeypatch):
    monkeypatch.setenv("FLAGS_TOKEN", "hunter2-correct-horse")

    def leaks():
        raise ValueError("bad key hunter2-correct-horse")

    monkeypatch.setattr(sys.modules[HERE], "broken", leaks)
    with pytest.raises(GateUnavailable, match=r"bad key \*\*\*") as raised:
        ask("on", function="broken")
    assert "hunter2" not in str(raised.value)


def test_without_openfeature_it_says_what_to_install():
    program = (
        "import sys; sys.modules['openfeature'] = None\n"
        "from bluegreen.gates.feature_flag_gate import FeatureFlagGate\n"
        "from bluegreen.rollout.ports import GateContext\n"
        "from bluegreen.rollout.errors import GateUnavailable\n"
        "try: FeatureFlagGate('on', 'a:b').evaluate(GateContext('green'))\n"
        "except GateUnavailable as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'bluegreen[flags]'" in done.stdout


@pytest.mark.parametrize(
    ("inputs", "wrong"),
    [
        ({"kind": "feature_flag", "provider": "a:b"}, "gates[0].flag"),
        ({"kind": "feature_flag", "flag": "on"}, "gates[0].provider"),
        (gates.feature_flag("on", provider="a.b"), "gates[0].provider"),
        (gates.feature_flag("on", provider="a:b.c()"), "gates[0].provider"),
        ({"kind": "feature_flag", "flag": "on", "provider": "a:b", "equals": []}, "gates[0].equals"),
    ],
)
def test_what_is_refused(inputs, wrong):
    parsed, problems = parse(inputs)
    assert parsed is None
    assert [problem.field for problem in problems] == [wrong]


def test_its_name_and_phases():
    gate = build("checkout-v2")
    assert gate.label == "feature flag checkout-v2"
    assert gate.phases == THROUGHOUT
    assert parse({"kind": "feature_flag", "flag": UNKNOWN, "provider": UNKNOWN, "equals": UNKNOWN})[1] == []
