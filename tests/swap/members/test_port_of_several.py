"""The duties of every router, of two and of three of them as one."""

from __future__ import annotations

import pytest

from bluegreen.memory.router import WORLDS, MemoryRouter, world
from bluegreen.rollout.apart import Apart, joined, together
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Convergence, Readiness, Weights
from bluegreen.swap.members import Members

NAMES = ("first", "second", "third")


@pytest.fixture(params=[2, 3])
def build(request):
    """Builds them as a fresh process would."""
    names = NAMES[: request.param]
    for name in names:
        WORLDS.pop(name, None)
    return lambda: Members.of([(MemoryRouter(name), name) for name in names])


def test_before_the_first_write_no_color_is_live(build):
    assert build().read().weights == Weights()


@pytest.mark.parametrize("percent", [1, 10, 50, 99, 100])
@pytest.mark.parametrize("color", COLORS)
def test_what_is_written_is_read(build, color, percent):
    weights = Weights.split(color, percent)
    router = build()
    router.write(weights)
    assert router.verify(weights) is Convergence.CONVERGED
    assert build().read().weights == weights


def test_other_weights_are_not_converged(build):
    router = build()
    router.write(Weights(90, 10))
    assert router.verify(Weights(50, 50)) is Convergence.PENDING


def test_members_that_differ_are_read_as_that_and_written_back_as_they_were(build):
    build().write(Weights.all_on("blue"))
    world("second").weights = Weights(50, 50)
    router = build()
    found = router.read().weights
    assert isinstance(found, Apart)
    assert found != Weights(found.blue, found.green)
    assert "second: blue 50 %, green 50 %" in str(found)
    router.write(found)
    assert (world("first").weights, world("second").weights) == (Weights.all_on("blue"), Weights(50, 50))
    assert router.verify(found) is Convergence.CONVERGED


def test_what_is_verified_is_not_asked_again(build):
    router = build()
    router.write(Weights(90, 10))
    router.verify(Weights(90, 10))
    world("first").calls.clear()
    assert router.verify(Weights(90, 10)) is Convergence.CONVERGED
    assert world("first").calls == []


def test_marks_are_set_and_removed_on_all(build):
    router = build()
    router.write(Weights.all_on("blue"))
    router.mark({"outcome.1": "restored", "incarnation": "abc"})
    assert build().marks() == {"outcome.1": "restored", "incarnation": "abc"}
    assert world("first").marks["incarnation"] != world("second").marks["incarnation"], "each has a mark of its own"
    router.mark({"outcome.1": None})
    assert "outcome.1" not in world("second").marks


def test_a_lease_of_its_own_is_held_while_all_bear_it_and_anothers_where_one_does(build):
    router = build()
    router.write(Weights.all_on("blue"))
    router.read()
    router.mark({"lease.1": "me"})
    assert router.marks() == {"lease.1": "me"}
    world("second").marks["lease.2"] = "another"
    assert router.marks() == {"lease.1": "me", "lease.2": "another"}
    del world("second").marks["lease.1"]
    assert "lease.1" not in router.marks()
    assert "lease.1" in build().marks(), "whoever comes sees it"


def test_a_renewal_may_miss_one_member_which_is_marked_before_it_is_written(build, monkeypatch):
    router = build()
    router.write(Weights.all_on("blue"))
    router.mark({"lease.1": "me"})
    with monkeypatch.context() as patched:
        mark = MemoryRouter.mark

        def refuse(one, changes):
            if one.name == "second":
                raise PlatformError("Mark", "no answer")
            mark(one, changes)

        patched.setattr(MemoryRouter, "mark", refuse)
        router.mark({"lease.1": "me again"})
        with pytest.raises(PlatformError, match="second: no answer"):
            router.write(Weights(90, 10))
    assert world("first").marks["lease.1"] == "me again"
    assert world("second").weights == Weights.all_on("blue"), "it is not written with a lease that may have run out"
    router.write(Weights(90, 10))
    assert world("second").marks["lease.1"] == "me again"


def test_deleting_twice_is_fine_and_one_that_refuses_keeps_no_other_from_it(build, monkeypatch):
    build().write(Weights.all_on("blue"))
    with monkeypatch.context() as patched:
        delete = MemoryRouter.delete

        def refuse(one):
            if one.name == "second":
                raise PlatformError("Delete", "refused")
            delete(one)

        patched.setattr(MemoryRouter, "delete", refuse)
        with pytest.raises(PlatformError, match="second: refused"):
            build().delete()
    assert world("first").weights == Weights()
    build().delete()
    build().delete()
    assert build().read().weights == Weights()


def test_a_member_that_cannot_be_asked_keeps_no_other_from_going_back(build, monkeypatch):
    router = build()
    health = MemoryRouter.health

    def silent(one, color):
        if one.name == "second":
            raise PlatformError("Health", "no answer")
        return health(one, color)

    monkeypatch.setattr(MemoryRouter, "health", silent)
    world("first").broken.add("blue")
    assert router.health_to_go_back("blue").healthy
    router.read()
    router.write(Weights.all_on("green"))
    with pytest.raises(PlatformError, match=r"first has .*blue has 0 of 1 healthy"):
        router.put_back(Weights.all_on("blue"))
    assert world("second").weights == Weights.all_on("blue")


@pytest.mark.parametrize("parts", [
    [(100, 0), (0, 100)], [(99, 1), (100, 0)], [(100, 0), (0, 0)], [(0, 0), (0, 100), (0, 100)], [(50, 40), (100, 0)],
])  # fmt: skip
def test_a_mean_is_0_or_100_only_where_all_are(parts):
    found = joined([(str(number), Weights(*part)) for number, part in enumerate(parts)])
    for color in COLORS:
        each = [Weights(*part).of(color) for part in parts]
        assert (found.of(color) == 0) == (set(each) == {0})
        assert (found.of(color) == 100) == (set(each) == {100})
        assert found.least_of(color) == min(each)
    assert (found.elsewhere == 0) == all(sum(part) == 100 for part in parts)


def test_a_color_is_as_healthy_as_in_the_worst_and_ready_where_it_is_in_each():
    named = {"a": Readiness(True, 3, 3), "b": Readiness(False, 1, 3, "one is new"), "c": Readiness(True, 3, 3)}
    found = together(named)
    assert (found.ready, found.healthy, found.expected, found.reason) == (False, 1, 3, "b: one is new")
    whole = Readiness(True, 1, 1, counts_units=False)
    assert together({"a": Readiness(True, 3, 3), "name": whole}) == Readiness(True, 3, 3)
