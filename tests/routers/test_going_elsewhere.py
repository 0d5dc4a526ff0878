"""The live color's requests go to another target, a target group made anew say: it has to prove itself first."""

from __future__ import annotations

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.gates.registry import GATES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import InvalidInput, SwapFailed
from bluegreen.rollout.model import Convergence, Decision, Phase, Readiness
from bluegreen.swap import releases
from bluegreen.swap.service import SwapService
from dev.matrix.engine import DYNAMIC, NATIVE, Stack
from tests.routers import alb_workshop, nlb_workshop, route53_workshop, targeted
from tests.swap.must_not_happen.situations import Killed, Script, ScriptedGate, scripted

PLACES = {
    "a rule that the swap makes": ("alb", alb_workshop.section),
    "a rule that is handed in": ("alb", alb_workshop.section_of_a_rule),
    "a listener that is handed in": ("alb", alb_workshop.section_of_a_listener),
    "two rules": ("alb", alb_workshop.pair_section),
    "two listeners of a network load balancer": ("nlb", nlb_workshop.section),
    "weighted records": ("zone", route53_workshop.section),
}
IN_MEMORY = "in memory"
EVERYWHERE = [IN_MEMORY, *(pytest.param(place, marks=pytest.mark.tools) for place in PLACES)]
"""All but the one in memory are in the local cloud."""
HEALTHY = Readiness(ready=True, healthy=1, expected=1)
UNHEALTHY = Readiness(ready=False, healthy=0, expected=1, reason="its health check fails")


@pytest.fixture
def script(monkeypatch):
    made = Script()
    monkeypatch.setitem(GATES.entries, "scripted", f"{ScriptedGate.__module__}:{ScriptedGate.__name__}")
    monkeypatch.setattr(ScriptedGate, "script", made)
    return made


@pytest.fixture(params=EVERYWHERE)
def place(request, monkeypatch, script):
    """A place by its section, and the health that all targets have."""
    if request.param == IN_MEMORY:
        monkeypatch.setitem(ROUTERS.entries, "targeted", f"{targeted.__name__}:TargetedRouter")
        fixture, made = "", targeted.section("going elsewhere")
    else:
        fixture, section = PLACES[request.param]
        made = section(request.getfixturevalue(fixture))
    cls = ROUTERS.load(made["kind"])
    (key,) = cls.target_keys
    health = {"now": HEALTHY, "former": HEALTHY}
    former = str(made[key]["blue"])

    def healthy(router, _color):
        targets = router.shape.targets if made["kind"] == "route53" else getattr(router, key)
        return health["former" if former in str(targets["blue"]) else "now"]

    monkeypatch.setattr(cls, "health", healthy)
    if fixture == "":
        stranger = "blue-2"
    elif fixture == "zone":
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
    with pytest.raises(SwapFailed, match="traffic was not moved: blue keeps its former target") as failed:
        service().update(olds, news)
    assert "fix blue's new target, or give blue its former one back, and run `pulumi up` again" in str(failed.value)
    assert live(section)["weights"] == {"blue": 100, "green": 0}, "production is where it was"

    script.always(Decision.PASS)
    outputs = service().update(olds, news)
    assert [phase for phase, _ in script.asked] == [Phase.BEFORE] * 2
    assert (outputs["history"][0]["outcome"], outputs["previous"], outputs["held"]) == ("healed", {}, {})
    assert outputs["proved"] == releases.fingerprint(outputs, "blue")
    assert live(elsewhere)["weights"] == {"blue": 100, "green": 0}
    assert service().diff(outputs, news).changes is False
    assert service().update(outputs, inputs(elsewhere, "green"))["previous"]["color"] == "blue"


def scaled_by(section):
    """A capacity of its own, so that the swap scales the same units behind either target."""
    return {"capacity": {"kind": "memory", "name": f"elsewhere {section['kind']}"}, "scale_down_delay_seconds": 0}


def test_where_the_swap_scales_the_units_gates_are_asked_as_long_as_the_former_target_serves(place, script):
    section, elsewhere, _key, health = place
    scaled = scaled_by(section)
    _, olds = service().create(inputs(section, **scaled))
    news = inputs(elsewhere, **scaled)
    (warning,) = [text for text in service().diff(olds, news).warnings if "has production traffic" in text]
    assert "as long as the former target has healthy units" in warning

    health["now"] = UNHEALTHY
    with pytest.raises(SwapFailed, match="blue is not ready for traffic"):
        service().update(olds, news)
    health["now"] = HEALTHY
    script.asked.clear()
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed, match="traffic was not moved: blue keeps its former target"):
        service().update(olds, news)
    assert live(section)["weights"] == {"blue": 100, "green": 0}, "production is where it was"
    assert script.asked

    script.asked.clear()
    health["former"] = UNHEALTHY  # its units have gone over
    outputs = service().update(olds, news)
    assert (outputs["history"][0]["outcome"], outputs["previous"], script.asked) == ("healed", {}, [])
    assert outputs["proved"] == releases.fingerprint(outputs, "blue")


def test_a_former_target_that_empties_itself_while_a_gate_is_asked_is_not_kept_by_a_no(place, script):
    section, elsewhere, _key, health = place
    scaled = scaled_by(section)
    _, olds = service().create(inputs(section, **scaled))

    def no(_context):
        health["former"] = UNHEALTHY
        return Decision.FAIL

    script.answer = no
    outputs = service().update(olds, inputs(elsewhere, **scaled))
    assert outputs["history"][0]["outcome"] == "healed"
    assert live(elsewhere)["weights"] == {"blue": 100, "green": 0}


@pytest.mark.parametrize("adapter", [DYNAMIC, NATIVE])
def test_a_no_in_the_bake_goes_back_to_the_former_target(place, script, adapter):
    section, elsewhere, _key, _health = place
    more = {"gates": [scripted(Phase.CONFIRM, Phase.BEFORE, Phase.PROMOTE, Phase.BAKE)], "bake_seconds": 60}
    stack = Stack(adapter, FakeClock())
    stack.up(inputs(section, **more))
    script.asked.clear()
    script.always(Decision.FAIL, Phase.BAKE)
    with pytest.raises(SwapFailed, match="restored and verified: blue 100 %, green 0 %, at its former target"):
        stack.up(inputs(elsewhere, **more))
    assert list(dict.fromkeys(phase for phase, _ in script.asked)) == [
        Phase.CONFIRM,
        Phase.BEFORE,
        Phase.PROMOTE,
        Phase.BAKE,
    ]
    assert live(section)["weights"] == {"blue": 100, "green": 0}, "production is where it was"
    assert not stack.state.outputs["held"], "what is live is never held"

    script.always(Decision.PASS)
    stack.up(inputs(elsewhere, **more))
    assert live(elsewhere)["weights"] == {"blue": 100, "green": 0}
    assert (stack.state.outputs["previous"], stack.state.outputs["held"]) == ({}, {})


def test_a_swap_that_was_killed_in_its_bake_proves_the_other_target_again(place, script):
    section, elsewhere, _key, _health = place
    more = {"gates": [scripted(Phase.BAKE)], "bake_seconds": 60}
    _, olds = service().create(inputs(section, **more))

    clock = FakeClock()

    def killed(_seconds):
        raise Killed

    def asked(context):
        clock.sleep = killed  # the bake's next rest is its last one
        return Decision.PASS

    script.answer = asked
    with pytest.raises(Killed):
        SwapService(clock=clock).update(olds, inputs(elsewhere, **more))
    assert live(elsewhere)["weights"] == {"blue": 100, "green": 0}
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed, match="restored and verified: blue 100 %, green 0 %, at its former target"):
        service().update(olds, inputs(elsewhere, **more))
    assert live(section)["weights"] == {"blue": 100, "green": 0}, "back where it was proved"


@pytest.mark.tools
def test_what_somebody_moved_while_a_gate_was_asked_is_not_written_over(script, request, monkeypatch, as_before):
    """Neither target is what the new section knows: to it, a page of maintenance looks like the former one."""
    alb = request.getfixturevalue("alb")
    as_before(alb)
    section = alb_workshop.section(alb)
    elsewhere = {**section, "target_groups": {**section["target_groups"], "blue": alb.groups["stranger"]}}
    monkeypatch.setattr(ROUTERS.load("alb"), "health", lambda _self, _color: HEALTHY)
    _, olds = service().create(inputs(section))
    page = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}]

    def moved(_context):
        (rule,) = [rule for rule in alb.rules() if rule["Priority"] == str(int(section["priority"]))]
        alb.elb.modify_rule(RuleArn=rule["RuleArn"], Actions=page)
        return Decision.PASS

    script.answer = moved
    with pytest.raises(SwapFailed, match="somebody else moved them meanwhile"):
        service().update(olds, inputs(elsewhere))
    (rule,) = [rule for rule in alb.rules() if rule["Priority"] == str(int(section["priority"]))]
    assert rule["Actions"][-1]["Type"] == "fixed-response", "it is theirs"


def test_where_the_verdict_on_a_promotion_holds_the_live_color_keeps_its_target(place, script):
    section, elsewhere, key, _health = place
    _, olds = service().create(inputs(section))
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed):
        service().update(olds, inputs(section, "green"))
    _, problems = service().check(inputs(section, "green"), inputs(elsewhere, "green"))
    assert [problem.field for problem in problems] == [f"router.{key}.blue"]
    assert "while a verdict holds the promotion to green" in problems[0].allowed
    with pytest.raises(InvalidInput, match="while a verdict holds the promotion to green"):
        service().update(olds, inputs(elsewhere, "green"))
    assert live(section)["weights"] == {"blue": 100, "green": 0}


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
