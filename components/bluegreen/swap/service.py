"""The swap over plain dicts: check, diff, create, read, update, delete. Knows no engine and no platform."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bluegreen.clients import glances
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.asking import ask, contained
from bluegreen.rollout.calls import counted
from bluegreen.rollout.clock import Clock, SystemClock
from bluegreen.rollout.errors import BluegreenError, InvalidInput, Problem, SwapFailed, refuse
from bluegreen.rollout.model import COLORS, Color, Decision, Event, Phase, Recorded, Traffic, Weights, other
from bluegreen.rollout.plan import can_roll_back, goal_of
from bluegreen.rollout.ports import GateContext
from bluegreen.secrets import redact
from bluegreen.swap import (
    checking,
    contract,
    incarnation,
    installing,
    leaving,
    previewed,
    releases,
    several,
    skipping,
    states,
    verdicts,
)
from bluegreen.swap.contract import SwapSpec
from bluegreen.swap.journal import with_marks
from bluegreen.swap.lease import holder_of, leases_in
from bluegreen.swap.removal import remove
from bluegreen.swap.reporting import Reporting
from bluegreen.swap.resting import is_warm, others_plans, overdue
from bluegreen.swap.update import Update


@dataclass(frozen=True, slots=True)
class Difference:
    """The differences that a preview shows.

    Attributes:
        changes: whether ``update`` has something to do.
        replaces: input keys whose change makes this another swap.
        warnings: for the reviewer's eye: drift, or why it could not be looked for.
        notes: what else the reviewer should know.
        keys: the input keys whose values differ.
        drifted: the live weights, where they are not what the last update left.
    """

    changes: bool
    replaces: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    drifted: Weights | None = None

    def __post_init__(self) -> None:
        """Take the secrets out: whatever shows a preview keeps what it shows."""
        for name in ("warnings", "notes"):
            object.__setattr__(self, name, tuple(redact(text) for text in getattr(self, name)))


class SwapService:
    """One swap's life.

    Args:
        report: called with every event while it happens.
        clock: time.
        cancelled: called at every interval of a running swap; true restores.
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

    @glances.check(previewed.about)
    def check(self, olds: Mapping[str, object], news: Mapping[str, object]) -> tuple[dict[str, object], list[Problem]]:
        """The inputs to continue with, and the problems with them. Reads the live traffic where it can."""
        checked = checking.check(states.readable(olds), news)
        return checked.inputs, checked.problems

    @glances.diff(previewed.about)
    def diff(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Difference:
        """The changes since the last update: of the inputs, and of the live traffic.

        Args:
            olds: the last update's outputs.
            news: checked inputs; values may be unknown.

        Raises:
            InvalidInput: the update would refuse it, and a check could not see that: it knows the last inputs alone.
        """
        olds = states.readable(olds)
        keys = tuple(contract.changed_keys(olds, news))
        if contract.where_changed(olds, news):
            key = several.ONE if news.get(several.MANY) is None else several.MANY
            return Difference(changes=True, replaces=(key,), keys=keys)
        refuse(releases.refused(olds, news))
        changed, formerly = bool(keys), olds
        olds = contract.caught_up(olds, news)
        target, recorded = news.get("active_color"), contract.recorded_in(olds)
        notes: list[str] = []
        warnings = [releases.warning(change) for change in releases.live_changes(olds, news)]
        warnings += [releases.elsewhere_warning(change, news) for change in releases.goes_elsewhere(olds, news)]
        try:
            spec = checking.recorded_spec(formerly, news)
            router = spec.build_router()
            traffic = router.read()
            recorded = installing.without_way_back(recorded, traffic.marks)
            skip = (
                skipping.wished(
                    traffic.marks, target, (contract.fingerprint(news, target),), self._clock.wall_seconds()
                )
                if target in COLORS
                else None
            )
            warnings += [] if skip is None else [str(skip)]
            installs, coming = installing.told(olds, news, recorded, traffic.weights)
            notes += installs
            notes += leaving.told_of_members(formerly, news, traffic.weights)
            held = verdicts.held(traffic, olds, news)
            retiring = overdue(spec.build_capacity(), traffic.weights)
            notes += [f"{color} is brought to rest: it has had no traffic for its delay" for color in retiring]
            if elsewhere := getattr(router, "stands_elsewhere", ""):
                warnings.append(elsewhere)
            if target != olds.get("live_color") and target in COLORS and held is None:
                notes += [] if target in coming else [self._readiness(spec, olds, news, target, recorded)]
                notes += self._kept_clients(spec, news, target, recorded)
                warnings += self._offline(news)
                notes += self._ahead(news)
                warnings += others_plans(spec.build_capacity(), other(target))
        except BluegreenError as error:
            warnings.append(f"the live weights could not be looked at: {error}")
            warnings += verdicts.warnings(verdicts.held(None, olds, news), recorded, news)
            return Difference(changed, warnings=tuple(warnings), keys=keys)
        if held is not None:
            refuse(releases.refused_while_held(olds, news, verdicts.kept(held, recorded)))
        another = _another(traffic, olds)
        warnings += [_TAKES_OVER.format(another)] if another else []
        warnings += _new_owner(olds, news)
        for holder in leases_in(traffic.marks).values():
            warnings.append(f"a swap runs, or was interrupted: {holder_of(holder)}; `pulumi up` finds out which")
        # Against what the last swap left and not against the state's weights: a refresh writes the drift into those.
        left = recorded.weights if recorded is not None else Weights()
        drifted = traffic.weights != left
        warnings += verdicts.warnings(held, recorded, news)
        if drifted:
            will = self._predicted_weights(traffic.weights, recorded, news, held)
            warnings.insert(0, f"drift: the live weights are {traffic.weights}; the last update left {left}. {will}")
        due = bool(leases_in(traffic.marks)) or bool(another) or verdicts.left_over(traffic, olds, news)
        return Difference(
            changed or drifted or due or bool(coming or retiring) or (held is None and self._unreached(recorded, news)),
            warnings=tuple(warnings),
            notes=tuple(notes),
            keys=keys,
            drifted=traffic.weights if drifted else None,
        )

    def predicted_outputs(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs that an update will leave if all goes well, ``UNKNOWN`` where only it can know. No I/O.

        Args:
            olds: the last update's outputs; empty before the first one.
            news: checked inputs; values may be unknown.
        """
        inputs = {key: news[key] for key in contract.INPUT_KEYS if news.get(key) is not None}
        unknown: dict[str, Any] = dict.fromkeys(contract.OUTPUT_KEYS, UNKNOWN)
        if not several.may_be_several(news):
            del unknown["members"]
        olds = contract.caught_up(states.readable(olds), news)
        target, percent = news.get("active_color"), news.get("promote_to_percent") or 100
        digest = contract.fingerprint(news, target) if target in COLORS else UNKNOWN
        recorded = contract.recorded_in(olds)
        # Only a promotion that pauses asks whether it is a way back, and so which release it is about.
        asks = percent != 100 and recorded is not None
        if target not in COLORS or percent is UNKNOWN or (asks and digest is UNKNOWN):
            return {**inputs, **unknown}
        live = recorded.weights if recorded is not None else Weights()
        held = verdicts.held(None, olds, news)
        if held is None:
            goal = goal_of(live, recorded, target, str(digest), int(percent))
        else:
            goal = Weights.all_on(verdicts.kept(held, recorded))
        stays = held.as_dict() if held is not None else {}
        known = contract.outputs_of(news, goal.live_color or other(target), goal, {}, [], held=stays)
        return {**inputs, **unknown, **{key: known[key] for key in ("live_color", "weights", "paused", "held")}}

    @staticmethod
    def _unreached(recorded: Recorded | None, news: Mapping[str, Any]) -> bool:
        """Whether the last update left other weights than are requested, as far as it is known."""
        try:
            spec = contract.parse(news)
        except InvalidInput:
            return False
        target = spec.active_color
        left = recorded.weights if recorded is not None else Weights()
        digest = contract.fingerprint(news, target)
        return left != goal_of(left, recorded, target, digest, spec.promote_to_percent)

    @staticmethod
    def _predicted_weights(
        live: Weights, recorded: Recorded | None, news: Mapping[str, Any], held: verdicts.Held | None
    ) -> str:
        """The weights that an update would bring, as far as a preview can know."""
        if held is not None:
            return f"`pulumi up` puts {verdicts.kept(held, recorded)} at 100 %"
        try:
            spec = contract.parse(news)
        except InvalidInput:
            return "`pulumi up` heals it"
        target = spec.active_color
        goal = goal_of(live, recorded, target, contract.fingerprint(news, target), spec.promote_to_percent)
        return f"`pulumi up` puts {target} at {goal.of(target)} %"

    @staticmethod
    def _kept_clients(spec: SwapSpec, news: Mapping[str, Any], target: Color, recorded: Recorded | None) -> list[str]:
        """The warning about clients that stay with a color, where their platform pins them; none on the way back."""
        text: str = getattr(spec.build_router(), "clients_stay", "")
        if not text or can_roll_back(recorded, target, str(contract.fingerprint(news, target))):
            return []
        with contextlib.suppress(InvalidInput):  # as long as something is unknown, the last update's steps are a guess
            spec = contract.parse(news)
        return [text] if spec.strategy.steps else []

    def _offline(self, news: Mapping[str, Any]) -> list[str]:
        """The answers of gates that look at local files alone: a reviewer sees them before anything runs."""
        try:
            spec = contract.parse(news)
        except InvalidInput:
            return []
        said = []
        context = GateContext(spec.active_color, service=spec.name, releases=spec.releases, phase=Phase.CONFIRM)
        for check in spec.build_checks():
            if check.gate.offline:
                try:
                    verdict = ask(check.gate, context)
                except BluegreenError as error:
                    said.append(f"gate {check.gate.label} cannot run: {error}")
                    continue
                if verdict.decision is not Decision.PASS:
                    said.append(f"gate {check.gate.label} will refuse this promotion: {verdict}")
                elif verdict.reason:
                    said.append(f"gate {check.gate.label} passes: {verdict}")
        return said

    def _ahead(self, news: Mapping[str, Any]) -> list[str]:
        """The reasons why gates that measure traffic will be of no use, from the color that has the traffic now."""
        try:
            spec = contract.parse(news)
        except InvalidInput:
            return []
        longest = max([spec.bake_seconds, *(step.hold_seconds for step in spec.strategy.steps)])
        context = GateContext(
            other(spec.active_color),
            service=spec.name,
            releases=spec.releases,
            phase=Phase.HOLD,
            weight_percent=100,
            asked_at_seconds=self._clock.wall_seconds(),
        )
        asked = [getattr(check.gate, "in_preview", None) for check in spec.build_checks()]
        answers = [contained(partial(ahead, context, longest)).value for ahead in asked if ahead is not None]
        return [answer for answer in answers if isinstance(answer, str) and answer]

    def _readiness(
        self,
        spec: SwapSpec,
        olds: Mapping[str, Any],
        news: Mapping[str, Any],
        target: Color,
        recorded: Recorded | None,
    ) -> str:
        """The readiness of the new color, with its coming release, and whether this is the fast way back."""
        digest = contract.fingerprint(news, target)
        if digest is UNKNOWN:
            return f"what {target} will run is known once this update has made it; whether it is ready is checked then"
        change = next((one for one in releases.changes(olds, news) if one.color == target), None)
        if change is not None and change.routed:  # what the router brings is there already, and can be read
            with contextlib.suppress(InvalidInput):
                spec, change = contract.parse(news), None
        if change is not None:
            return f"{change.text} comes with this update, which checks whether that is ready"
        router, capacity = spec.build_router(), spec.build_capacity()
        if can_roll_back(recorded, target, digest):
            if is_warm(router, capacity, target):
                return f"rollback: {target} was live before and is still warm: one write, no holds"
            return f"rollback: {target} was live before and is brought back to size first; then one write, no holds"
        health = router.health(target)
        if health.ready:
            return f"{target} is ready: {health}"
        scaled = " It is scaled up first." if capacity is not None else ""
        return f"{target} is not ready yet: {health}.{scaled}"

    # -- the swap

    def create(self, news: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The first swap: the id and the outputs."""
        spec = contract.parse(news)
        return spec.build_router().id, self._swap(spec, news, {})

    def update(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Bring traffic to the active color, from wherever it is now. Returns the outputs.

        Raises:
            InvalidInput: also where another release would get production traffic by itself.
        """
        olds = states.readable(olds)
        refuse(releases.refused(olds, news))
        return self._swap(contract.parse(releases.moving(olds, news)), news, contract.caught_up(olds, news), olds)

    def read(self, olds: Mapping[str, Any]) -> dict[str, Any] | None:
        """The outputs with what is live now; ``None`` when the swap's object is gone."""
        olds = states.readable(olds)
        router = checking.recorded_spec(olds).build_router()
        traffic = router.read()
        if traffic.weights == Weights():
            return None
        history = with_marks(olds.get("history") or [], traffic.marks)[: contract.HISTORY_LIMIT]
        members = contract.members_of(traffic.weights, getattr(router, "names", ()))
        weights = {"weights": traffic.weights.as_dict(), **members}
        return {**olds, **weights, "history": history, **verdicts.read(traffic, olds)}

    def delete(self, olds: Mapping[str, Any]) -> None:
        """Remove what the swap owns, and nothing else: an object of another incarnation stays as it is.

        Raises:
            LeaseHeld: a swap of it is running; nothing was removed.
        """
        olds = states.readable(olds)
        spec, left_out = states.read(olds)
        if left_out:
            self._tell(f"not understood in the state, and left out: {', '.join(left_out)}")
        mark = incarnation.recorded(olds)
        own = leaving.own_of(incarnation.known_to(spec, olds, mark), mark, self._tell)
        if own is not None:
            router, traffic = own
            with glances.changing(previewed.place_of(olds)):
                remove(router, spec.build_capacity(), self._clock, traffic.marks, self._tell)

    def _swap(
        self,
        spec: SwapSpec,
        news: Mapping[str, Any],
        olds: Mapping[str, Any],
        formerly: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        mark = incarnation.recorded(olds) or incarnation.new()
        # At creation nothing that stands elsewhere is its own.
        spec = incarnation.known_to(spec, olds, mark if olds else "")
        reporting, changing = Reporting(spec, self._clock, self._report), glances.changing(previewed.place_of(news))
        with changing, reporting as journal, counted(journal.calls.append):
            update = Update(spec, news, olds, self._clock, journal, self._cancelled, mark, formerly)
            try:
                return states.stamped(update.run(), mark)
            except SwapFailed as failed:
                if failed.outputs is not None:
                    failed.outputs = states.stamped(failed.outputs, mark)
                raise

    def _tell(self, text: str) -> None:
        self._report(Event(self._clock.wall_seconds(), "kept", text, {}))


_TAKES_OVER = "what it owns is not stamped as its own: {}; `pulumi up` stamps it anew"


def _another(traffic: Traffic, olds: Mapping[str, Any]) -> str:
    """Say why the object has to be stamped; a state from before marks gets its mark silently, with the next update."""
    return incarnation.whose(traffic, incarnation.recorded(olds)) if incarnation.recorded(olds) else ""


def _new_owner(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    said = []
    for new, old in zip(several.sections_of(news), several.formers(olds, news), strict=True):
        former, owner = (old or {}).get("owner"), new.get("owner")
        if isinstance(former, str) and isinstance(owner, str) and former != owner:
            said.append(
                f"it was {former} and is {owner} from now on: `pulumi up` takes over what {former} owns, "
                "and stamps it anew"
            )
    return list(dict.fromkeys(said))
