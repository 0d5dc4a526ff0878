"""The check of an update: every problem, each change under traffic, and whether a verdict holds it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bluegreen.fields import UNKNOWN
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import BluegreenError, Problem
from bluegreen.rollout.model import COLORS, Traffic, Weights, other
from bluegreen.secrets import redact
from bluegreen.swap import contract, incarnation, releases, several, states, verdicts
from bluegreen.swap.contract import SwapSpec
from bluegreen.swap.properties import ADDED_BY_THE_CHECK

_MOVING = ("active_color", "promote_to_percent")


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check.

    Attributes:
        inputs: to continue with.
        problems: everything that is wrong with them.
        held: the weights that stay, where a verdict holds the update.
    """

    inputs: dict[str, object]
    problems: list[Problem]
    held: Weights | None = None


def check(olds: Mapping[str, Any], news: Mapping[str, Any]) -> Checked:
    """The inputs to continue with, and everything that is wrong with them.

    Where there was an update before, the object is read once: what is live decides, and not what was requested. Where
    it cannot be read, either color may be live.

    Args:
        olds: the last update's *inputs*; empty before the first one.
        news: the new ones; values may be unknown.
    """
    problems = [*contract.problems_in(news), *_problems_at_rest(news)]
    inputs = {key: value for key, value in news.items() if key not in ADDED_BY_THE_CHECK}
    if not olds and not problems:
        problems += _problems_of_a_first_start(news)
    if not olds or problems:
        return Checked(inputs, problems)
    traffic = _looked_at(olds)
    seen = _as_live(olds, traffic)
    verdict = None if traffic is None else verdicts.held(traffic, {}, news)
    # What is held stays live, whatever is requested: its release is changed in place, and not left behind.
    kept = None if verdict is None else verdicts.kept(verdict, None)
    asked = news if kept is None else {**news, "active_color": kept}
    change = contract.live_release_change(seen, asked)
    if change is not None:
        inputs["live_release_change"] = redact(change)
    if traffic is not None and kept is None and _moves(traffic.weights, olds, news):
        inputs["moves_from"] = str(traffic.weights)
    if contract.where_changed(olds, news):
        problems += _problems_of_a_move(olds, news, seen)
    else:
        past = olds if traffic is None else seen
        problems += releases.refused(past, news) if kept is None else releases.refused_while_held(past, news, kept)
    if kept is None:
        return Checked(inputs, problems)
    if inputs.get("plan"):
        inputs["plan"] = [f"held: nothing moves; {verdict}"]
    return Checked(inputs, problems, Weights.all_on(kept))


def _moves(live: Weights, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether an update moves traffic, as far as a check knows."""
    wanted = contract.desired_weights(news)
    if wanted is None:
        return any(contract.plain(olds.get(key)) != contract.plain(news.get(key)) for key in _MOVING)
    return live not in (wanted, Weights())


def recorded_spec(olds: Mapping[str, Any], news: Mapping[str, Any] | None = None) -> SwapSpec:
    """The inputs in a state, with a router that finds its object also where a new owner has stamped it meanwhile."""
    return incarnation.known_to(states.spec_of(olds), news or {}, incarnation.recorded(olds))


def _looked_at(olds: Mapping[str, Any]) -> Traffic | None:
    try:
        return recorded_spec(olds).build_router().read()
    except BluegreenError:
        return None


def _as_live(olds: Mapping[str, Any], traffic: Traffic | None) -> Mapping[str, Any]:
    """The last inputs with what is live, as outputs have it: both colors where both have traffic, or may have."""
    wanted = olds.get("active_color")
    if traffic is None:
        return {**olds, "live_color": wanted, "paused": {"color": other(wanted)} if wanted in COLORS else {}}
    blue, green = COLORS
    more = blue if traffic.weights.of(blue) >= traffic.weights.of(green) else green
    live = traffic.weights.live_color or more
    if traffic.weights == Weights():
        return olds
    waits = traffic.weights.of(other(live))
    return {**olds, "live_color": live, "paused": {"color": other(live), "percent": waits} if waits else {}}


def _problems_at_rest(news: Mapping[str, Any]) -> list[Problem]:
    """The problem with an idle color so small that the router's platform answers nobody.

    No part of the contract: a state that says so is of a swap that can be deleted.
    """
    idle = news.get("idle_capacity_percent")
    kinds = [kind for section in several.sections_of(news) if (kind := several.kind_of(section)) is not None]
    if not kinds or news.get("capacity") is None:
        return []  # without a capacity nobody is scaled down
    kind = max(kinds, key=_least_idle_percent)
    least, given = _least_idle_percent(kind), 0 if idle is None else idle
    if given is UNKNOWN or not isinstance(given, (int, float)) or given >= least:
        return []
    allowed = f"{least:g} to 100: with the {kind} router production needs pods of the idle color, too"
    return [Problem("idle_capacity_percent", given, allowed)]


def _problems_of_a_first_start(news: Mapping[str, Any]) -> list[Problem]:
    """Problems that only the platform knows of.

    Where it cannot be reached, the update finds them before its first write.
    """
    problems: list[Problem] = []
    for index, section in enumerate(several.sections_of(news)):
        kind = several.kind_of(section)
        ask = None if kind is None else getattr(ROUTERS.load(kind), "problems_of_a_first_start", None)
        if ask is not None:
            path = several.ONE if news.get(several.MANY) is None else f"{several.MANY}[{index}]"
            with contextlib.suppress(BluegreenError):
                problems += [replace(problem, field=f"{path}.{problem.field}") for problem in ask(section)]
    return problems


def _least_idle_percent(kind: str) -> float:
    return float(getattr(ROUTERS.load(kind), "least_idle_percent", 0))


def _problems_of_a_move(olds: Mapping[str, Any], news: Mapping[str, Any], seen: Mapping[str, Any]) -> list[Problem]:
    """The problems with an update that promotes, or pauses half-way, and moves to another place at once."""
    problems = []
    if olds.get("active_color") != news.get("active_color"):
        allowed = f"{olds.get('active_color')!r} in an update that moves the router: do one after the other"
        problems.append(Problem("active_color", news.get("active_color"), allowed))
    if seen.get("paused") and contract.plain(olds.get("promote_to_percent")) not in (None, 100):
        allowed = "the place where it is, while a promotion is paused: raise promote_to_percent or go back first"
        key = several.ONE if news.get(several.MANY) is None else several.MANY
        problems.append(Problem(key, contract.plain(news.get(key)), allowed))
    return problems
