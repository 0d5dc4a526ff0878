"""The live color's requests go to another target, a target group made anew say: it has to prove itself first."""

from __future__ import annotations

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.gates.registry import GATES
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import InvalidInput, SwapFailed
from bluegreen.rollout.model import Convergence, Decision, Phase, Readiness
from bluegreen.routers.registry import ROUTERS
from bluegreen.swap import releases
from bluegreen.swap.service import SwapService
from tests.routers import alb_workshop, nlb_workshop, route53_workshop
from tests.swap.must_not_happen.situations import Script, ScriptedGate, scripted

PLACES = {
    "a rule that the swap makes": ("alb", alb_workshop.section),
    "a rule that is handed in": ("alb", alb_workshop.section_of_a_rule),
    "a listener that is handed in": ("alb", alb_workshop.section_of_a_listener),
    "two rules": ("alb", alb_workshop.pair_section),
    "two listeners of a network load balancer": ("nlb", nlb_workshop.section),
    "weighted records": ("zone", route53_workshop.section),
}
UNHEALTHY = Readiness(ready=False, healthy=0, expected=1, reason="its health check fails")


@pytest.fixture
def script(monkeypatch):
    made = Script()
    monkeypatch.setitem(GATES.entries, "scripted", f"{ScriptedGate.__module__}:{ScriptedGate.__name__}")
    monkeypatch.setattr(ScriptedGate, "script", made)
    return made


@pytest.fixture(params=PLACES)
def place(request, monkeypatch, script):
    """A place by its section, and the health that all targets have."""
    fixture, section = PLACES[request.param]
    made = section(request.getfixturevalue(fixture))
    cls = ROUTERS.load(made["kind"])
    (key,) = cls.target_keys
    health = {"now": Readiness(ready=True, healthy=1, expected=1)}
    monkeypatch.setattr(cls, "health", lambda _self, _color: health["now"])
    if fixture == "zone":
        stranger = "web-blue-2.workshop.internal"
        monkeypatch.setattr(cls, "verify", lambda _self, _weights: Convergence.CONVERGED)  # minutes of a real clock
    else:
        stranger = request.getfixturevalue(fixture).groups["stranger"]
        request.getfixturevalue("as_before")(request.getfixturevalue(fixture))
    return made, {**made, key: {**made[key], "blue": stranger}}, key, health


@pytest.fixture
def as_before(request):
    """Leaves a balancer as other tests expect it."""

    def later(balancer):
        request.addfinalizer(lambda: _clear(balancer))

    return later


def _clear(balancer):
    if hasattr(balancer, "rules"):
        for rule in balancer.rules():
            balancer.elb.delete_rule(RuleArn=rule["RuleArn"])
        return
    for listener, group in (("production", "blue"), ("test", "green")):
        balancer.elb.remove_tags(ResourceArns=[balancer.listeners[listener]], TagKeys=list(balancer.tags(listener)))
        balancer.forward(listener, group)


def inputs(router, color="blue", **more):
    return {
        "name": "web",
        "active_color": color,
        "releases": {"blue": "v1", "green": "v2"},
        "router": router,
        "gates": [scripted(Phase.BEFORE)],
        "strategy": {"steps": []},
        **more,
    }


def service():
    return SwapService(clock=FakeClock())


def live(router):
    return service().read(inputs(router))


def test_it_is_told_and_happens_once_it_is_healthy_and_a_gate_has_said_yes(place, script):
    section, elsewhere, _key, health = place
    _, olds = service().create(inputs(section))
    olds = service().update(service().update(olds, inputs(section, "green")), inputs(section))
    olds = {**olds, "previous": {"color": "green", "release": "v2", "digest": releases.fingerprint(olds, "green")}}
    script.asked.clear()
    news = inputs(elsewhere)
    assert service().check(olds, news)[1] == []
    found = service().diff(olds, news)
    assert any("blue has production traffic; traffic goes there all at once" in warning for warning in found.warnings)

    health["now"] = UNHEALTHY
    with pytest.raises(SwapFailed, match="blue is not ready for traffic"):
        service().update(olds, news)
    assert live(section)["weights"] == {"blue": 100, "green": 0}, "production is where it was"

    health["now"] = Readiness(ready=True, healthy=1, expected=1)
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed, match="traffic was not moved"):
        service().update(olds, news)
    assert live(section)["weights"] == {"blue": 100, "green": 0}, "production is where it was"

    script.always(Decision.PASS)
    outputs = service().update(olds, news)
    assert [phase for phase, _ in script.asked] == [Phase.BEFORE] * 2
    assert (outputs["history"][0]["outcome"], outputs["previous"], outputs["held"]) == ("healed", {}, {})
    assert outputs["proved"] == releases.fingerprint(outputs, "blue")
    assert live(elsewhere)["weights"] == {"blue": 100, "green": 0}
    assert service().diff(outputs, news).changes is False
    assert service().update(outputs, inputs(elsewhere, "green"))["previous"]["color"] == "blue"


def test_where_the_swap_scales_the_units_they_are_the_same_and_no_gate_is_waited_for(place, script):
    section, elsewhere, _key, health = place
    scaled = {"capacity": {"kind": "memory", "name": f"elsewhere {section['kind']}"}}
    _, olds = service().create(inputs(section, **scaled))
    script.asked.clear()
    script.always(Decision.FAIL)
    news = inputs(elsewhere, **scaled)
    (warning,) = [text for text in service().diff(olds, news).warnings if "has production traffic" in text]
    assert "when its targets are healthy, and afterwards" in warning
    health["now"] = UNHEALTHY
    with pytest.raises(SwapFailed, match="blue is not ready for traffic"):
        service().update(olds, news)
    health["now"] = Readiness(ready=True, healthy=1, expected=1)
    outputs = service().update(olds, news)
    assert (outputs["history"][0]["outcome"], outputs["previous"], script.asked) == ("healed", {}, [])
    assert outputs["proved"] == releases.fingerprint(outputs, "blue")


def test_a_former_color_at_another_target_is_promoted_with_gates_and_not_rolled_back_to(place, script):
    section, elsewhere, _key, _health = place
    _, olds = service().create(inputs(section))
    olds = service().update(olds, inputs(section, "green"))
    assert olds["previous"]["color"] == "blue"
    script.asked.clear()
    outputs = service().update(olds, inputs(elsewhere))
    assert (outputs["history"][0]["outcome"], outputs["previous"]) == ("promoted", {"color": "green", **_way(outputs)})
    assert script.asked


def _way(outputs):
    return {"release": "v2", "digest": releases.fingerprint(outputs, "green")}


def test_a_target_that_only_the_update_knows_is_told_as_such(place):
    section, _elsewhere, key, _health = place
    olds = {**inputs(section), "live_color": "blue", "state_version": 1}
    (change,) = releases.goes_elsewhere(olds, inputs({**section, key: {**section[key], "blue": UNKNOWN}}))
    assert "blue" in change.text
    assert "one that this update makes" in change.text
    assert "where that is another one, traffic goes there all at once" in releases.elsewhere_warning(
        change, inputs(section)
    )
    assert releases.refused(olds, inputs({**section, key: {**section[key], "blue": UNKNOWN}})) == []


def test_while_a_promotion_is_paused_neither_color_goes_elsewhere(place):
    section, elsewhere, key, _health = place
    paused = {**inputs(section, "green"), "live_color": "blue", "paused": {"color": "green", "percent": 10}}
    (problem,) = releases.refused(paused, inputs(elsewhere, "green", promote_to_percent=10))
    assert problem.field == f"router.{key}.blue"
    assert "while a promotion is paused" in problem.allowed
    with pytest.raises(InvalidInput, match="while a promotion is paused"):
        service().update(paused, inputs(elsewhere, "green", promote_to_percent=10))


def test_a_way_back_and_a_verdict_from_before_targets_counted_are_still_known(place):
    section, _elsewhere, _key, _health = place
    olds = {**inputs(section, "green"), "live_color": "green", "history": []}
    before = releases._hashed(releases.sections.parts(olds, "blue"))
    olds["previous"] = {"color": "blue", "release": "v1", "digest": before}
    assert releases.caught_up(olds, inputs(section))["previous"]["digest"] == releases.fingerprint(olds, "blue")
    assert releases.is_told_by(before, olds, "blue")
    assert not releases.is_told_by("0" * 16, olds, "blue")
