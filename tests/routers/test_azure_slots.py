"""Two slots of an app: what is sent once, cleared first, refused and waited for, on Azure's stand-in."""

import json
from pathlib import Path

import httpx
import pytest

from bluegreen.azure.web_apps import site as sites
from bluegreen.azure.web_apps.names import COLOR_SETTING
from bluegreen.azure.web_apps.router import AzureSlotsRouter
from bluegreen.azure.web_apps.slots import Slots
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.calls import counted
from bluegreen.rollout.errors import NotOwned, PlatformError, SwapFailed, TrafficMoved
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.rollout.ports import Preview
from bluegreen.swap.service import SwapService
from localcloud.azure.roles import Principal, Role
from tests.routers import slots_workshop
from tests.routers.slots_workshop import APP, IMAGES, PRODUCTION_HOST, SLOT, SLOT_HOST

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@pytest.fixture
def app():
    with slots_workshop.running() as made:
        yield made


def router(**more):
    return ROUTERS.build(ROUTERS.parse(Fields(slots_workshop.section(**more), "router")))


def inputs(active_color="blue", **more):
    return {
        "name": "orders",
        "active_color": active_color,
        "releases": {"blue": "v1", "green": "v2"},
        "router": slots_workshop.section(**more.pop("router", {})),
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
        **more,
    }


class Stack:
    """A swap of the app, and what the engine keeps of it."""

    def __init__(self, app, **more):
        self.app, self.more = app, more
        self.events = []
        _, outputs = self.service().create(inputs(**more))
        self.olds = {**inputs(**more), **outputs}

    def service(self):
        return SwapService(self.events.append, clock=self.app.clock)

    def up(self, color, **more):
        news = inputs(color, **{**self.more, **more})
        outputs = self.service().update(self.olds, news)
        self.olds = {**news, **outputs}
        return outputs

    def told(self, kind):
        return [event.text for event in self.events if event.kind == kind]


def test_a_promotion_clears_its_rule_before_the_one_swap_and_the_rollback_is_one_too(app):
    stack = Stack(app)
    app.calls.clear()
    assert stack.up("green")["live_color"] == "green"
    writes = [call for call in app.calls if call.endswith(("slotsswap", "PATCH /config/web"))]
    assert writes == ["PATCH /config/web", "PATCH /config/web", "POST /slots/staging/slotsswap"]
    assert (app.live, app.rules()) == ("green", [])
    app.calls.clear()
    assert stack.up("blue")["history"][0]["outcome"] == "rolled_back"
    assert (app.live, app.made("slotsswap"), app.made("PATCH /config/web")) == ("blue", 1, 0)
    assert app.settings(APP)["WHERE"] == "production"
    stack.service().delete(stack.olds)
    assert app.body()["tags"] == {"team": "orders"}


def test_a_swap_whose_answer_is_lost_or_an_error_is_not_sent_again(app):
    stack = Stack(app, strategy=None)
    for color, answer in (("green", None), ("blue", httpx.Response(503, json={"Code": "ServiceUnavailable"}))):
        app.calls.clear()
        app.answers["POST /slots/staging/slotsswap"] = answer
        stack.up(color)
        assert (app.live, app.made("slotsswap")) == (color, 1)


def test_a_swap_that_azure_ends_is_told_by_azures_reason_and_leaves_production_alone(app):
    stack = Stack(app, strategy=None)
    app.azure.plane.well = False
    with pytest.raises(SwapFailed, match="it did not respond to http ping") as failed:
        stack.up("green")
    assert "blue 100 %" in failed.value.restored
    assert (app.live, app.made("slotsswap")) == ("blue", 1)


def test_nothing_is_swapped_while_somebody_elses_operation_is_open(app):
    made = router()
    made.write(BLUE)
    app.ask("POST", f"{SLOT}/slotsswap", {"targetSlot": "production", "preserveVnet": True})
    app.azure.operations.stopped = True
    app.calls.clear()
    with pytest.raises(PlatformError, match="another operation is open there: operation"):
        made.write(GREEN)
    assert app.made("slotsswap") == 0
    app.azure.operations.stopped = False
    app.azure.settle()
    assert (app.live, router().read().weights) == ("green", GREEN)


def test_a_share_that_somebody_sends_before_the_swap_is_not_exchanged_with_it(app, monkeypatch):
    made = router()
    made.write(BLUE)
    checked = Slots.refuse_what_would_not_swap

    def meanwhile(slots, wanted):
        checked(slots, wanted)
        app.send({"name": "theirs", "actionHostName": SLOT_HOST, "reroutePercentage": 30})

    monkeypatch.setattr(Slots, "refuse_what_would_not_swap", meanwhile)
    with pytest.raises(TrafficMoved, match="from blue 100 %, green 0 % to blue 70 %, green 30 %"):
        made.write(GREEN)
    assert app.made("slotsswap") == 0
    assert app.live == "blue"


def test_marks_wait_for_the_end_of_a_swap(app):
    made = router()
    made.write(BLUE)
    app.ask("POST", f"{SLOT}/slotsswap", {"targetSlot": "production", "preserveVnet": True})
    made.mark({"lease.1": "x"})
    assert router().marks() == {"lease.1": "x"}
    assert app.clock.now_seconds > 1_000


def test_a_color_that_would_not_move_with_its_content_is_not_swapped(app):
    made = router()
    made.write(BLUE)
    app.ask("PUT", f"{APP}/config/slotConfigNames", {"properties": {"appSettingNames": [COLOR_SETTING]}})
    with pytest.raises(PlatformError, match="is a deployment slot setting"):
        made.write(GREEN)
    app.ask("PUT", f"{APP}/config/slotConfigNames", {"properties": {"appSettingNames": []}})
    app.set(SLOT, BLUEGREEN_COLOR="blue")
    with pytest.raises(PlatformError, match="has blue and not green"):
        made.write(GREEN)
    app.set(SLOT, BLUEGREEN_COLOR=None)
    with pytest.raises(PlatformError, match="no color that is known"):
        made.write(GREEN)
    assert app.made("slotsswap") == 0


def test_production_that_says_no_color_is_told_and_not_guessed(app):
    made = router()
    made.write(BLUE)
    app.set(APP, BLUEGREEN_COLOR="red")
    with pytest.raises(PlatformError, match="set its app setting BLUEGREEN_COLOR to blue or green"):
        router().read()
    with pytest.raises(PlatformError, match="does not say which color it is"):
        router().write(GREEN)
    assert (app.made("slotsswap"), app.rules()) == (0, [])


def test_rules_of_others_keep_what_they_are_and_lose_their_share(app):
    app.put(f"{APP}/slots/lab", "green", WHERE="lab")
    lab = {"name": "lab", "actionHostName": "web-lab.azurewebsites.net", "reroutePercentage": 5.0}
    ramping = {"name": "old", "actionHostName": SLOT_HOST, "reroutePercentage": 20.0, "changeStep": 5.0}
    app.send(lab, ramping)
    made = router()
    made.write(Weights.split("green", 25))
    own = {"name": "staging", "actionHostName": SLOT_HOST, "reroutePercentage": 25}
    assert app.rules() == [{**lab, "reroutePercentage": 0}, own]
    made.write(BLUE)
    assert app.rules() == [{**lab, "reroutePercentage": 0}]
    app.send(lab)
    assert router().read().weights == Weights(blue=95)  # drift: somebody gets the lab


def test_an_app_that_has_another_color_is_not_taken_over(app):
    made = router(made_with_it=False)
    for wanted in (GREEN, Weights.split("green", 10)):
        with pytest.raises(NotOwned, match="would move it"):
            made.write(wanted)
    assert (app.made("slotsswap"), app.rules(), app.body()["tags"]) == (0, [], {"team": "orders"})
    made.write(BLUE)
    assert router().read().weights == BLUE


def test_a_preview_of_steps_tells_of_the_cookie_that_keeps_clients(app):
    stack = Stack(app)
    assert any("x-ms-routing-name" in note for note in stack.service().diff(stack.olds, inputs("green")).notes)
    at_once = {**inputs("green"), "strategy": {"steps": []}}
    assert not any("x-ms-routing-name" in note for note in stack.service().diff(stack.olds, at_once).notes)
    stack.up("green")
    assert not any("x-ms-routing-name" in note for note in stack.service().diff(stack.olds, inputs("blue")).notes)


def test_a_swap_of_somebody_elses_is_drift_and_is_healed(app):
    stack = Stack(app)
    app.swap()
    difference = stack.service().diff(stack.olds, inputs("blue"))
    assert (difference.changes, difference.drifted) == (True, GREEN)
    stack.up("blue")
    assert app.live == "blue"


def test_a_slot_that_lacks_something_is_refused_before_anything_and_without_a_verdict(app):
    stack = Stack(app, router={"images": IMAGES})
    cases = [
        (lambda: app.set(SLOT, WEBSITE_SWAP_WARMUP_PING_PATH=None), "no app setting WEBSITE_SWAP_WARMUP_PING_PATH:"),
        (lambda: app.set(SLOT, WEBSITE_SWAP_WARMUP_PING_STATUSES=None), "PING_PATH and WEBSITE_SWAP_WARMUP_PING_STATU"),
        (
            lambda: app.set(SLOT, BLUEGREEN_COLOR=None),
            "says no color at all: set its app setting BLUEGREEN_COLOR to gre",
        ),
    ]
    for spoil, said in cases:
        spoil()
        with pytest.raises(SwapFailed, match=said):
            stack.up("green")
    app.put(SLOT, "green", WHERE="slot")
    app.ask("PATCH", f"{SLOT}/config/web", {"properties": {"linuxFxVersion": "DOCKER|shop.azurecr.io/app:v1"}})
    with pytest.raises(
        SwapFailed, match=r"runs DOCKER\|shop.azurecr.io/app:v1, and green is declared as DOCKER.*app:v2"
    ):
        stack.up("green")
    app.ask("PATCH", f"{SLOT}/config/web", {"properties": {"linuxFxVersion": IMAGES["green"], "autoSwapSlotName": "x"}})
    with pytest.raises(SwapFailed, match="turn auto swap off"):
        stack.up("green")
    assert (app.made("slotsswap"), app.made("PATCH /config/web")) == (0, 0)
    app.ask("PATCH", f"{SLOT}/config/web", {"properties": {"autoSwapSlotName": ""}})
    stack.up("green")  # the same release: nothing was held against it
    assert app.live == "green"


def test_what_the_slot_lacks_does_not_keep_traffic_from_going_back(app):
    """A content that was in production before anybody requested a warm-up is still the better one."""
    app.set(APP, WEBSITE_SWAP_WARMUP_PING_PATH=None)
    gates = [{"kind": "command", "command": ["false"], "phases": ["bake"]}]
    stack = Stack(app, gates=gates, bake_seconds=5, strategy=None)
    with pytest.raises(SwapFailed, match="restored and verified: blue 100 %"):
        stack.up("green")
    assert (app.live, app.made("slotsswap")) == ("blue", 2)


@pytest.mark.parametrize("strategy", [None, {"steps": [{"weight_percent": 10, "hold_seconds": 1}]}])
def test_with_preview_the_gates_see_the_real_settings(app, strategy):
    gates = [{"kind": "target_health", "phases": ["before"]}]
    stack = Stack(app, router={"with_preview": True}, strategy=strategy, gates=gates)
    seen = []
    real = AzureSlotsRouter.health

    def health(self, color):
        seen.append(app.settings(SLOT)["WHERE"])
        return real(self, color)

    app.calls.clear()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AzureSlotsRouter, "health", health)
        stack.up("green")
    assert seen[0] == "slot"
    assert (app.live, app.made("slotsswap"), app.made("applySlotConfig")) == ("green", 1, 1)
    assert app.made("resetSlotConfig") == (1 if strategy else 0)  # Azure takes no rules meanwhile
    assert (app.settings(APP)["WHERE"], app.settings(SLOT)["WHERE"]) == ("production", "slot")


def test_a_preview_that_a_gate_refuses_is_taken_back(app):
    gates = [{"kind": "command", "command": ["false"], "phases": ["before"]}]
    stack = Stack(app, router={"with_preview": True}, strategy=None)
    app.calls.clear()
    with pytest.raises(SwapFailed, match="traffic was not moved"):
        stack.up("green", gates=gates)
    assert (app.made("slotsswap"), app.made("applySlotConfig"), app.made("resetSlotConfig")) == (0, 1, 1)
    assert not sites.is_prepared(app.body(SLOT))
    assert app.settings(SLOT)["WHERE"] == "slot"


def test_a_color_is_reached_where_it_is(app):
    made = router()
    made.write(BLUE)
    made.read()
    given = Preview(f"https://{SLOT_HOST}/shop", {"X-Test": "1"})
    assert made.reaches("green", given) == given
    there = {"X-Test": "1", "Cookie": "x-ms-routing-name=self"}
    assert made.reaches("blue", given) == Preview(f"https://{PRODUCTION_HOST}/shop", there)
    made.write(GREEN)
    assert made.reaches("blue", given) == given
    assert made.reaches("green", given).url == f"https://{PRODUCTION_HOST}/shop"


@pytest.mark.parametrize("tier", ["Basic", "FlexConsumption", "Free"])
def test_a_plan_without_slots_is_refused_by_its_tier(tier):
    with slots_workshop.running(tier, slot=False):
        made = router()
        made.write(BLUE)
        assert tier in made.health("green").reason
        for weights in (GREEN, Weights.split("green", 10)):
            with pytest.raises(PlatformError, match=f"its plan is in the tier {tier}: slots need Standard or higher"):
                made.write(weights)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"app_id": "web"}, "router.app_id"),
        ({"app_id": SLOT}, "router.app_id"),
        ({"slot": "Production"}, "router.slot"),
        ({"images": {"blue": "x"}}, "router.images.green"),
        ({"swap_timeout_seconds": 5}, "router.swap_timeout_seconds"),
        ({"azure": {"region": "x"}}, "router.azure.region"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(change, field):
    fields = Fields(slots_workshop.section(**change), "router")
    ROUTERS.parse(fields)
    assert [problem.field for problem in fields.problems] == [field]


def test_what_is_declared_is_enough_and_nothing_else_is_called(app):
    """By a role of just the declared actions, which the stand-in enforces."""
    declared = {permission.action for permission in AzureSlotsRouter.permissions}
    app.azure.identity.principals["narrow"] = Principal(
        "narrow", "narrow", (Role(tuple(declared), slots_workshop.GROUP),)
    )
    app.client_id = "narrow"
    calls = []
    with counted(calls.append):
        made = router(with_preview=True)
        made.read()
        for weights in (BLUE, Weights.split("green", 10), GREEN):
            made.write(weights)
            made.verify(weights)
        made.health("blue")
        made.try_on("blue")
        made.take_off()
        app.azure.plane.well = False
        with pytest.raises(PlatformError, match="http ping"):
            made.write(BLUE)
        made.mark({"lease.1": "x"})
        made.mark({"lease.1": None})
        router(slot="nobody").health("blue")
        idle, _ = ("blue", "green") if app.live == "green" else ("green", "blue")
        wanted = {color: {"runs": "DOCKER|shop.azurecr.io/app:v3"} for color in ("blue", "green")}
        router(contents=wanted).install(idle)
        made.delete()
    assert set(calls) == declared


def test_what_a_person_types_is_for_what_was_seen(app):
    made = router()
    made.write(BLUE)
    assert "traffic-routing set" in made.commands(Weights.split("green", 10))[0]
    assert made.commands(Weights.split("green", 10))[0].endswith("--distribution staging=10")
    assert made.commands(Weights.split("blue", 10))[0].endswith("--distribution staging=90")
    clear, look, swap = made.commands(GREEN)
    assert ("traffic-routing clear" in clear, "does not say green" in look) == (True, True)
    assert swap.endswith("--slot staging --target-slot production")


def test_weights_are_what_new_clients_get():
    rules = [
        {"actionHostName": SLOT_HOST.upper(), "reroutePercentage": 12.5},
        {"actionHostName": "x", "reroutePercentage": 0.2},
    ]
    assert sites.weights_of("blue", rules, SLOT_HOST) == Weights(blue=87, green=12)
    assert sites.weights_of("green", [], SLOT_HOST) == GREEN
    assert sites.weights_of(None, rules, SLOT_HOST) == Weights()
    nearly = [{"actionHostName": SLOT_HOST, "reroutePercentage": 99.8}]
    assert sites.weights_of("blue", nearly, SLOT_HOST) == Weights(1, 99), "no color looks live that is not alone"
    beside = [*nearly, {"actionHostName": "x", "reroutePercentage": 0.1}]
    assert sites.weights_of("blue", beside, SLOT_HOST) == Weights(1, 98)


def test_a_verify_waits_for_what_is_open(app):
    made = router()
    made.write(GREEN)
    assert made.verify(GREEN) is Convergence.CONVERGED
    app.ask("POST", f"{SLOT}/applySlotConfig", {"targetSlot": "production", "preserveVnet": True})
    app.azure.operations.stopped = True
    assert made.verify(GREEN) is Convergence.PENDING


def test_the_documented_role_has_just_the_declared_actions():
    page = (Path(__file__).resolve().parents[2] / "docs" / "azure.md").read_text()
    roles = [json.loads(block.split("```")[0]) for block in page.split("```json\n")[1:]]
    (role,) = [role for role in roles if role["Name"] == "bluegreen swap of slots"]
    assert role["Actions"] == sorted({permission.action for permission in AzureSlotsRouter.permissions})
