"""Weighted record sets of Cloud DNS in Google's stand-in: what moves, what waits for caches, what others have there."""

from __future__ import annotations

import pytest

from bluegreen.fields import Fields
from bluegreen.google.dns.texts import quoted
from bluegreen.permissions import needed
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import InvalidInput, NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap.service import SwapService
from tests.routers.cloud_dns_workshop import NAME, NOTE, TARGETS, ZONE, running, section, simple, weighted

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
TENTH = Weights.split("green", 10)


@pytest.fixture
def world():
    with running() as made:
        yield made


def router(world, **more):
    kind, arguments = ROUTERS.parse(Fields(section(**more), "router"))
    return ROUTERS.build((kind, {**arguments, "clock": world.clock}))


def inputs(active="blue", **more):
    return {
        "name": "web",
        "active_color": active,
        "releases": {"blue": "v1", "green": "v2"},
        "router": section(**more),
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
        "converge_timeout_seconds": 300,
    }


def seen(world):
    """The shares after each change of the product's, by the zone's own list of changes."""
    return [
        {one["rrdatas"][0]: one["weight"] for one in record["routingPolicy"]["wrr"]["items"]}
        for change in world.google.dns.zones["shop", "example"].changes.values()
        for record in change["additions"]
        if record["type"] == "A"
    ]


# -- a swap


def test_a_promotion_and_its_rollback_leave_the_name_answered_at_every_moment(world):
    service = SwapService(clock=world.clock)
    _, outputs = service.create(inputs())
    assert world.shares() == {"blue": 100}
    outputs = service.update(outputs, inputs("green"))
    assert world.shares() == {"green": 100}
    outputs = service.update(outputs, inputs("blue"))
    assert outputs["history"][0]["outcome"] == "rolled_back"
    assert {TARGETS["blue"]: 90, TARGETS["green"]: 10} in seen(world)
    assert all(sum(shares.values()) == 100 for shares in seen(world))
    service.delete({**inputs(), **outputs})
    assert world.record() is None
    assert world.record(NOTE, "TXT") is None


def test_drift_is_told_in_a_preview_and_mended_by_the_next_update(world):
    service = SwapService(clock=world.clock)
    _, outputs = service.create(inputs())
    assert not service.diff(outputs, inputs()).changes
    world.put(weighted(blue=40, green=60))
    assert service.diff(outputs, inputs()).changes
    service.update(outputs, inputs())
    assert world.shares() == {"blue": 100}


def test_records_and_marks_move_in_one_change(world):
    made = router(world)
    made.write(BLUE)
    made.mark({"lease.1": "x"})
    made.write(TENTH)
    changes = [*world.google.dns.zones["shop", "example"].changes.values()]
    moved = changes[-1]
    assert {one["type"] for one in moved["deletions"]} == {one["type"] for one in moved["additions"]} == {"A", "TXT"}
    assert moved["deletions"] != moved["additions"]
    assert world.note()["lease.1"] == "x"


def test_it_takes_effect_once_nobody_keeps_an_answer_from_before(world):
    made = router(world)
    made.write(BLUE)
    world.clock.sleep(2)
    assert made.verify(BLUE) is Convergence.CONVERGED  # nobody had an answer
    made.read()
    world.google.works.held = True
    made.write(TENTH)
    world.clock.sleep(2)
    assert made.verify(TENTH) is Convergence.PENDING
    assert "telling its name servers" in made.progress()
    world.google.works.held = False
    world.clock.sleep(20)
    assert made.verify(TENTH) is Convergence.PENDING
    assert "120 s" in made.progress()
    calls = len(world.calls)
    world.clock.sleep(119)
    assert made.verify(TENTH) is Convergence.PENDING
    assert len(world.calls) == calls
    world.clock.sleep(1)
    assert made.verify(TENTH) is Convergence.CONVERGED
    assert made.progress() == ""


def test_nothing_is_retired_before_the_ttl_is_over(world):
    service = SwapService(clock=world.clock)
    _, outputs = service.create(inputs(ttl_seconds=300))
    began = world.clock.monotonic_seconds()
    service.update(
        outputs, {**inputs("green", ttl_seconds=300), "converge_timeout_seconds": 900, "strategy": {"steps": []}}
    )
    assert world.clock.monotonic_seconds() - began >= 360


# -- somebody else


def test_what_somebody_changes_between_look_and_write_is_looked_at_again(world):
    made = router(world)
    made.write(BLUE)
    made.read()
    world.put({**world.record(), "ttl": 30})
    made.write(TENTH)
    assert world.shares() == {"blue": 90, "green": 10}
    assert world.record()["ttl"] == 60


def test_traffic_that_somebody_moved_between_look_and_write_stays(world):
    made = router(world)
    made.write(BLUE)
    made.read()
    made.write(BLUE)
    world.put(weighted(blue=40, green=60))
    with pytest.raises(TrafficMoved):
        made.write(GREEN)
    assert world.shares() == {"blue": 40, "green": 60}


def test_a_mark_of_another_process_is_never_lost(world):
    made, other = router(world), router(world)
    made.write(BLUE)
    made.read()
    other.read()
    other.mark({"abort": "me"})
    made.write(TENTH)
    made.mark({"lease.1": "x"})
    assert dict(router(world).marks()) == {"abort": "me", "lease.1": "x"}


def test_a_change_whose_answer_was_lost_is_found_done(world):
    made = router(world)
    made.write(BLUE)
    made.read()
    answer, lost = world.google.answer, []

    def losing(verb, path, query, body, host):
        found = answer(verb, path, query, body, host)
        if verb == "POST" and not lost:
            lost.append(path)
            return answer("POST", path, query, body, host)  # as the client sends it again: it does not fit any more
        return found

    world.google.answer = losing
    made.write(TENTH)
    assert lost
    assert world.shares() == {"blue": 90, "green": 10}
    assert made.verify(TENTH) is Convergence.PENDING
    world.clock.sleep(120)
    assert made.verify(TENTH) is Convergence.CONVERGED


def test_records_of_anothers_are_left_alone(world):
    router(world).write(BLUE)
    with pytest.raises(NotOwned, match="owned by project/stack/web; this swap is other/stack/web"):
        router(world, owner="other/stack/web").read()


def test_a_strangers_text_beside_the_name_is_no_note(world):
    world.put({"name": NOTE, "type": "TXT", "ttl": 60, "rrdatas": ['"v=spf1 -all"']})
    with pytest.raises(NotOwned, match="was not made by bluegreen"):
        router(world).read()


# -- what is there already


@pytest.mark.parametrize("adopted", ["zzz", "bm8=", "//8=", "MQ=="])
def test_a_note_that_somebody_has_spoilt_is_told_of_by_its_name(world, adopted):
    made = router(world)
    made.write(BLUE)
    note = world.record(NOTE, "TXT")
    values = [*note["rrdatas"], quoted(f"bluegreen:adopted.A={adopted}")]
    world.put({**note, "rrdatas": values})
    with pytest.raises(PlatformError, match=r"_bluegreen\.app\.example\.com has a value bluegreen:adopted… that"):
        router(world).read()


def test_a_note_without_a_count_of_its_changes_begins_anew(world):
    made = router(world)
    made.write(BLUE)
    note = world.record(NOTE, "TXT")
    values = [quoted("bluegreen:changes=x") if "changes" in one else one for one in note["rrdatas"]]
    world.put({**note, "rrdatas": values})
    made = router(world)
    made.read()
    made.write(GREEN)
    assert world.note()["bluegreen:changes"] == "1"
    assert world.shares() == {"green": 100}


def test_weights_that_only_rounding_tells_from_the_whole_are_no_leak(world):
    """0.9 + 5.3 and 5.9 + 1.8 are less than 0.9 + 5.9 + 5.3 + 1.8, in that order."""
    items = [
        {"weight": weight, "rrdatas": [TARGETS[color]]}
        for weight, color in ((0.9, "blue"), (5.9, "green"), (5.3, "blue"), (1.8, "green"))
    ]
    world.put({"name": NAME, "type": "A", "ttl": 60, "routingPolicy": {"wrr": {"items": items}}})
    assert router(world, adopt=True).read().weights == Weights(blue=45, green=55)


def test_records_that_are_there_are_refused_unless_they_are_to_be_adopted(world):
    world.put(simple(TARGETS["blue"]))
    with pytest.raises(NotOwned, match="`adopt` takes such records over"):
        router(world).read()
    assert router(world, adopt=True).read().weights == BLUE


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (simple("203.0.113.9"), "leads to 203.0.113.9, which is neither color's target"),
        ({**simple(TARGETS["blue"]), "ttl": 3600}, "has a TTL of 3600 s, more than ttl_seconds"),
        (
            {
                "name": NAME,
                "type": "A",
                "ttl": 60,
                "routingPolicy": {"geo": {"items": [{"location": "us-east1", "rrdatas": [TARGETS["blue"]]}]}},
            },
            "routingPolicy.geo",
        ),
    ],
)
def test_what_cannot_be_adopted_is_refused_by_its_reason(world, record, said):
    world.put(record)
    with pytest.raises(NotOwned, match=said):
        router(world, adopt=True).read()
    assert world.record() == {"kind": "dns#resourceRecordSet", **record}


def test_an_adoption_moves_traffic_and_nothing_else(world):
    """The TTL, a health check, another item and a field that nobody knows go back as they were read."""
    theirs = weighted(blue=3, green=0, white=1)
    theirs["ttl"] = 30
    theirs["routingPolicy"]["healthCheck"] = "https://compute.test/healthChecks/web"
    theirs["routingPolicy"]["wrr"]["items"][2]["unheardOf"] = {"a": 1}
    theirs["unheardOf"] = "kept"
    world.google.dns.zones["shop", "example"].records[NAME, "A"] = {"kind": "dns#resourceRecordSet", **theirs}
    made = router(world, adopt=True)
    assert made.read().weights == BLUE
    made.mark({"lease.1": "x"})
    assert world.record() == {"kind": "dns#resourceRecordSet", **theirs}


def test_items_of_others_keep_their_part(world):
    world.put(weighted(blue=3, white=1))
    made = router(world, adopt=True)
    made.read()
    made.write(TENTH)
    shares = world.shares()
    assert shares["white"] == 1
    assert shares["blue"] + shares["green"] == pytest.approx(3)
    assert made.read().weights == TENTH
    made.write(GREEN)
    assert world.shares() == {"green": pytest.approx(3), "white": 1}


def test_an_item_with_more_than_its_values_is_kept_at_no_weight(world):
    checked = {"externalEndpoints": [TARGETS["blue"]]}
    record = weighted(green=0)
    record["routingPolicy"]["healthCheck"] = "https://compute.test/healthChecks/web"
    record["routingPolicy"]["wrr"]["items"].append({"weight": 1, "healthCheckedTargets": checked})
    world.put(record)
    made = router(world, adopt=True)
    assert made.read().weights == BLUE
    made.write(GREEN)
    assert {"weight": 0, "healthCheckedTargets": checked} in world.items()
    assert world.record()["routingPolicy"]["healthCheck"] == "https://compute.test/healthChecks/web"
    assert made.read().weights == GREEN


def test_what_was_adopted_comes_back_as_it_was(world):
    theirs = simple(TARGETS["blue"], ttl=30)
    world.put(theirs)
    made = router(world, adopt=True)
    made.read()
    made.write(TENTH)
    assert world.record()["ttl"] == 30
    made.write(BLUE)
    router(world, adopt=True).delete()
    assert world.record() == {"kind": "dns#resourceRecordSet", **theirs}
    assert world.record(NOTE, "TXT") is None


def test_what_was_adopted_stays_where_another_color_is_live_by_now(world):
    world.put(simple(TARGETS["blue"]))
    made = router(world, adopt=True)
    made.read()
    made.write(GREEN)
    router(world, adopt=True).delete()
    assert world.shares() == {"green": 100}
    assert world.record(NOTE, "TXT") is None


def test_what_somebody_added_to_an_adopted_record_survives_the_destroy(world):
    world.put(simple(TARGETS["blue"]))
    made = router(world, adopt=True)
    made.read()
    made.write(BLUE)
    world.put(weighted(blue=3, white=1))
    router(world, adopt=True).delete()
    assert world.shares() == {"blue": 3, "white": 1}


# -- names, types and targets


def test_names_have_one_form(world):
    router(world, record_name="App.Example.COM.").write(BLUE)
    assert world.shares() == {"blue": 100}
    made = router(world)
    assert made.read().weights == BLUE
    assert made.id == f"{ZONE}/app.example.com"


def test_host_names_are_records_of_that_kind(world):
    world.put({"name": NAME, "type": "CNAME", "ttl": 60, "rrdatas": ["Blue.Example.net."]})
    targets = {"blue": "blue.example.net", "green": "green.example.net"}
    made = router(world, targets=targets, adopt=True)
    assert made.read().weights == BLUE
    made.write(TENTH)
    assert made.read().weights == TENTH
    assert {one["rrdatas"][0].lower() for one in world.items("CNAME")} == {"blue.example.net.", "green.example.net."}


def test_both_versions_of_ip_move_together(world):
    targets = {"blue": [TARGETS["blue"], "2001:DB8:0::1"], "green": [TARGETS["green"], "2001:db8::2"]}
    made = router(world, targets=targets)
    made.write(TENTH)
    assert [one["rrdatas"] for one in world.items("AAAA")] == [["2001:db8::1"], ["2001:db8::2"]]
    assert world.shares() == {"blue": 90, "green": 10}
    world.put({"name": NAME, "type": "AAAA", "ttl": 60, "rrdatas": ["2001:db8::2"]})
    assert router(world, targets=targets).read().weights == Weights(0, 10)  # of both, the smallest


def test_a_color_that_leads_elsewhere_by_now_is_led_where_it_is_declared(world):
    made = router(world)
    made.write(BLUE)
    moved = router(world, targets={**TARGETS, "blue": "203.0.113.77"})
    assert moved.read().weights == Weights()
    moved.mark({"lease.1": "x"})  # which must not make a stranger's of the former address
    moved.write(BLUE)
    assert [one["rrdatas"] for one in world.items()] == [["203.0.113.77"]]


def test_a_version_of_ip_that_the_colors_have_no_more_goes_but_for_others_items(world):
    both = {"blue": [TARGETS["blue"], "2001:db8::1"], "green": [TARGETS["green"], "2001:db8::2"]}
    router(world, targets=both).write(BLUE)
    made = router(world)
    assert made.read().weights == Weights()  # half of the clients are led where no color is
    made.write(BLUE)
    assert world.record(kind="AAAA") is None
    router(world, targets=both).write(BLUE)
    theirs = {"weight": 1.0, "rrdatas": ["2001:db8::9"]}
    record = world.record(kind="AAAA")
    items = [*record["routingPolicy"]["wrr"]["items"], theirs]
    world.put({**record, "routingPolicy": {"wrr": {"items": items}}})
    with pytest.raises(PlatformError, match="has items of others, and the colors have no AAAA targets any more"):
        router(world).write(BLUE)
    assert world.items("AAAA") == items


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"zone": "example"}, "router.zone"),
        ({"record_name": "*.example.com"}, "router.record_name"),
        ({"record_name": "app"}, "router.record_name"),
        ({"ttl_seconds": -1}, "router.ttl_seconds"),
        ({"ttl_seconds": 1.5}, "router.ttl_seconds"),
        ({"targets": {"blue": "203.0.113.1"}}, "router.targets.green"),
        ({"targets": {"blue": "203.0.113.1", "green": "203.0.113.1"}}, "router.targets.green"),
        ({"targets": {"blue": "203.0.113.1", "green": "green.example.net"}}, "router.targets.green"),
        ({"targets": {"blue": "https://a.example.net", "green": "b.example.net"}}, "router.targets.blue"),
        ({"targets": {"blue": ["a.example.net", "203.0.113.1"], "green": "203.0.113.2"}}, "router.targets.blue"),
        ({"targets": {"blue": [], "green": "203.0.113.2"}}, "router.targets.blue"),
        ({"targets": {"blue": 7, "green": "203.0.113.2"}}, "router.targets.blue"),
        ({"owner": "a" * 300}, "router.owner"),
    ],
)
def test_what_is_wrong_is_named(world, more, field):
    with pytest.raises(InvalidInput) as refused:
        SwapService(clock=world.clock).create({**inputs(), "router": section(**more)})
    assert field in {problem.field for problem in refused.value.problems}
    assert world.calls == []


# -- the rest


def test_the_permissions_are_enough_and_none_of_them_is_too_much(world):
    world.google.allowed = frozenset(permission.action for permission in needed(["cloud_dns"]))
    made = router(world)
    made.write(BLUE)
    made.mark({"lease.1": "x"})
    made.write(TENTH)
    world.clock.sleep(3)
    made.verify(TENTH)
    made.health("blue")
    made.delete()
    assert {*world.google.calls, *world.google.beside} >= world.google.allowed
    world.google.allowed -= {"dns.changes.create"}
    with pytest.raises(PlatformError, match=r"dns\.changes\.create"):
        made.write(BLUE)


def test_a_zone_that_is_not_there_is_named(world):
    with pytest.raises(PlatformError, match="there is no managed zone projects/shop/managedZones/other"):
        router(world, zone="projects/shop/managedZones/other").read()


def test_a_host_name_that_does_not_resolve_is_not_ready(world):
    made = router(world, targets={"blue": "blue.invalid", "green": "green.invalid"})
    assert "blue.invalid does not resolve" in made.health("blue").reason


def test_the_commands_by_hand_say_what_the_record_is_then(world):
    made = router(world)
    made.read()
    (created,) = made.commands(TENTH)
    assert created.startswith("gcloud dns record-sets create app.example.com. --zone=example --project=shop --type=A")
    assert "--routing-policy-type=WRR --routing-policy-data='90=203.0.113.1;10=203.0.113.2'" in created
    made.write(BLUE)
    assert made.commands(TENTH)[0].startswith("gcloud dns record-sets update")
    assert "list" in made.commands(Weights())[0]
