"""Releases that the swap itself brings: to a color without traffic, under its lease, before any gate runs."""

from __future__ import annotations

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import WORLDS, MemoryRouter, world
from bluegreen.rollout.errors import InvalidInput, PlatformError, SwapFailed
from bluegreen.rollout.model import COLORS, Decision, Phase, Weights
from bluegreen.swap.installing import ANEW
from bluegreen.swap.lease import leases_in
from dev.matrix.engine import ADAPTERS
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import scripted

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
PROMOTED = [Weights.split("green", 10), Weights.split("green", 50), GREEN]


@pytest.fixture(params=ADAPTERS, autouse=True)
def either_adapter(request, monkeypatch):
    monkeypatch.setattr(Swap, "adapter", request.param)


def installing(name, blue, green):
    """The inputs that say what each color runs."""
    router = {"kind": "memory", "name": name, "install": {"blue": blue, "green": green}}
    return {"router": router, "releases": {"blue": blue, "green": green}}


def swap_of(name, **more):
    return Swap(name, **{**installing(name, "v1", "v1"), **more})


def test_a_first_start_brings_the_release_that_starts_and_afterwards_the_other_one():
    swap = Swap("first", started=False, **installing("first", "v1", "v2"))
    swap.up("blue")
    assert swap.here.installed == {"blue": ["v1"], "green": ["v2"]}
    calls = swap.here.calls
    assert [one for one in calls if one in ("router.install", "router.create")] == [
        "router.install",
        "router.create",
        "router.install",
    ]
    assert not leases_in(swap.here.marks)


def test_a_release_comes_to_the_idle_color_also_where_the_active_color_stays(monkeypatch):
    swap, leases = swap_of("stays"), []
    install = MemoryRouter.install
    monkeypatch.setattr(
        MemoryRouter,
        "install",
        lambda router, color: (leases.append(leases_in(swap.here.marks)), install(router, color)),
    )
    difference = swap.service().diff(swap.outputs, swap.inputs("blue", **installing("stays", "v1", "v2")))
    assert difference.notes[0] == "install green: v2, 0 %"
    swap.up("blue", **installing("stays", "v1", "v2"))
    assert swap.here.installed == {"blue": ["v1"], "green": ["v1", "v2"]}
    assert (swap.here.weights, swap.here.moves) == (BLUE, [])
    (lease,) = leases
    assert lease, "it was installed without the lease"
    assert not leases_in(swap.here.marks)
    assert swap.here.retiring == {"green": 0}, "an idle release comes to rest"
    asked = swap.service().diff(swap.outputs, swap.inputs("green", **installing("stays", "v1", "v2")))
    assert asked.notes[0] == "green: already installed: v2"


def test_what_is_installed_already_is_not_installed_again_and_nothing_is_due():
    swap = swap_of("there")
    swap.here.calls.clear()
    news = swap.inputs("blue")
    assert not swap.service().diff(swap.outputs, news).changes
    swap.service().update(swap.outputs, news)
    assert set(swap.here.calls) == {"router.read", "router.installed"}


def test_a_promotion_installs_before_it_prepares_and_asks_its_gates(script):
    swap = swap_of("order", gates=[scripted(Phase.BEFORE)])
    swap.up("green", **installing("order", "v1", "v2"))
    calls = swap.here.calls
    assert calls.count("router.install") == 1
    assert calls.index("router.install") < calls.index("capacity.prepare") < calls.index("router.write", 20)
    assert swap.here.moves == PROMOTED
    assert swap.outputs["history"][0]["outcome"] == "promoted"


@pytest.mark.parametrize("active", COLORS)
def test_another_release_of_the_live_color_is_refused_unless_the_other_color_is_promoted(active):
    swap = swap_of("live")
    news = swap.inputs(active, **installing("live", "v2", "v1"))
    _, problems = swap.service().check(swap.inputs("blue"), news)
    if active == "green":  # a promotion to the other one: blue gets it when its traffic is gone
        assert problems == []
        return
    (problem,) = map(str, problems)
    assert problem.startswith("router.install.blue")
    swap.here.calls.clear()
    with pytest.raises(InvalidInput, match=r"router\.install\.blue"):
        swap.service().update(swap.outputs, news)
    assert swap.here.calls == []


def test_a_reverted_commit_moves_traffic_first_and_installs_afterwards():
    swap = swap_of("reverted")
    swap.up("green", **installing("reverted", "v1", "v2"))
    swap.here.moves.clear()
    swap.here.calls.clear()
    news = swap.inputs("blue", **installing("reverted", "v1", "v0"))
    notes = swap.service().diff(swap.outputs, news).notes
    assert notes[0] == "install green: v0, 0 %, once green has no traffic any more"
    swap.here.calls.clear()
    swap.up("blue", **installing("reverted", "v1", "v0"))
    assert swap.outputs["history"][0]["outcome"] == "rolled_back"
    assert swap.here.moves == [BLUE]
    assert swap.here.installed["green"] == ["v1", "v2", "v0"]
    assert swap.here.calls.index("router.write") < swap.here.calls.index("router.install")
    assert not swap.service().diff(swap.outputs, news).changes


def test_a_former_release_that_is_gone_is_installed_again_and_promoted_with_gates(script):
    swap = swap_of("gone", gates=[scripted(Phase.BEFORE)])
    swap.up("green", **installing("gone", "v1", "v2"))
    swap.here.installed["blue"].clear()
    swap.here.moves.clear()
    script.asked.clear()
    both = installing("gone", "v1", "v2")
    notes = swap.service().diff(swap.outputs, swap.inputs("blue", **both)).notes
    assert notes[:2] == (
        "install blue: v1, 0 %",
        "what blue ran before is gone: it is installed again, and promoted with gates",
    )
    swap.up("blue", **both)
    assert swap.outputs["history"][0]["outcome"] == "promoted"
    assert swap.here.moves == [Weights.split("blue", 10), Weights.split("blue", 50), BLUE]
    assert script.asked, "no gate was asked"
    assert ANEW not in swap.here.marks


def test_what_was_installed_again_by_a_swap_that_ended_there_is_still_no_way_back(script, monkeypatch):
    swap = swap_of("ended", gates=[scripted(Phase.BEFORE)])
    both = installing("ended", "v1", "v2")
    swap.up("green", **both)
    swap.here.installed["blue"].clear()
    with monkeypatch.context() as broken:

        def gone(*_):
            raise PlatformError("memory:Prepare", "the network is gone")

        broken.setattr(MemoryCapacity, "cancel_retirement", gone)
        with pytest.raises(SwapFailed):
            swap.service().update(swap.outputs, swap.inputs("blue", **both))
    assert swap.here.installed["blue"] == ["v1"]
    script.asked.clear()
    swap.here.moves.clear()
    notes = swap.service().diff(swap.outputs, swap.inputs("blue", **both)).notes
    assert not any(note.startswith("rollback") for note in notes), notes
    swap.up("blue", **both)
    assert swap.outputs["history"][0]["outcome"] == "promoted"
    assert script.asked
    assert ANEW not in swap.here.marks


def test_a_gates_no_about_what_was_installed_again_sticks(script):
    swap = swap_of("sticks", gates=[scripted(Phase.BEFORE)])
    both = installing("sticks", "v1", "v2")
    swap.up("green", **both)
    swap.here.installed["blue"].clear()
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed):
        swap.service().update(swap.outputs, swap.inputs("blue", **both))
    script.asked.clear()
    outputs = swap.service().update(swap.outputs, swap.inputs("blue", **both))
    assert outputs["held"]["color"] == "blue"
    assert (script.asked, swap.here.weights) == ([], GREEN)


def test_a_release_that_takes_traffic_by_itself_is_put_back_and_no_color_is_promoted(monkeypatch):
    swap = swap_of("takes")
    install = MemoryRouter.install

    def takes(router, color):
        install(router, color)
        swap.here.weights = Weights.split(color, 30)

    monkeypatch.setattr(MemoryRouter, "install", takes)
    with pytest.raises(PlatformError, match="they were put back, and no color is promoted"):
        swap.service().update(swap.outputs, swap.inputs("green", **installing("takes", "v1", "v2")))
    assert swap.here.weights == BLUE
    assert not leases_in(swap.here.marks)


def test_a_release_that_cannot_be_brought_moves_nothing_and_is_tried_again(monkeypatch):
    swap = swap_of("tries")
    with monkeypatch.context() as broken:

        def refused(*_):
            raise PlatformError("memory:Install", "there is no such image")

        broken.setattr(MemoryRouter, "install", refused)
        with pytest.raises(PlatformError, match="no such image"):
            swap.service().update(swap.outputs, swap.inputs("green", **installing("tries", "v1", "v2")))
    assert (swap.here.weights, swap.here.moves) == (BLUE, [])
    assert not leases_in(swap.here.marks)
    swap.up("green", **installing("tries", "v1", "v2"))
    assert swap.here.weights == GREEN


def test_what_is_left_keeps_its_former_release_where_its_new_one_cannot_be_brought_and_gets_it_later(monkeypatch):
    swap = swap_of("later")
    swap.up("green", **installing("later", "v1", "v2"))
    news = installing("later", "v1", "v0")
    with monkeypatch.context() as broken:

        def refused(*_):
            raise PlatformError("memory:Install", "there is no such image")

        broken.setattr(MemoryRouter, "install", refused)
        swap.up("blue", **news)
    assert swap.here.weights == BLUE
    assert any("green keeps its former release" in event.text for event in swap.events)
    assert swap.service().diff(swap.outputs, swap.inputs("blue", **news)).changes
    swap.up("blue", **news)
    assert swap.here.installed["green"][-1] == "v0"


def test_a_color_that_waits_at_its_pause_is_not_installed_over():
    swap = swap_of("pause", promote_to_percent=10)
    swap.up("green", **installing("pause", "v1", "v2"))
    with pytest.raises(InvalidInput, match=r"router\.install\.green"):
        swap.service().update(swap.outputs, swap.inputs("green", **installing("pause", "v1", "v3")))


def test_several_routers_install_each_what_it_has_not_got():
    def both(blue, green):
        routers = [
            {"kind": "memory", "name": name, "install": {"blue": blue, "green": green}} for name in ("one", "two")
        ]
        return {"routers": routers, "router": None, "releases": {"blue": blue, "green": green}, "capacity": None}

    for name in ("one", "two"):
        WORLDS.pop(name, None)
    swap = Swap("several", **both("v1", "v1"))
    world("two").installed["green"].append("v2")
    swap.up("green", **both("v1", "v2"))
    assert [world(name).installed["green"][-1] for name in ("one", "two")] == ["v2", "v2"]
    assert world("one").calls.count("router.install") == world("two").calls.count("router.install") + 1
    assert [world(name).weights for name in ("one", "two")] == [GREEN, GREEN]


def test_a_swap_that_installs_nothing_asks_nothing_about_it():
    swap = Swap("none")
    swap.up("green")
    swap.up("blue")
    assert not {one for one in swap.here.calls if "install" in one}


def test_a_release_that_the_update_itself_makes_is_told_without_a_look_for_it():
    swap = swap_of("unknown")
    news = swap.inputs("blue", **installing("unknown", "v1", UNKNOWN))
    _, problems = swap.service().check(swap.inputs("blue"), news)
    assert problems == []
    swap.here.calls.clear()
    difference = swap.service().diff(swap.outputs, news)
    assert difference.notes[0] == "install green: what is known once this update has made it, 0 %"
    assert "router.installed" not in swap.here.calls
    promoted = {**news, "active_color": "green"}
    assert swap.service().diff(swap.outputs, promoted).changes


@pytest.mark.parametrize("fails", [True, False], ids=["and it fails", "and it is there"])
def test_what_moves_while_the_color_that_was_left_gets_its_release_is_no_success(monkeypatch, fails):
    swap = swap_of("afterwards")
    swap.up("green", **installing("afterwards", "v1", "v2"))
    install, half = MemoryRouter.install, Weights(blue=50, green=50)

    def installed(router, color):
        install(router, color)
        swap.here.weights = half if fails else Weights(blue=60, green=0)
        if fails:
            raise PlatformError("Install", "no answer")

    monkeypatch.setattr(MemoryRouter, "install", installed)
    with pytest.raises(SwapFailed, match="somebody else moved them") as failed:
        swap.up("blue", **installing("afterwards", "v1", "v0"))
    assert failed.value.weights == swap.here.weights
