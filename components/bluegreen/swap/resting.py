"""The color without traffic: brought to rest after a swap, given its size at rest, and whether it is still warm."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.rollout.errors import BluegreenError, LeaseLost, PlatformError, SwapFailed
from bluegreen.rollout.model import Color, Weights, other
from bluegreen.rollout.ports import Capacity, TrafficRouter
from bluegreen.rollout.restoring import where_somebody_put_it
from bluegreen.swap import contract, states
from bluegreen.swap.contract import SwapSpec
from bluegreen.swap.journal import Journal
from bluegreen.swap.shared import Shared


class Resting:
    """The part of one update that brings a color to rest, or keeps it from it.

    Attributes:
        unfinished: whether a color could not be brought to rest.
    """

    def __init__(self, spec: SwapSpec, router: Shared, capacity: Capacity | None, journal: Journal) -> None:
        self._spec = spec
        self._router = router
        self._capacity = capacity
        self._journal = journal
        self.unfinished = False

    def keep_warm(self, color: Color) -> bool:
        """Whether a color could take all of the traffic at this moment.

        A pending retirement is stopped first, so that what is found warm stays warm.
        """
        try:
            if self._capacity is not None:
                self._capacity.cancel_retirement(color)
            return is_warm(cast("TrafficRouter", self._router), self._capacity, color)
        except PlatformError:
            return False  # the slow way asks again and says what is wrong

    def leave(self, former: Capacity | None) -> None:
        """Cancel the retirements of colors that this swap scales no more: traffic may return there unnoticed.

        Where it cannot be reached, it may be gone with all that it had: that is reported, and the swap continues.
        """
        if former is None:
            return
        try:
            former.delete()
        except LeaseLost:
            raise
        except BluegreenError as error:
            self._journal.tell("retire", f"the former capacity may have a retirement pending: {error}")
        else:
            self._journal.tell("retire", "the former capacity is left as it is: its retirements are cancelled")

    def settle(self, color: Color) -> None:
        """Give a color at rest the size that it is to have now."""
        if self._capacity is None:
            return
        sizes = self._capacity.read()
        size = self._size(sizes[other(color)].present)
        if sizes[color].desired >= size:
            if self._spec.idle_capacity_percent == 100:
                self._capacity.cancel_retirement(color)  # it keeps the size that a pending retirement would take
            self.retire(color)
            return
        self._capacity.cancel_retirement(color)
        self._capacity.prepare(color, size)
        self._journal.tell("prepare", f"{color} rests at {size} from now on")

    def retire(self, color: Color) -> None:
        """Bring a color without traffic to rest. A failure costs money, not requests: it is only reported."""
        if self._capacity is None:
            return
        if self._spec.idle_capacity_percent == 100:
            self._journal.tell("retire", f"{color} keeps its size: idle_capacity_percent is 100")
            return
        try:
            size = 0
            if self._spec.idle_capacity_percent:
                size = self._size(self._capacity.read()[other(color)].present)
            self._journal.tell("retire", self._capacity.retire(color, size, self._spec.scale_down_delay_seconds))
        except BluegreenError as error:
            self.unfinished = True
            self._journal.tell("retire", f"{color} could not be retired and keeps running: {error}")

    def retire_and_look(self, color: Color, left: Weights, failed: SwapFailed | None = None) -> None:
        """Bring a color to rest that had no traffic a moment ago, and look then: it is kept where it has some by now.

        Args:
            color: the color.
            left: the weights that the swap left.
            failed: how it ended, unless all went well; it says what is live then.

        Raises:
            SwapFailed: all went well, and somebody else has moved traffic since.
        """
        if self._capacity is None:
            return
        later = self._spec.scale_down_delay_seconds > 0
        if later:
            self.retire(color)
        try:
            live = self._router.weights()
        except PlatformError as error:
            self._journal.tell("retire", f"the traffic of {color} could not be read once more: {error}")
            live = left
        if live.of(color):
            self._journal.tell("retire", f"{color} is kept: somebody else moved traffic to it meanwhile: {live}")
            self._capacity.cancel_retirement(color)
        elif not later:
            self.retire(color)
        if failed is None:
            _refuse_another(live, left)
        elif live != left:
            failed.moved_by_somebody(live)

    def look(self, left: Weights, judge: Callable[[Mapping[str, str]], object]) -> None:
        """See that traffic is where the swap left it, once what carries the requests has had its time to follow.

        Args:
            left: the weights that the swap left.
            judge: looks at the marks that came with the weights.

        Raises:
            SwapFailed: somebody else has moved traffic since.
            LeaseLost: another swap took over.
        """
        try:
            traffic = self._router.read()
        except PlatformError as error:
            self._journal.tell("wait", f"the weights could not be read once more, after {left}: {error}")
            return
        if traffic.marks:
            judge(traffic.marks)
        _refuse_another(traffic.weights, left)

    def look_after(
        self, failed: SwapFailed, router: TrafficRouter, judge: Callable[[Mapping[str, str]], object]
    ) -> None:
        """See where traffic is once a restore has had its time to take effect; the failure says what is live then.

        Args:
            failed: how the update ended.
            router: the one that has put traffic back.
            judge: looks at the marks that came with the weights.

        Raises:
            LeaseLost: another swap took over.
        """
        try:
            traffic = router.read()
        except PlatformError as error:
            self._journal.tell("wait", f"the weights could not be read once more, after {failed.weights}: {error}")
            return
        if traffic.marks:
            try:
                judge(traffic.marks)
            except LeaseLost as lost:
                raise LeaseLost(f"{failed.reason}; {failed.restored}; then {lost}") from lost
        if traffic.weights != failed.weights:
            failed.moved_by_somebody(traffic.weights)

    def overdue(self, live: Weights) -> tuple[Color, ...]:
        """The colors without traffic that rest by now, if somebody does it: on some platforms only the swap can."""
        return overdue(self._capacity, live)

    def finish(self, colors: Collection[Color]) -> None:
        """Bring those to rest. A failure costs money, not requests: it is reported, and the next update does it."""
        for color in colors:
            self._finish(color, cast("Capacity", self._capacity))

    def _finish(self, color: Color, capacity: Capacity) -> None:
        try:
            self._journal.tell("retire", capacity.retire(color, 0, 0))
        except LeaseLost:
            raise
        except BluegreenError as error:
            self._journal.tell("retire", f"{color} could not be retired and keeps running: {error}")

    def _size(self, live_size: int) -> int:
        return math.ceil(live_size * self._spec.idle_capacity_percent / 100)


def _refuse_another(live: Weights, left: Weights) -> None:
    if live != left:
        reason = f"the live weights are {live} instead of {left}: somebody else moved them"
        raise where_somebody_put_it(reason, live)


def former_of(olds: Mapping[str, Any], news: Mapping[str, Any]) -> Capacity | None:
    """The capacity that scaled the colors before, where there is another one or none now; else ``None``.

    Args:
        olds: the last update's outputs.
        news: the inputs.
    """
    old, new = olds.get("capacity"), news.get("capacity") or {}
    kind = old.get("kind") if isinstance(old, Mapping) else None
    if not isinstance(old, Mapping) or kind not in CAPACITIES:
        return None
    scaled = CAPACITIES.load(str(kind))
    where, same_place = getattr(scaled, "where", frozenset({"kind"})), getattr(scaled, "same_place", {})

    def is_same(key: str) -> bool:
        one, another = contract.plain(old.get(key)), contract.plain(new.get(key))
        return one == another or bool(key in same_place and same_place[key](one, another))

    if all(map(is_same, where)):
        return None
    return states.spec_of(olds).build_capacity()


def is_warm(router: TrafficRouter, capacity: Capacity | None, color: Color) -> bool:
    """Whether a color could take all of the traffic at this moment."""
    health = router.health(color)
    if capacity is None or not health.ready:
        return health.ready
    sizes = capacity.read()
    wanted = max(sizes[other(color)].present, 1)
    # What was made to shrink is about to be gone, also while all of it still runs.
    staying = min(sizes[color].running, sizes[color].desired)
    return staying >= wanted and health.enough_for(wanted) and capacity.ready(color).ready


def overdue(capacity: Capacity | None, live: Weights) -> tuple[Color, ...]:
    """The colors without traffic whose retirement is due and left to the swap: see ``Capacity``.

    Raises:
        PlatformError: it could not be reached.
    """
    ask = getattr(capacity, "overdue", None)
    return () if ask is None else tuple(color for color in ask() if not live.of(color))


def others_plans(capacity: Capacity | None, color: Color) -> list[str]:
    """The plans of others that change a color's size while it is at rest, a sentence each.

    Where that cannot be looked at, it says so: a preview continues.
    """
    ask = getattr(capacity, "others_plans", None)
    if ask is None:
        return []
    try:
        return list(ask(color))
    except PlatformError as error:
        return [f"scheduled actions of others for {color} could not be looked at: {error}"]
