"""The swap over plain dicts: check, diff, create, read, update, delete. Knows no engine and no platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.calls import counted
from bluegreen.capacity.base import Capacity
from bluegreen.rollout.clock import Clock, SystemClock
from bluegreen.rollout.errors import BluegreenError, PlatformError, Problem
from bluegreen.rollout.model import Color, Event, Kind, Outcome, Plan, Recorded, Weights, other
from bluegreen.rollout.plan import can_roll_back, make_plan
from bluegreen.rollout.runner import Runner
from bluegreen.routers.base import TrafficRouter
from bluegreen.swap import contract
from bluegreen.swap.contract import SwapSpec

_OUTCOMES = {
    Kind.FIRST: Outcome.STARTED,
    Kind.PROMOTION: Outcome.PROMOTED,
    Kind.RESUME: Outcome.RESUMED,
    Kind.ROLLBACK: Outcome.ROLLED_BACK,
    Kind.HEAL: Outcome.HEALED,
}


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
        left = contract.weights_in(olds)
        notes: list[str] = []
        try:
            spec = contract.parse({key: olds[key] for key in contract.INPUT_KEYS if key in olds})
            live = spec.build_router().read()
            if target != olds.get("live_color") and target in ("blue", "green"):
                notes.append(self._outlook(spec, olds, news, target, live))
        except BluegreenError as error:
            return Difference(bool(changed), warnings=(f"the live weights could not be looked at: {error}",))
        if live == left:
            return Difference(bool(changed), notes=tuple(notes))
        will = f"`pulumi up` puts {target} at 100 %"
        drift = f"drift: the live weights are {live}; the last update left {left}. {will}"
        return Difference(True, warnings=(drift,), notes=tuple(notes))

    def _outlook(
        self, spec: SwapSpec, olds: Mapping[str, Any], news: Mapping[str, Any], target: Color, live: Weights
    ) -> str:
        """How ready the new color is, and whether this is the fast way back."""
        release = str((news.get("releases") or {}).get(target))
        capacity = spec.build_capacity()
        if live.of(target) == 0 and can_roll_back(contract.recorded_in(olds), target, release):
            if self._warm(spec.build_router(), capacity, target):
                return f"rollback: {target} was live before and is still warm: one write, no holds"
            return f"rollback: {target} was live before and is brought back to size first; then as planned"
        health = spec.build_router().health(target)
        if health.ready:
            return f"{target} is ready: {health}"
        scaled = " It is scaled up first." if capacity is not None else ""
        return f"{target} is not ready yet: {health}.{scaled}"

    # -- the swap

    def create(self, news: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The first swap: the id and the outputs."""
        spec = contract.parse(news)
        return spec.build_router().id, self._swap(spec, news, None, {}, spec.build_router())

    def update(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Bring traffic to the active color, from wherever it is now. Returns the outputs."""
        spec = contract.parse(news)
        return self._swap(spec, news, contract.recorded_in(olds), olds, spec.build_router())

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
        self,
        spec: SwapSpec,
        news: Mapping[str, Any],
        recorded: Recorded | None,
        olds: Mapping[str, Any],
        router: TrafficRouter,
    ) -> dict[str, Any]:
        calls: list[str] = []
        with counted(calls.append):
            return self._counted_swap(spec, news, recorded, olds, router, calls)

    def _counted_swap(
        self,
        spec: SwapSpec,
        news: Mapping[str, Any],
        recorded: Recorded | None,
        olds: Mapping[str, Any],
        router: TrafficRouter,
        calls: Sequence[str],
    ) -> dict[str, Any]:
        began = self._clock.wall_seconds()
        steps: list[dict[str, object]] = []

        def report(event: Event) -> None:
            if event.kind == "shift":
                steps.append({"at_seconds": round(event.at_seconds, 3), **event.data["weights"]})  # type: ignore[dict-item]
            self._report(event)

        capacity = spec.build_capacity()
        live = router.read()
        target, release = spec.active_color, spec.releases[spec.active_color]
        warm = (
            live.of(target) == 0
            and can_roll_back(recorded, target, release)
            and self._kept_warm(router, capacity, target)
        )
        plan = make_plan(live, recorded, target, release, spec.strategy, spec.bake_seconds, warm=warm)
        previous = dict(olds.get("previous") or {})
        history = list(olds.get("history") or [])
        if plan.kind is Kind.NOTHING:
            if contract.plain(olds.get("router")) != contract.plain(news.get("router")):
                router.write(live)  # the rule itself changed (hosts, paths, stickiness); the weights stay
            return contract.outputs_of(news, target, live, previous, history)
        self._tell(report, plan.kind.value, _headline(plan))
        runner = Runner(
            router, capacity, spec.build_checks(), spec.previews, self._clock, report, self._cancelled, spec.limits
        )
        try:
            runner.run(plan)
        except BluegreenError:
            self._retire(report, capacity, spec, plan.target, only_if=plan.restore_to.of(plan.target) == 0)
            raise
        moved_from = other(target)
        if plan.kind in (Kind.PROMOTION, Kind.RESUME, Kind.ROLLBACK):
            self._retire(report, capacity, spec, moved_from, only_if=True)
            was = recorded.releases.get(moved_from) if recorded else spec.releases[moved_from]
            previous = {"color": moved_from, "release": str(was)}
        took = self._clock.wall_seconds() - began
        outcome = _OUTCOMES[plan.kind].value
        self._tell(report, "done", f"{outcome}: {target} 100 % after {took:.1f} s")
        entry = {
            "outcome": outcome,
            "from": plan.start.as_dict(),
            "to": target,
            "release": release,
            "started_at_seconds": round(began, 3),
            "seconds": round(took, 3),
            "calls": len(calls),
            "steps": steps,
        }
        return contract.outputs_of(news, target, Weights.all_on(target), previous, [entry, *history])

    def _tell(self, report: Callable[[Event], None], kind: str, text: str) -> None:
        report(Event(self._clock.wall_seconds(), kind, text))

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

    def _retire(
        self, report: Callable[[Event], None], capacity: Capacity | None, spec: SwapSpec, color: Color, *, only_if: bool
    ) -> None:
        """Bring a color without traffic to rest. Its failure costs money, not requests: it is told and no more."""
        if capacity is None or not only_if:
            return
        try:
            self._tell(report, "retire", capacity.retire(color, spec.scale_down_delay_seconds))
        except BluegreenError as error:
            self._tell(report, "retire", f"{color} could not be retired and keeps running: {error}")


def _headline(plan: Plan) -> str:
    words = {
        Kind.FIRST: f"first start: {plan.target} takes the traffic",
        Kind.PROMOTION: f"promotion to {plan.target} from {plan.start}",
        Kind.RESUME: f"resuming a swap to {plan.target} that was interrupted at {plan.start}",
        Kind.ROLLBACK: f"rollback to {plan.target}: still warm, one write",
        Kind.HEAL: f"healing drift: {plan.start} goes back to {plan.target} 100 %",
    }
    return words[plan.kind]
