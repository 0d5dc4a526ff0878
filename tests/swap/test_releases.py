"""A color's release is known by a digest of its content, never by the label that people read."""

from __future__ import annotations

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import InvalidInput, SwapFailed
from bluegreen.rollout.model import Decision, Phase, Weights
from bluegreen.swap import contract, releases
from dev.matrix.engine import ADAPTERS
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import scripted

LABELS = {"blue": "orders", "green": "orders-next"}


@pytest.fixture(params=ADAPTERS, autouse=True)
def either_adapter(request, monkeypatch):
    monkeypatch.setattr(Swap, "adapter", request.param)


def versions(name, blue, green):
    return {"kind": "memory", "name": name, "versions": {"blue": blue, "green": green}}


def digests(blue, green):
    return {"blue": f"sha256:{blue}", "green": f"sha256:{green}"}


@pytest.mark.parametrize("said", ["router", "digests"])
def test_another_version_under_the_former_label_has_to_prove_itself(script, said):
    def more(blue, green="2"):
        return {said: versions("label", blue, green) if said == "router" else digests(blue, green)}

    swap = Swap("label", releases=LABELS, gates=[scripted(Phase.BEFORE, Phase.HOLD)], **more("1"))
    swap.up("green", **more("1"))
    script.asked.clear()
    swap.here.moves.clear()
    outputs = swap.up("blue", **more("3"))
    assert outputs["history"][0]["outcome"] == "promoted"
    assert swap.here.moves == [Weights.split("blue", 10), Weights.split("blue", 50), Weights.all_on("blue")]
    assert script.asked, "no gate was asked"


def test_the_former_version_under_another_label_is_still_the_way_back():
    swap = Swap("renamed", digests=digests("1", "2"))
    swap.up("green")
    outputs = swap.up("blue", releases={"blue": "v1, the good one", "green": "v2"})
    assert outputs["history"][0]["outcome"] == "rolled_back"


def test_what_the_router_brings_is_refused_under_the_live_color(script):
    swap = Swap("live", releases=LABELS, router=versions("live", "1", "2"))
    news = swap.inputs("blue", router=versions("live", "3", "2"))
    _, problems = swap.service().check(swap.outputs, news)
    (problem,) = map(str, problems)
    assert problem.startswith("router.versions.blue")
    assert "'3'" in problem
    assert "allowed: '1', which has production traffic" in problem
    assert "Give blue its former one back, put '3' into green, and promote that" in problem
    swap.here.calls.clear()
    for refused in (swap.service().diff, swap.service().update):
        with pytest.raises(InvalidInput, match=r"router\.versions\.blue"):
            refused(swap.outputs, news)
    assert swap.here.calls == [], "nothing was asked of the platform"


def test_the_color_that_waits_has_traffic_too_and_one_that_was_never_paused_has_none():
    swap = Swap("waits", router=versions("waits", "1", "2"), promote_to_percent=10)
    swap.up("green")
    news = swap.inputs("green", router=versions("waits", "1", "3"))
    with pytest.raises(InvalidInput, match=r"router\.versions\.green.*set activeColor back or finish the promotion"):
        swap.service().update(swap.outputs, news)
    swap.up("blue")
    assert swap.up("blue", router=versions("waits", "1", "3"))["router"]["versions"]["green"] == "3"


def test_a_revert_of_version_and_color_at_once_moves_traffic_first(script):
    swap = Swap("revert", router=versions("revert", "1", "2"), gates=[scripted(Phase.BEFORE)])
    swap.up("green", router=versions("revert", "1", "3"))
    script.asked.clear()
    before = swap.inputs("blue")
    assert swap.service().check(swap.outputs, before)[1] == []
    assert releases.moving(swap.outputs, before)["router"]["versions"] == {"blue": "1", "green": "3"}
    outputs = swap.up("blue")
    assert outputs["history"][0]["outcome"] == "rolled_back"
    assert (script.asked, outputs["router"]["versions"]["green"], outputs["previous"]) == ([], "2", {})


def test_a_promotion_that_stops_on_the_way_keeps_the_version_of_the_color_it_leaves():
    swap = Swap("stops", router=versions("stops", "1", "2"))
    news = swap.inputs("green", router=versions("stops", "3", "2"), promote_to_percent=10)
    assert [problem.field for problem in swap.service().check(swap.outputs, news)[1]] == ["router.versions.blue"]
    whole = swap.up("green", router=versions("stops", "3", "2"))
    assert (whole["history"][0]["outcome"], whole["previous"]) == ("promoted", {}), "blue is not what it was"


def test_what_came_in_place_is_no_way_back_and_after_it_there_is_none():
    swap = Swap("in-place", digests=digests("1", "2"))
    swap.up("green")
    assert swap.outputs["previous"]["color"] == "blue"
    news = swap.inputs("green", digests=digests("1", "9"))
    assert swap.service().check(swap.outputs, news)[0]["live_release_change"] == (
        "green: v2 (digest sha256:2) -> v2 (digest sha256:9)"
    )
    (warning,) = swap.service().diff(swap.outputs, news).warnings
    assert "gets another release in place, before this swap runs" in warning
    assert swap.up("green", digests=digests("1", "9"))["previous"] == {}
    outputs = swap.up("blue", digests=digests("1", "9"))
    assert (outputs["history"][0]["outcome"], outputs["previous"]) == ("promoted", {}), "green 9 has passed no gate"
    assert swap.up("green", digests=digests("1", "9"))["history"][0]["outcome"] == "promoted"


def test_a_change_under_the_live_color_that_is_undone_leaves_it_proved():
    swap = Swap("undone", digests=digests("1", "2"))
    swap.up("blue", digests=digests("9", "2"))
    swap.up("blue", digests=digests("1", "2"))
    swap.up("green")
    assert swap.up("blue")["history"][0]["outcome"] == "rolled_back"


def without(outputs, *keys):
    previous = {key: value for key, value in outputs["previous"].items() if key != "digest"}
    return {key: value for key, value in {**outputs, "previous": previous}.items() if key not in keys}


@pytest.mark.parametrize("router", [{}, {"router": versions("older", "1", "2")}])
def test_a_state_without_digests_gets_them_with_its_next_update_and_keeps_its_way_back(router):
    swap = Swap("older", **router)
    swap.up("green")
    swap.outputs = without(swap.outputs, "proved")
    news = swap.inputs("green", digests=digests("a", "b"))
    checked, problems = swap.service().check(swap.outputs, news)
    assert (problems, checked.get("live_release_change")) == ([], None)
    swap.here.calls.clear()
    recorded = swap.up("green", digests=digests("a", "b"))
    assert not {"router.write", "router.mark"} & set(swap.here.calls)
    assert recorded["digests"] == digests("a", "b")
    assert recorded["previous"]["digest"] == contract.fingerprint(recorded, "blue")
    assert recorded["proved"] == contract.fingerprint(recorded, "green")
    assert swap.up("blue", digests=digests("a", "b"))["history"][0]["outcome"] == "rolled_back"


def test_a_state_without_digests_goes_back_at_once_where_they_come_with_the_rollback():
    swap = Swap("older-back")
    swap.up("green")
    swap.outputs = without(swap.outputs, "proved")
    assert swap.up("blue", digests=digests("a", "b"))["history"][0]["outcome"] == "rolled_back"
    again = Swap("older-other")
    again.up("green")
    again.outputs = without(again.outputs, "proved")
    named = {"blue": "v1-other", "green": "v2"}
    assert again.up("blue", releases=named, digests=digests("a", "b"))["history"][0]["outcome"] == "promoted"


def test_digests_that_are_taken_away_leave_what_was_known_of_the_way_back():
    swap = Swap("fewer", digests=digests("1", "2"))
    swap.up("green")
    swap.more = {}
    assert swap.up("blue")["history"][0]["outcome"] == "rolled_back"


def test_a_fingerprint_is_known_when_all_that_it_is_made_of_is():
    known = {"releases": LABELS, "router": versions("f", "1", "2"), "digests": digests("a", "b")}
    assert len(contract.fingerprint(known, "blue")) == 16
    for part in ({"digests": UNKNOWN}, {"digests": {"blue": UNKNOWN}}, {"router": versions("f", UNKNOWN, "2")}):
        assert contract.fingerprint({**known, **part}, "blue") is UNKNOWN
    assert contract.fingerprint({**known, "digests": {"blue": UNKNOWN, "green": "b"}}, "green") is not UNKNOWN
    assert contract.fingerprint({**known, "releases": UNKNOWN}, "blue") == contract.fingerprint(known, "blue")


def test_a_preview_speaks_of_the_release_that_will_be_there():
    swap = Swap("ready", idle_capacity_percent=100)
    swap.here.desired["green"] = 3
    assert swap.service().diff(swap.outputs, swap.inputs("green")).notes == ("green is ready: 3 of 3 healthy",)
    other = swap.inputs("green", releases={"blue": "v1", "green": "v3"})
    assert swap.service().diff(swap.outputs, other).notes == (
        "green: v2 -> v3 comes with this update, which checks whether that is ready",
    )
    unknown = swap.inputs("green", digests={"blue": "b", "green": UNKNOWN})
    assert swap.service().diff(swap.outputs, unknown).notes == (
        "what green will run is known once this update has made it; whether it is ready is checked then",
    )


def test_a_preview_asks_the_router_itself_about_what_that_brings():
    swap = Swap("brings", router=versions("brings", "1", "2"), idle_capacity_percent=100)
    swap.here.desired["green"] = 3
    news = swap.inputs("green", router=versions("brings", "1", "3"))
    assert swap.service().diff(swap.outputs, news).notes == ("green is ready: 3 of 3 healthy",)


def platform(blue, green="arn:td/web:2", **more):
    """Inputs of a platform that brings what is new of a color by its own deployment."""
    router = {
        "kind": "ecs_native",
        "cluster": "c",
        "service": "s",
        "task_definitions": {"blue": blue, "green": green},
        "target_group_pair": ["tg-1", "tg-2"],
        "listener_arn": "l",
        "owner": "p/s/web",
    }
    return {"active_color": "blue", "releases": {"blue": "v1", "green": "v2"}, "router": router, **more}


def test_a_platforms_own_deployment_is_refused_for_another_release_and_not_for_more_memory():
    olds = platform("arn:td/web:1", digests=digests("1", "2"))
    assert releases.refused(olds, platform("arn:td/web:3", digests=digests("1", "2"))) == []
    (problem,) = releases.refused(
        olds, {**platform("arn:td/web:3", digests=digests("9", "2")), "releases": {"blue": "v9", "green": "v2"}}
    )
    assert (problem.field, problem.value) == ("releases.blue", "v9")
    assert problem.allowed.startswith("'v1', which has production traffic")
    (problem,) = releases.refused(olds, platform(UNKNOWN, digests=digests("9", "2")))
    assert "another one of that name: blue: v1 (digest sha256:1) -> v1 (digest sha256:9)" in problem.allowed
    (problem,) = releases.refused(platform("arn:td/web:1"), platform("arn:td/web:3"))
    assert problem.field == "router.task_definitions.blue"


def test_what_is_held_stays_live_and_its_release_is_not_changed_with_it(script):
    swap = Swap("held", router=versions("held", "1", "2"), gates=[scripted(Phase.BEFORE)])
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed):
        swap.up("green")
    news = swap.inputs("green", router=versions("held", "3", "2"))
    assert [problem.field for problem in swap.service().check(swap.outputs, news)[1]] == ["router.versions.blue"]
    with pytest.raises(InvalidInput, match=r"router\.versions\.blue"):
        swap.service().update(swap.outputs, news)
    assert swap.here.weights == Weights.all_on("blue")


SECTIONS = {
    "azure_container_app": {"app_id": "a", "revisions": {"blue": "web--a", "green": "web--b"}},
    "azure_slots": {"app_id": "a", "images": {"blue": "app:1", "green": "app:2"}},
    "lambda_alias": {"function_name": "f", "alias_name": "live", "versions": {"blue": "1", "green": "2"}},
    "http_api_stage": {"api_id": "a", "stage_name": "s", "variable": "v", "values": {"blue": "x", "green": "y"}},
    "rest_api_canary": {"rest_api_id": "a", "stage_name": "s", "deployments": {"blue": "d1", "green": "d2"}},
    "ecs_native": {"cluster": "c", "service": "s", "task_definitions": {"blue": "td:1", "green": "td:2"}},
    "codedeploy": {"cluster": "c", "service": "s", "task_definitions": {"blue": "td:1", "green": "td:2"}},
    "argo_rollouts": {"namespace": "n", "rollout": "r", "workloads": {"blue": "w1", "green": "w2"}},
    "kubernetes_service": {"namespace": "n", "service": "s", "selectors": {"blue": {"v": "1"}, "green": {"v": "2"}}},
    "gateway_http_route": {"namespace": "n", "name": "r", "services": {"blue": "s1", "green": "s2"}},
    "istio_virtual_service": {
        "namespace": "n",
        "name": "r",
        "destinations": {"blue": {"host": "h", "subset": "1"}, "green": {"host": "h", "subset": "2"}},
    },
}
ANEW = {"alb", "alb_listeners", "nlb", "route53", "cloud_dns"}
"""Of these the targets are resources that a stack may make anew: tests/routers/test_going_elsewhere.py."""


@pytest.mark.parametrize("kind", SECTIONS)
def test_every_router_that_names_what_a_color_runs_refuses_another_one_under_traffic(kind):
    section = {"kind": kind, **SECTIONS[kind]}
    (key,) = (name for name, value in section.items() if isinstance(value, dict))
    olds = {"active_color": "blue", "releases": LABELS, "router": section}
    for color, refused in (("blue", [f"router.{key}.blue"]), ("green", [])):
        other = {**section[key], color: {"v": "9"} if isinstance(section[key][color], dict) else "9"}
        news = {**olds, "router": {**section, key: other}}
        assert [problem.field for problem in releases.refused(olds, news)] == refused
        assert contract.fingerprint(olds, color) != contract.fingerprint(news, color)


def test_every_router_says_what_of_its_section_tells_a_release():
    for kind in ROUTERS.entries:
        found = ROUTERS.load(kind)
        keys = ("target_keys",) if kind in ANEW else ("release_keys", "backend_keys")
        assert any(getattr(found, name, ()) for name in keys), kind


def test_a_note_that_names_what_a_color_runs_counts_and_any_other_does_not(script):
    def noted(text):
        return {"kind": "memory", "name": "noted", "note": text}

    swap = Swap("noted", releases=LABELS, router=noted("versions blue=1 green=2"), gates=[scripted(Phase.BEFORE)])
    swap.up("green")
    script.asked.clear()
    assert swap.up("blue", router=noted("versions blue=3 green=2"))["history"][0]["outcome"] == "promoted"
    assert script.asked
    (problem,) = swap.service().check(swap.outputs, swap.inputs("blue", router=noted("versions blue=4 green=2")))[1]
    assert (problem.field, problem.value) == ("router.note.blue", "4")
    swap = Swap("noted", router=noted("hosts"))
    swap.up("green")
    assert swap.up("blue", router=noted("other hosts"))["history"][0]["outcome"] == "rolled_back"


def test_a_version_that_nothing_said_before_is_another_one_and_so_is_none_at_all():
    swap = Swap("said", releases=LABELS)
    news = swap.inputs("blue", router=versions("said", "5", "2"))
    checked, (problem,) = swap.service().check(swap.outputs, news)
    assert checked["live_release_change"] == "blue: orders (versions none) -> orders (versions 5)"
    assert problem.allowed.startswith("nothing of that kind, which has production traffic")
    assert swap.service().check({**swap.outputs, "state_version": None}, news)[1], "it is another one all the same"
    older = {key: value for key, value in swap.outputs.items() if key != "state_version"}
    assert swap.service().check(older, news)[1] == [], "what an older state lacks is no change"
    swap = Swap("said", releases=LABELS, router=versions("said", "1", "2"))
    (problem,) = swap.service().check(swap.outputs, swap.inputs("blue", router={"kind": "memory", "name": "said"}))[1]
    assert "'1', which has production traffic" in problem.allowed
    assert "put the value for it into green, and promote that" in problem.allowed


@pytest.mark.parametrize("said", ["blue=5", "blue=5 green=2"], ids=["the live color", "both"])
def test_a_preview_refuses_a_version_that_nothing_said_before_as_the_update_does(said):
    """The engine's check has the last inputs alone, which do not say whether an older version wrote them."""
    swap = Swap("gains", releases=LABELS)
    router = {"kind": "memory", "name": "gains", "note": f"versions {said}"}
    for asked in (swap.preview, swap.up):
        with pytest.raises(InvalidInput, match=r"router\.note\.blue.*nothing of that kind"):
            asked("blue", router=router)
    with pytest.raises(InvalidInput, match=r"router\.note\.blue"):
        swap.service().update(swap.outputs, swap.inputs("blue", router=router))
    assert swap.here.moves == []
    swap.outputs = {key: value for key, value in swap.outputs.items() if key != "state_version"}
    swap.up("blue", router=router)  # what an older state lacks is no change


def test_a_preview_of_a_held_promotion_refuses_it_too(script):
    swap = Swap("gains", releases=LABELS, gates=[scripted(Phase.BEFORE)])
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed):
        swap.up("green")
    for asked in (swap.preview, swap.up):
        with pytest.raises(InvalidInput, match=r"router\.note\.blue"):
            asked("green", router={"kind": "memory", "name": "gains", "note": "versions blue=5"})


def test_a_mesh_route_that_says_the_same_hosts_in_another_way_leads_to_the_same():
    services = {"kind": "istio_virtual_service", "namespace": "n", "name": "r", "services": {"blue": "a", "green": "b"}}
    inputs = {"active_color": "blue", "releases": LABELS, "router": services}

    def leads(blue, **more):
        router = {**services, "destinations": {"blue": blue, "green": {"host": "b"}}, **more}
        return [problem.field for problem in releases.refused(inputs, {**inputs, "router": router})]

    assert leads({"host": "a"}) == leads({"host": "a"}, services=None) == leads({}) == []
    assert leads({"host": "c"}) == leads({"host": "a", "subset": "v2"}) == ["router.destinations.blue"]
    assert leads(UNKNOWN) == []


def test_endpoints_by_their_usual_names_are_no_others():
    profile = {"kind": "azure_traffic_manager", "profile_id": "/profiles/shop", "owner": "p/s/web"}
    inputs = {"active_color": "blue", "releases": LABELS, "router": profile}

    def refused(**endpoints):
        news = {**inputs, "router": {**profile, "endpoints": endpoints}}
        return [problem.field for problem in releases.refused(inputs, news)]

    assert refused(blue="blue", green="green") == refused(blue="Blue", green="GREEN") == []
    assert refused(blue="other", green="green") == refused(blue="green", green="blue") == ["router.endpoints.blue"]


def test_another_name_for_the_place_of_one_of_several_routers_changes_no_release():
    name, versions = "orders", {"blue": "1", "green": "2"}
    arn = f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"

    def of(function, live="1"):
        aliases = [{"kind": "lambda_alias", "alias_name": each, "versions": versions} for each in ("first", "second")]
        second = {**aliases[1], "function_name": function, "versions": {**versions, "blue": live}}
        return {"active_color": "blue", "releases": LABELS, "routers": [{**aliases[0], "function_name": name}, second]}

    assert releases.refused(of(name), of(arn)) == []
    (problem,) = releases.refused(of(name), of(arn, live="9"))
    assert (problem.field, problem.value) == ("routers[1].versions.blue", "9")
    outputs = {**of(name), "live_color": "blue", "state_version": 1}
    then = {**outputs, "proved": contract.fingerprint(outputs, "blue")}
    assert contract.caught_up(then, of(arn))["proved"] == contract.fingerprint(of(arn), "blue")
