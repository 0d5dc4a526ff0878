"""The swap over plain dicts: check, diff, create, read, update, delete. Knows no engine and no platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.calls import counted
from bluegreen.capacity.base import Capacity
from bluegreen.rollout.clock import Clock, SystemClock
from bluegreen.rollout.errors import BluegreenError, PlatformError, Problem, RestoreFailed, SwapFailed
from bluegreen.rollout.model import COLORS, Color, Event, Kind, Plan, Recorded, Weights, other
from bluegreen.rollout.plan import can_roll_back, make_plan
from bluegreen.rollout.runner import Runner
from bluegreen.routers.base import TrafficRouter
from bluegreen.swap import contract
from bluegreen.swap.contract import SwapSpec
from bluegreen.swap.journal import Journal

# The kinds that go from one color to the other, so that one of the two ends without traffic.
_MOVES = (Kind.PROMOTION, Kind.RESUME, Kind.ROLLBACK)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a preview shows.

    Attributes:
        changes: whether ``update`` has something to do.
        replaces: input keys whose change makes this another swap.
        warnings: for the reviewer's eye: drift, or why it could not be looked for.
        notes: what else the reviewer should know.
    """

    changes: bool
    replaces: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class SwapService:
    """One swap's life.

    Args:
        report: told every event while it happens.
        clock: time.
        cancelled: asked at every interval of a running swap; true restores.
    """

    def __init__(
        self,
        report: Callable[[Event], None] = lambda _: None,
        clock: Clock | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._report = report
        self._clock = clock or SystemClock()
        self._cancelled = cancelled

    # -- previews

    def check(self, olds: Mapping[str, object], news: Mapping[str, object]) -> tuple[dict[str, object], list[Problem]]:
        """The inputs to go on with, and everything that is wrong with them. No I/O."""
        problems = contract.problems_in(news)
        inputs = {key: value for key, value in news.items() if key != "live_release_change"}
        if olds and not problems:
            change = contract.live_release_change(olds, news)
            if change is not None:
                inputs["live_release_change"] = change
            if contract.where_changed(olds, news) and olds.get("active_color") != news.get("active_color"):
                allowed = f"{olds.get('active_color')!r} in an update that moves the router: do one after the other"
                problems.append(Problem("active_color", news.get("active_color"), allowed))
        return inputs, problems

    def diff(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Difference:
        """What has changed: in the inputs, and in the world since the last update.

        Args:
            olds: the last update's outputs.
            news: checked inputs; values may be unknown.
        """
        if contract.where_changed(olds, news):
            return Difference(changes=True, replaces=("router",))
        changed = contract.changed_keys(olds, news)
        target = news.get("active_color")
        recorded = contract.recorded_in(olds)
        notes: list[str] = []
        try:
            spec = contract.parse({key: olds[key] for key in contract.INPUT_KEYS if key in olds})
            live = spec.build_router().read()
            if target != olds.get("live_color") and target in COLORS:
                notes.append(self._outlook(spec, olds, news, target))
        except BluegreenError as error:
            return Difference(bool(changed), warnings=(f"the live weights could not be looked at: {error}",))
        # Against what the last swap left and not against the state's weights: a refresh writes the drift into those.
        left = Weights.all_on(recorded.live_color) if recorded is not None else Weights()
        if live == left:
            return Difference(bool(changed), notes=tuple(notes))
        will = f"`pulumi up` puts {target} at 100 %"
        drift = f"drift: the live weights are {live}; the last update left {left}. {will}"
        return Difference(True, warnings=(drift,), notes=tuple(notes))

    def _outlook(self, spec: SwapSpec, olds: Mapping[str, Any], news: Mapping[str, Any], target: Color) -> str:
        """How ready the new color is, and whether this is the fast way back."""
        release = str((news.get("releases") or {}).get(target))
        capacity = spec.build_capacity()
        if can_roll_back(contract.recorded_in(olds), target, release):
            if self._warm(spec.build_router(), capacity, target):
                return f"rollback: {target} was live before and is still warm: one write, no holds"
            return f"rollback: {target} was live before and is brought back to size first; then one write, no holds"
        health = spec.build_router().health(target)
        if health.ready:
            return f"{target} is ready: {health}"
        scaled = " It is scaled up first." if capacity is not None else ""
        return f"{target} is not ready yet: {health}.{scaled}"

    # -- the swap

    def create(self, news: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The first swap: the id and the outputs."""
        spec = contract.parse(news)
        return spec.build_router().id, self._swap(spec, news, None, {})

    def update(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Bring traffic to the active color, from wherever it is now. Returns the outputs."""
        spec = contract.parse(news)
        return self._swap(spec, news, contract.recorded_in(olds), olds)

    def read(self, olds: Mapping[str, Any]) -> dict[str, Any] | None:
        """The outputs with what is live now; ``None`` when the swap's object is gone."""
        spec = contract.parse({key: olds[key] for key in contract.INPUT_KEYS if key in olds})
        live = spec.build_router().read()
        if live == Weights():
            return None
        return {**olds, "weights": live.as_dict()}

    def delete(self, olds: Mapping[str, Any]) -> None:
        """Remove what the swap owns, and nothing else."""
        spec = contract.parse({key: olds[key] for key in contract.INPUT_KEYS if key in olds})
        spec.build_router().delete()
        capacity = spec.build_capacity()
        if capacity is not None:
            capacity.delete()

    def _swap(
        self, spec: SwapSpec, news: Mapping[str, Any], recorded: Recorded | None, olds: Mapping[str, Any]
    ) -> dict[str, Any]:
        journal = Journal(self._clock, self._report)
        with counted(journal.calls.append):
            return self._moved(spec, news, recorded, olds, journal)

    def _moved(
        self,
        spec: SwapSpec,
        news: Mapping[str, Any],
        recorded: Recorded | None,
        olds: Mapping[str, Any],
        journal: Journal,
    ) -> dict[str, Any]:
        router, capacity = spec.build_router(), spec.build_capacity()
        target, release = spec.active_color, spec.releases[spec.active_color]
        live = router.read()
        warm = can_roll_back(recorded, target, release) and self._kept_warm(router, capacity, target)
        plan = make_plan(live, recorded, target, release, spec.strategy, spec.bake_seconds, warm=warm)
        previous = _still_there(olds.get("previous") or {}, spec)
        history = list(olds.get("history") or [])
        if plan.kind is Kind.NOTHING:
            if contract.plain(olds.get("router")) != contract.plain(news.get("router")):
                router.write(live)  # what the rule is for has changed (hosts, paths, stickiness); the weights stay
            return contract.outputs_of(news, target, live, previous, history)
        journal.tell(plan.kind.value, _headline(plan))
        checks = spec.build_checks()
        runner = Runner(
            router, capacity, checks, spec.previews, self._clock, journal.report, self._cancelled, spec.limits
        )
        try:
            runner.run(plan)
        except RestoreFailed:
            raise  # nobody knows for sure where traffic is: every color keeps its size
        except SwapFailed as failed:
            if plan.kind in _MOVES and failed.weights.of(target) == 0:
                self._retire(journal, capacity, spec, target)
            raise
        if plan.kind in _MOVES:
            left = other(target)
            self._retire(journal, capacity, spec, left)
            # What was rolled back from was rejected: it has to prove itself again, gates and steps and all.
            rejected = plan.kind is Kind.ROLLBACK
            previous = {} if rejected else {"color": left, "release": str((recorded or spec).releases.get(left))}
        entry = journal.entry(plan, release)
        journal.tell("done", f"{entry['outcome']}: {target} 100 % after {journal.took_seconds:.1f} s")
        return contract.outputs_of(news, target, Weights.all_on(target), previous, [entry, *history])

    def _kept_warm(self, router: TrafficRouter, capacity: Capacity | None, color: Color) -> bool:
        """Stop a pending retirement first, so that what is found warm stays warm."""
        try:
            if capacity is not None:
                capacity.keep(color)
            return self._warm(router, capacity, color)
        except PlatformError:
            return False  # the slow way asks again and says what is wrong

    @staticmethod
    def _warm(router: TrafficRouter, capacity: Capacity | None, color: Color) -> bool:
        """Whether a color could take all of the traffic at this moment."""
        health = router.health(color)
        if capacity is None or not health.ready:
            return health.ready
        sizes = capacity.read()
        wanted = max(sizes[other(color)].present, 1)
        return sizes[color].running >= wanted and health.healthy >= wanted and capacity.ready(color).ready

    @staticmethod
    def _retire(journal: Journal, capacity: Capacity | None, spec: SwapSpec, color: Color) -> None:
        """Bring a color without traffic to rest. Its failure costs money, not requests: it is told and no more."""
        if capacity is None:
            return
        try:
            journal.tell("retire", capacity.retire(color, spec.scale_down_delay_seconds))
        except BluegreenError as error:
            journal.tell("retire", f"{color} could not be retired and keeps running: {error}")


def _still_there(previous: Mapping[str, str], spec: SwapSpec) -> dict[str, str]:
    """The color and release to roll back to; none once something else was put there, even if that is undone."""
    kept = any(
        color == previous.get("color") and name == previous.get("release") for color, name in spec.releases.items()
    )
    return dict(previous) if kept else {}


def _headline(plan: Plan) -> str:
    words = {
        Kind.FIRST: f"first start: {plan.target} takes the traffic",
        Kind.PROMOTION: f"promotion to {plan.target} from {plan.start}",
        Kind.RESUME: f"resuming a swap to {plan.target} that was interrupted at {plan.start}",
        Kind.ROLLBACK: f"rollback to {plan.target}: {'still warm' if plan.warm else 'scaled up first'}, one write",
        Kind.HEAL: f"healing drift: {plan.start} goes back to {plan.target} 100 %",
    }
    return words[plan.kind]
