"""Two listeners of a network load balancer in the emulator, read back through its API."""

import pytest

from bluegreen.aws.elb import elbv2
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import NotOwned, SwapFailed
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap import contract
from bluegreen.swap.service import SwapService
from tests.routers import nlb_workshop

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


def build(section):
    fields = Fields(section, "router")
    parsed = ROUTERS.parse(fields)
    assert parsed is not None, fields.problems
    return ROUTERS.build(parsed)


@pytest.fixture
def live(nlb):
    """The load balancer as a stack makes it: blue in production, green in test, without an owner yet."""
    for listener, group in (("production", "blue"), ("test", "green")):
        nlb.forward(listener, group)
    yield nlb
    for listener, arn in nlb.listeners.items():
        nlb.elb.remove_tags(ResourceArns=[arn], TagKeys=[*nlb.tags(listener), "none"])


@pytest.fixture
def adopted(live):
    """The same, when production was there before the swap."""
    return nlb_workshop.section(live, made_with_it=False)


def test_adopting_a_listener_moves_no_traffic(live, adopted):
    build(adopted).write(BLUE)
    assert (live.forwards("production"), live.forwards("test")) == ("blue", "green")
    assert build(adopted).read().weights == BLUE


def test_adopting_a_listener_for_the_other_color_is_refused(live, adopted):
    with pytest.raises(NotOwned, match="set activeColor to the color that it forwards to"):
        build(adopted).write(GREEN)
    assert live.forwards("production") == "blue"
    assert live.tags("production") == {}


def test_a_listener_that_forwards_to_a_stranger_is_refused(live):
    live.forward("production", "stranger")
    with pytest.raises(NotOwned, match="stranger"):
        build(nlb_workshop.section(live)).write(BLUE)
    assert live.forwards("production") == "stranger"


def test_a_listener_of_another_swap_is_refused(live, adopted):
    build(adopted).write(BLUE)
    with pytest.raises(NotOwned, match=nlb_workshop.OWNER):
        build({**adopted, "owner": "project/stack/other"}).read()


def test_traffic_that_was_moved_to_a_stranger_shows(live, adopted):
    build(adopted).write(BLUE)
    live.forward("production", "stranger")
    assert build(adopted).read().weights == Weights(0, 0)


def test_a_kill_between_the_two_writes_shows_and_the_next_write_heals_it(live):
    section = nlb_workshop.section(live)
    build(section).write(BLUE)
    live.forward("production", "green")  # what a kill right after the first write leaves
    assert build(section).read().weights == GREEN
    assert build(section).verify(GREEN) is Convergence.PENDING
    build(section).write(GREEN)
    assert build(section).verify(GREEN) is Convergence.CONVERGED
    assert (live.forwards("production"), live.forwards("test")) == ("green", "blue")


def test_a_test_listener_that_was_moved_by_hand_is_put_right_by_the_next_write(live):
    section = nlb_workshop.section(live)
    build(section).write(BLUE)
    live.forward("test", "stranger")
    assert build(section).verify(BLUE) is Convergence.PENDING
    build(section).write(BLUE)
    assert live.forwards("test") == "green"


def test_without_a_test_listener_production_is_all(live):
    section = nlb_workshop.section(live, test_listener_arn=None)
    build(section).write(GREEN)
    assert build(section).verify(GREEN) is Convergence.CONVERGED
    assert (live.forwards("production"), live.forwards("test"), live.tags("test")) == ("green", "green", {})


def test_the_end_leaves_both_listeners_as_they_are_without_our_tags(live):
    live.elb.add_tags(ResourceArns=[live.listeners["production"]], Tags=[{"Key": "team", "Value": "shop"}])
    section = nlb_workshop.section(live)
    build(section).write(GREEN)
    build(section).mark({"lease.1": "x"})
    build(section).delete()
    assert (live.forwards("production"), live.forwards("test")) == ("green", "blue")
    assert (live.tags("production"), live.tags("test")) == ({"team": "shop"}, {})


def test_a_whole_color_is_written_without_a_weight(live):
    # Where network load balancers have no weights the API refuses one.
    assert '"Weight"' not in str(build(nlb_workshop.section(live)).commands(GREEN))


def test_a_step_gives_production_weights_and_leaves_the_test_listener(live):
    section = nlb_workshop.section(live)
    build(section).write(BLUE)
    step = Weights.split("green", 10)
    build(section).write(step)
    assert live.shares("production") == {"blue": 90, "green": 10}
    assert live.forwards("test") == "green", "who is promoted"
    router = build(section)
    assert router.read().weights == step
    assert router.verify(step) is Convergence.CONVERGED
    assert router.verify(Weights.split("green", 20)) is Convergence.PENDING
    (command,) = router.commands(step)
    assert '"Weight": 10' in command or '"Weight":10' in command
    build(section).write(GREEN)
    assert (live.forwards("production"), live.forwards("test")) == ("green", "blue")


def test_a_split_listener_is_adopted_by_neither_color(live, adopted):
    live.split("production", {"blue": 90, "green": 10})
    with pytest.raises(NotOwned, match="taking it over must not move traffic"):
        build(adopted).write(BLUE)
    assert live.shares("production") == {"blue": 90, "green": 10}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"listener_arn": ""}, "router.listener_arn"),
        ({"made_with_it": "yes"}, "router.made_with_it"),
        ({"priority": 100}, "router.priority"),
        ({"test_listener_arn": "same"}, "router.test_listener_arn"),
    ],
)
def test_bad_input_is_refused_by_name(live, changes, named):
    section = nlb_workshop.section(live, **changes)
    if changes.get("test_listener_arn") == "same":
        section["test_listener_arn"] = section["listener_arn"]
    fields = Fields(section, "router")
    assert ROUTERS.parse(fields) is None
    assert named in [problem.field for problem in fields.problems]


def test_steps_are_taken(live):
    inputs = {
        "active_color": "blue",
        "releases": {"blue": "app:v1", "green": "app:v2"},
        "router": nlb_workshop.section(live),
        "strategy": "ECSCanary10Percent5Minutes",
    }
    assert contract.problems_in(inputs) == []


def test_a_swap_whose_color_has_no_healthy_target_restores_what_was_live(live):
    section = nlb_workshop.section(live)
    build(section).write(BLUE)
    inputs = {
        "active_color": "green",
        "releases": {"blue": "app:v1", "green": "app:v2"},
        "router": section,
        "steady_state_timeout_seconds": 1,
        "poll_interval_seconds": 0.1,
    }
    with pytest.raises(SwapFailed, match="no target is registered"):
        SwapService().update({**inputs, "active_color": "blue", "live_color": "blue"}, inputs)
    assert (live.forwards("production"), live.forwards("test")) == ("blue", "green")


def test_of_two_that_take_a_listener_over_at_once_the_one_that_is_seen_too_late_steps_back(live, monkeypatch):
    """The other one comes between the first one's look and its marks."""
    first, second = build(nlb_workshop.section(live)), build(nlb_workshop.section(live))
    assert first.read().weights == Weights()
    tag, others = elbv2.tag, []

    def tagged(aws, arn, tags):
        if not others:
            others.append(True)
            assert second.create(GREEN, {"lease.2": "second", "incarnation": "2"})
        tag(aws, arn, tags)

    monkeypatch.setattr(elbv2, "tag", tagged)
    assert not first.create(BLUE, {"lease.1": "first", "incarnation": "1"})
    assert live.forwards("production") == "green"
    assert {key for key in live.tags("production") if "lease" in key} == {"bluegreen:mark:lease.2"}
