"""A swap that installs a container app's release ends at any of its calls, and the next update puts all right."""

from __future__ import annotations

import re

import pytest

from bluegreen.platforms.templates import suffix
from bluegreen.rollout.clock import FakeClock
from tests.amounts import stride
from tests.routers.azure_kills import Bare, Killed, inputs, service
from tests.routers.azure_workshop import release

pytestmark = pytest.mark.sweep

BLUE = suffix("blue", release("blue"))
GREEN = suffix("green", release("green", "v2"))


def started(clock):
    bare = Bare()
    with bare.asked():
        _, outputs = service(clock).create(inputs("blue", green="v1"))
    bare.calls.clear()
    bare.seen.clear()
    return bare, outputs


def calls_of(news, *before):
    """The number of calls of an update, after others."""
    clock = FakeClock()
    bare, outputs = started(clock)
    with bare.asked():
        for one in before:
            outputs = service(clock).update(outputs, one)
        bare.calls.clear()
        service(clock).update(outputs, news)
    return list(bare.calls)


def served(bare):
    """All requests went to revisions that answer, all the time."""
    known = bare.revisions()
    for shares in bare.seen:
        assert sum(shares.values()) == 100, shares
        assert set(shares) <= known.keys()
    for name in bare.shares():
        assert known[name]["active"], f"{name} has requests and is not active"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_promotion_with_a_release_is_taken_up_wherever_it_ended(when):
    number_of_calls = len(calls_of(inputs("green")))
    assert number_of_calls > 20
    for number in range(when == "after", number_of_calls, stride(7)):
        clock = FakeClock()
        bare, outputs = started(clock)
        with pytest.raises(Killed), bare.asked(lambda at, _, number=number: when if at == number else ""):
            service(clock).update(outputs, inputs("green"))
        served(bare)
        clock.sleep(700)  # until nobody may think that the other one runs
        with bare.asked():
            outputs = service(clock).update(outputs, inputs("green"))
        served(bare)
        assert outputs["live_color"] == "green", number
        assert bare.shares() == {GREEN: 100}
        assert [name for name in bare.revisions() if name.startswith("green")].count(GREEN) == 1
        with bare.asked():
            assert not service(clock).diff(outputs, inputs("green")).changes, number


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_rollback_is_taken_up_wherever_it_ended(when):
    number_of_calls = len(calls_of(inputs("blue"), inputs("green")))
    for number in range(1 + (when == "after"), number_of_calls, stride(7)):
        clock = FakeClock()
        bare, outputs = started(clock)
        with bare.asked():
            outputs = service(clock).update(outputs, inputs("green"))
        bare.calls.clear()
        with pytest.raises(Killed), bare.asked(lambda at, _, number=number: when if at == number else ""):
            service(clock).update(outputs, inputs("blue"))
        served(bare)
        clock.sleep(700)
        with bare.asked():
            outputs = service(clock).update(outputs, inputs("blue"))
        served(bare)
        assert (outputs["live_color"], bare.shares()) == ("blue", {BLUE: 100}), number


def test_a_promotion_with_a_release_and_a_rollback_make_no_more_calls_than_these():
    at_once = {"strategy": {"steps": []}, "scale_down_delay_seconds": 3600}
    release_and_promotion = calls_of(inputs("green", **at_once))
    promotion = calls_of(inputs("green", **at_once), inputs("blue", **at_once))
    rollback = calls_of(inputs("blue", **at_once), inputs("green", **at_once))
    assert (len(release_and_promotion), len(promotion), len(rollback)) == (26, 21, 17)


def test_a_promotion_with_a_release_makes_four_writes_of_the_app():
    made = calls_of(inputs("green"))
    writes = [call for call in made if call == "Microsoft.App/containerApps/write"]
    assert len(writes) == 4  # the release, the rehearsal, 10 %, 100 %


def test_the_lease_outlasts_the_start_of_a_revision_as_no_tag_can_be_written_meanwhile():
    clock = FakeClock()
    bare, outputs = started(clock)
    leases = []

    def look(_, action):
        if action == "Microsoft.App/containerApps/write":
            tags = bare.body()["tags"]
            leases.extend(value for name, value in tags.items() if "mark:lease." in name)
        return ""

    with bare.asked(look):
        service(clock).update(outputs, inputs("green"))
    assert re.search(r" for [67]\d\d s\b", leases[0]), leases[0]
