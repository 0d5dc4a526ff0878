"""The rules for every router."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import COLORS, Color, Convergence, Weights
from bluegreen.rollout.ports import Capability
from bluegreen.testing.expecting import expect, keeps_to_sections, parsed_by

_PERCENTS = (1, 10, 50, 99, 100)
_LOOKS, _LOOKS_AT_A_CLUSTER, _REST_SECONDS = 200, 3000, 0.02
"""A cluster's controllers take a second, and a minute on a busy machine."""
_RENAMED = "project/renamed/web"


@dataclass(frozen=True, slots=True)
class RouterCase:
    """A router to be held against the rules.

    Attributes:
        section: a good ``router``, with its ``kind``. What it names has no color live yet, and is the rule's own.
        made: is given each router that is built, and returns what is used in its place.
    """

    section: Mapping[str, object]
    made: Callable[[Any], Any] = lambda router: router

    def build(self, owner: str = "", **known: object) -> Any:
        """The router, as a fresh process has it: nothing is remembered between two of them.

        Args:
            owner: another one than the section's.
            known: what the swap hands in of a resource's former life (``former_owner``, ``incarnation``).
        """
        kind, arguments = parsed_by(ROUTERS, {**self.section, "owner": owner} if owner else self.section)
        clock = {"clock": FakeClock()} if self.has("clock") else {}
        return self.made(ROUTERS.build((kind, {**arguments, **known, **clock})))

    def has(self, *names: str) -> bool:
        """Whether the class has these fields."""
        return set(names) <= set(getattr(ROUTERS.load(str(self.section["kind"])), "__dataclass_fields__", {}))

    @property
    def splits(self) -> bool:
        """Whether it can split traffic."""
        return Capability.WEIGHTS in self.build().capabilities

    def split_or_all(self, color: Color, percent: int) -> Weights:
        """A split where the router can split, else all on the color."""
        return Weights.split(color, percent) if self.splits else Weights.all_on(color)


def converges(router: Any, weights: Weights) -> bool:
    """At once, or with time: a router that waits for it has a clock that is turned by hand; a cluster has its own."""
    looks = _LOOKS_AT_A_CLUSTER if hasattr(router, "cluster") else _LOOKS if hasattr(router, "clock") else 1
    for _ in range(looks):
        if router.verify(weights) is Convergence.CONVERGED:
            return True
        if hasattr(router, "clock"):
            router.clock.sleep(1)
        if hasattr(router, "cluster"):
            time.sleep(_REST_SECONDS)
    return False


def its_options_are_refused_by_name(case: RouterCase) -> None:
    """See ``keeps_to_sections``."""
    keeps_to_sections(ROUTERS, case.section)


def it_says_where_traffic_is_routed(case: RouterCase) -> None:
    """By an id of one line, and by the keys of its section that a replacement goes by."""
    router = case.build()
    expect(router.id and "\n" not in router.id, "its id is empty, or has more than one line")
    expect(router.id == case.build().id, "its id is another one each time")
    expect(router.where and router.where - {"kind"}, "no key of its section says where traffic is routed")


def before_the_first_write_no_color_is_live(case: RouterCase) -> None:
    """Whatever is there is not the swap's yet."""
    expect(case.build().read().weights == Weights(), "a color is live before anything was written")


def _written(color: Color, percent: int) -> Callable[[RouterCase], None]:
    def what_is_written_is_read(case: RouterCase) -> None:
        weights = Weights.split(color, percent)
        router = case.build()
        router.read()
        if percent != 100 and not case.splits:
            try:
                router.write(weights)
            except PlatformError as error:
                expect(str(weights) in str(error), f"its refusal does not name {weights}: {error}")
                return
            raise AssertionError(f"it cannot split, and takes {weights}")
        router.write(weights)
        expect(converges(router, weights), f"{weights} never takes effect: {router.progress()}")
        live = case.build().read().weights
        expect(live == weights, f"{weights} was written, and {live} is read")

    what_is_written_is_read.__name__ += f"_{color}_{percent}"
    return what_is_written_is_read


def writing_twice_changes_nothing(case: RouterCase) -> None:
    """An update that is tried again writes what is there."""
    weights = case.split_or_all("green", 10)
    for _ in range(2):
        router = case.build()
        router.read()
        router.write(weights)
    expect(case.build().read().weights == weights, "the second write changes the weights")


def a_first_write_whose_reply_was_lost_is_taken_up(case: RouterCase) -> None:
    """The next process does not know that the object is there."""
    case.build().write(Weights.all_on("blue"))
    case.build().write(Weights.all_on("green"))  # never read
    expect(case.build().read().weights == Weights.all_on("green"), "the second write is without effect")


def other_weights_are_not_converged(case: RouterCase) -> None:
    """Success is never assumed."""
    router = case.build()
    router.read()
    router.write(case.split_or_all("green", 10))
    convergence = router.verify(case.split_or_all("blue", 50))
    expect(convergence is Convergence.PENDING, "weights that are not live are said to have taken effect")


def no_weights_at_all_is_no_live_color(case: RouterCase) -> None:
    """``Weights()`` takes traffic from both."""
    router = case.build()
    router.read()
    router.write(Weights.all_on("blue"))
    router.write(Weights())
    expect(case.build().read().weights == Weights(), "a color is live after traffic was taken from both")


def deleting_twice_is_fine(case: RouterCase) -> None:
    """Already gone is fine."""
    case.build().write(Weights.all_on("blue"))
    case.build().delete()
    case.build().delete()
    expect(case.build().read().weights == Weights(), "a color is live after the delete")


def health_is_counts_and_a_reason(case: RouterCase) -> None:
    """Ready is all that are expected, and some are."""
    for color in COLORS:
        health = case.build().health(color)
        all_of_them = health.expected > 0 and health.healthy == health.expected
        expect(health.ready == all_of_them, f"{color}: {health} is not what its counts say")
        expect(health.ready or health.reason, f"{color} is not ready, and nothing says why")


def marks_are_kept_on_the_owned_object_and_change_no_weight(case: RouterCase) -> None:
    """Leases and verdicts are marks: whoever looks sees those of all others."""
    weights = case.split_or_all("green", 10)
    case.build().write(weights)
    case.build().mark({"lease.1": "2026-11-21T11:00:00Z me@here pid 1 on 00000000 a +-=._:/@", "abort": "x"})
    case.build().mark({"lease.1": "renewed", "abort": None, "never-set": None})
    traffic = case.build().read()
    expect(traffic.weights == weights, "a mark changes the weights")
    expect(dict(traffic.marks) == {"lease.1": "renewed"}, f"the marks that are read are {dict(traffic.marks)}")
    expect(dict(case.build().marks()) == {"lease.1": "renewed"}, "marks() and read() have other marks")


def many_long_marks_fit(case: RouterCase) -> None:
    """Ten of 250 characters."""
    case.build().write(Weights.all_on("blue"))
    wanted = {f"outcome.{number}": "x" * 250 for number in range(10)}
    case.build().mark(wanted)
    expect(dict(case.build().marks()) == wanted, "ten long marks do not come back as they went")


def a_write_keeps_the_marks(case: RouterCase) -> None:
    """Else a shift would end the lease."""
    case.build().write(Weights.all_on("blue"))
    case.build().mark({"lease.1": "x"})
    case.build().write(case.split_or_all("green", 50))
    expect(dict(case.build().marks()) == {"lease.1": "x"}, "a write removes marks")


def without_an_object_there_are_no_marks(case: RouterCase) -> None:
    """A mark makes no object."""
    case.build().mark({"lease.1": "x"})
    traffic = case.build().read()
    expect((traffic.weights, dict(case.build().marks())) == (Weights(), {}), "a mark stands where nothing is owned")


def an_incarnation_is_read_with_the_weights_and_survives_a_write(case: RouterCase) -> None:
    """It tells a resource's own object from that of its successor."""
    case.build().write(Weights.all_on("blue"))
    case.build().mark({"incarnation": "aa"})
    case.build().write(case.split_or_all("green", 50))
    expect(case.build().read().marks.get("incarnation") == "aa", "a write loses the incarnation")
    case.build().mark({"incarnation": "bb"})
    expect(case.build().read().marks.get("incarnation") == "bb", "another incarnation is not read")


def a_renamed_owner_takes_over_what_it_owned_and_stamps_it_anew(case: RouterCase) -> None:
    """A stack, a project or a swap may be renamed; without a word of that the object is somebody else's."""
    if not case.has("former_owner"):
        return
    weights = Weights.all_on("blue")
    case.build().write(weights)
    _refuses(case.build(_RENAMED))
    renamed = case.build(_RENAMED, former_owner=case.section["owner"])
    expect(renamed.read().weights == weights, "the former owner's weights are not read")
    renamed.mark({"lease.1": "x"})
    renamed.write(weights)
    expect(case.build(_RENAMED).read().weights == weights, "the object is not stamped anew")
    _refuses(case.build())
    case.build(_RENAMED).delete()


def what_bears_the_incarnation_is_its_own_whoever_has_stamped_it(case: RouterCase) -> None:
    """Also where the state was lost that says who owned it."""
    if not case.has("incarnation"):
        return
    case.build(_RENAMED).write(Weights.all_on("blue"))
    case.build(_RENAMED).mark({"incarnation": "aa"})
    _refuses(case.build(incarnation="bb"))
    expect(case.build(incarnation="aa").read().weights == Weights.all_on("blue"), "its own incarnation is refused")
    case.build(_RENAMED).delete()


def what_it_installs_is_there_and_moves_no_traffic(case: RouterCase) -> None:
    """Of a router that installs releases itself: a color's comes at 0 %, and coming twice is fine."""
    router = case.build()
    if not getattr(router, "installs", False):
        return
    router.install("blue")
    router.write(Weights.all_on("blue"))
    for _ in range(2):
        router = case.build()
        before = router.read().weights
        router.install("green")
        expect(case.build().read().weights == before, "what it installs gets traffic, or takes it from somebody")
        expect(case.build().installed("green"), "what it has installed is not there")
        expect(case.build().release("green"), "it does not say what it installs")


def the_commands_by_hand_are_text(case: RouterCase) -> None:
    """For when the swap could not put the weights in place."""
    case.build().write(Weights.all_on("blue"))
    for weights in (Weights.all_on("green"), Weights.split("green", 10), Weights()):
        expect(all(case.build().commands(weights)), f"a command for {weights} is empty")


def _refuses(router: Any) -> None:
    try:
        router.read()
    except NotOwned:
        return
    raise AssertionError("somebody else's object is read as the swap's own")


RULES: tuple[Callable[[RouterCase], None], ...] = (
    its_options_are_refused_by_name,
    it_says_where_traffic_is_routed,
    before_the_first_write_no_color_is_live,
    *(_written(color, percent) for color in COLORS for percent in _PERCENTS),
    writing_twice_changes_nothing,
    a_first_write_whose_reply_was_lost_is_taken_up,
    other_weights_are_not_converged,
    no_weights_at_all_is_no_live_color,
    deleting_twice_is_fine,
    health_is_counts_and_a_reason,
    marks_are_kept_on_the_owned_object_and_change_no_weight,
    many_long_marks_fit,
    a_write_keeps_the_marks,
    without_an_object_there_are_no_marks,
    an_incarnation_is_read_with_the_weights_and_survives_a_write,
    a_renamed_owner_takes_over_what_it_owned_and_stamps_it_anew,
    what_bears_the_incarnation_is_its_own_whoever_has_stamped_it,
    what_it_installs_is_there_and_moves_no_traffic,
    the_commands_by_hand_are_text,
)
