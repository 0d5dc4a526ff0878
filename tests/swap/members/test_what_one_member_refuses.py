"""Several routers as one: what is read from all of them, and what one that refuses means for the others."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bluegreen.memory.router import WORLDS, MemoryRouter, world
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import LeaseLost, NotOwned, PlatformError
from bluegreen.rollout.limits import Limits
from bluegreen.rollout.model import Convergence, Traffic, Weights
from bluegreen.rollout.ports import Preview
from bluegreen.swap import contract, leaving
from bluegreen.swap.lease import Lease
from bluegreen.swap.marks import LEASE_PREFIX
from bluegreen.swap.members import Members
from bluegreen.swap.shared import Shared
from tests.swap.bench import inputs

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
NAMES = ("first", "second")
REFUSED = PlatformError("Mark", "refused")


class Moved(MemoryRouter):
    """Colors change places here: each is reached at another address once it is live."""

    __slots__ = ()

    def reaches(self, color, preview):
        return Preview(f"{preview.url}/{self.name}-{color}", preview.headers)


class Lost(MemoryRouter):
    """Another swap has taken over."""

    __slots__ = ()

    def write(self, weights):
        raise LeaseLost("another swap took over: ada")


@pytest.fixture(autouse=True)
def afresh():
    for name in NAMES:
        WORLDS.pop(name, None)


def of(*routers):
    return Members.of([(router, router.name) for router in routers])


def both(kind=MemoryRouter):
    return of(MemoryRouter("first"), kind("second"))


def test_requests_follow_for_as_long_as_the_slowest_member_takes():
    slow = SimpleNamespace(propagation_seconds=5, id="slow", capabilities=frozenset())
    assert Members([(slow, "a"), (MemoryRouter("first"), "b")]).propagation_seconds == 5


def test_a_color_is_reached_as_the_members_know_whose_colors_change_places():
    preview = Preview("http://web", {})
    assert both(Moved).reaches("green", preview).url == "http://web/second-green"
    assert both().reaches("green", preview) == preview


def test_a_lease_that_is_lost_ends_a_restore_at_once():
    both().write(BLUE)
    router = of(MemoryRouter("first"), Lost("second"))
    router.read()
    with pytest.raises(LeaseLost):
        router.put_back(GREEN)
    assert world("first").weights == BLUE, "the last one goes back first, and nothing is written after it"


def test_an_object_that_somebody_else_makes_at_this_moment_is_not_written(monkeypatch):
    MemoryRouter("first").write(BLUE)
    router = both()
    router.read()
    monkeypatch.setattr(MemoryRouter, "create", lambda *_args: False)
    with pytest.raises(PlatformError, match="second: somebody else makes it at this moment"):
        router.join(BLUE, [False, True], BLUE)
    assert world("second").weights == Weights()


def test_what_a_first_start_has_made_stays_where_somebody_has_taken_it_over(monkeypatch):
    create = MemoryRouter.create

    def another_came(self, weights, marks):
        if self.name == "second":
            world("first").marks = {f"{LEASE_PREFIX}ada": "theirs"}
            return False
        return create(self, weights, marks)

    monkeypatch.setattr(MemoryRouter, "create", another_came)
    assert both().create(BLUE, {f"{LEASE_PREFIX}mine": "mine"}) is False
    assert world("first").weights == BLUE


def test_what_a_first_start_has_made_goes_where_the_next_one_cannot_be_read(monkeypatch):
    """Nothing says that requests come to it: the next update begins anew."""
    create = MemoryRouter.create

    def refusing(_self, **_more):
        raise REFUSED

    def somebody_came(self, weights, marks):
        if self.name == "first":
            return create(self, weights, marks)
        monkeypatch.setattr(MemoryRouter, "read", refusing)
        return False

    monkeypatch.setattr(MemoryRouter, "create", somebody_came)
    assert both().create(BLUE, {f"{LEASE_PREFIX}mine": "mine"}) is False
    assert world("first").weights == Weights()


@pytest.mark.parametrize("theirs", [BLUE, Weights(blue=50, green=50)], ids=str)
def test_what_a_first_start_has_made_stays_where_a_person_has_made_the_next_one(monkeypatch, theirs):
    """Requests come to it by now, and no other first start runs that would make it anew."""
    create = MemoryRouter.create

    def somebody_came(self, weights, marks):
        if self.name == "second":
            world("second").weights = theirs
        return create(self, weights, marks)

    monkeypatch.setattr(MemoryRouter, "create", somebody_came)
    with pytest.raises(LeaseLost, match="second: somebody else has made it meanwhile; first stays as it was made"):
        both().create(BLUE, {f"{LEASE_PREFIX}mine": "mine"})
    assert (world("first").weights, world("second").weights) == (BLUE, theirs)


def test_a_renewal_that_every_member_refuses_is_none(monkeypatch):
    router = both()
    router.write(BLUE)
    router.mark({f"{LEASE_PREFIX}mine": "mine"})

    def refusing(_self, _changes):
        raise REFUSED

    monkeypatch.setattr(MemoryRouter, "mark", refusing)
    with pytest.raises(PlatformError, match="refused"):
        router.mark({f"{LEASE_PREFIX}mine": "mine, later"})


def test_an_object_that_no_call_makes_is_written_once_and_marked():
    router = of(Written("first"), Written("second"))
    assert router.create(BLUE, {f"{LEASE_PREFIX}mine": "mine"}) is True
    assert world("second").weights == BLUE
    again = of(Written("first"), Written("second"))
    assert again.create(GREEN, {f"{LEASE_PREFIX}other": "other"}) is False
    assert world("first").weights == BLUE


class Written:
    """A router without ``create``: its object is a platform's own."""

    capabilities = MemoryRouter.capabilities
    propagation_seconds = 0

    def __init__(self, name):
        self.name = self.id = name
        self._memory = MemoryRouter(name)

    def __getattr__(self, name):
        if name in ("create", "glance"):
            raise AttributeError(name)
        return getattr(self._memory, name)


def test_a_weight_that_cannot_be_read_is_none_in_the_error(monkeypatch):
    both().write(BLUE)
    router = both()
    router.read()

    def refusing(*_args, **_more):
        raise REFUSED

    monkeypatch.setattr(MemoryRouter, "read", refusing)
    monkeypatch.setattr(MemoryRouter, "write", refusing)
    with pytest.raises(PlatformError, match="has weights that nobody knows"):
        router.put_back(GREEN)


class Live(Written):
    """One that reads its weights alone."""

    def live(self):
        return self._memory.read().weights


@pytest.mark.parametrize("kind", [Written, Live])
def test_where_one_member_does_not_look_before_writes_the_weights_alone_are_read(kind):
    router = of(MemoryRouter("first"), kind("second"))
    router.write(BLUE)
    assert router.glance() == Traffic(BLUE)


class Lending(MemoryRouter):
    """An idle color gets the live one's settings for the time of its gates."""

    __slots__ = ()

    def try_on(self, color):
        world(self.name).marks["tried"] = color

    def take_off(self):
        del world(self.name).marks["tried"]


def test_settings_are_lent_and_taken_back_by_the_members_that_can():
    router = both(Lending)
    router.write(BLUE)
    router.try_on("green")
    assert (world("first").marks, world("second").marks) == ({}, {"tried": "green"})
    router.take_off()
    assert world("second").marks == {}


class Busy(MemoryRouter):
    """One that says how far it is."""

    __slots__ = ()

    def progress(self):
        return "2 of 3 proxies have it"


def test_the_progress_is_that_of_the_members_that_are_not_done():
    router = of(MemoryRouter("first"), Busy("second"))
    router.write(GREEN)
    assert router.progress() == "second: 2 of 3 proxies have it"
    router.verify(GREEN)
    assert router.progress() == ""


def test_a_member_that_a_write_makes_anew_gets_the_lease_that_the_others_have():
    """Another swap that comes finds each of them held."""
    MemoryRouter("first").write(BLUE)
    router = both()
    router.read()
    router.mark({f"{LEASE_PREFIX}mine": "mine"})
    assert world("second").marks == {}, "there is no object to bear it"
    router.write(BLUE)
    assert world("second").marks == {f"{LEASE_PREFIX}mine": "mine"}


class Slow(MemoryRouter):
    """What is written takes effect after some looks, or never."""

    __slots__ = ()
    looks = 0

    def verify(self, weights):
        Slow.looks -= 1
        return Convergence.PENDING if Slow.looks > 0 else MemoryRouter.verify(self, weights)


class Told:
    def __init__(self):
        self.texts = []

    def tell(self, _kind, text, **_data):
        self.texts.append(text)


def joined(looks):
    MemoryRouter("first").write(BLUE)
    Slow.looks = looks
    router, told, clock = of(MemoryRouter("first"), Slow("second")), Told(), FakeClock()
    traffic = router.read()
    limits = Limits(converge_timeout_seconds=10, poll_interval_seconds=1)
    return leaving.bring_in(router, traffic, [False, True], BLUE, clock, limits, told), told.texts


def test_a_member_that_is_added_is_waited_for():
    traffic, told = joined(3)
    assert traffic.weights == BLUE
    assert told == ["second: added at the weights of the others: blue 100 %, green 0 %"]


def test_a_member_that_is_added_without_effect_is_an_error():
    with pytest.raises(PlatformError, match="second: made, and without effect after 10 s"):
        joined(1_000)


def test_an_object_of_another_owner_is_left_where_a_swap_is_destroyed(monkeypatch):
    def another_s(_self):
        raise NotOwned("Read", "its owner is shop/other/web")

    monkeypatch.setattr(MemoryRouter, "read", another_s)
    told = []
    leaving.own_of(contract.parse(inputs("first")), "mark", told.append)
    assert told == ["nothing was removed of first: its owner is shop/other/web"]


def test_a_shared_router_says_of_its_place_what_the_router_says():
    router, lease = (
        MemoryRouter("first"),
        Lease(MemoryRouter("first"), FakeClock(), "promotion to green", 1, lambda _text: None),
    )
    shared = Shared(router, lease)
    assert (shared.where, shared.propagation_seconds, shared.id) == (router.where, 0, "first")
    preview = Preview("http://web", {})
    assert shared.reaches("green", preview) == preview
    assert Shared(Moved("first"), lease).reaches("green", preview).url == "http://web/first-green"
    router.write(BLUE)
    shared.delete()
    assert world("first").weights == Weights()
