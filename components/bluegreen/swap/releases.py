"""The release of each color, known by a digest of its content. Pure.

A label (``releases``) is for people: two versions may have the same. So what a color runs is identified by the
``digests`` that a component gives, and by the values of router and capacity that name the very thing (a published
version, a revision). Only without these the label has to do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from bluegreen.fields import UNKNOWN
from bluegreen.plain import holds_unknown, plain
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color, Kind, other
from bluegreen.swap import sections, several
from bluegreen.swap.sections import CAPACITY, DIGEST, LABEL, ROUTER, of
from bluegreen.swap.several import formers, kind_of, named_like, sections_of, with_sections

_DIGITS = 16
_PAUSED = (
    "while a promotion is paused, as both colors have traffic then: set activeColor back or finish the promotion; then "
    "change where the color's requests go"
)
# Of a color whose digest nobody has recorded and whose label says that it was something else.
_FORMERLY = "formerly "


@dataclass(frozen=True, slots=True)
class Change:
    """Another release in one color.

    Attributes:
        color: which.
        path: what tells it: ``digests``, ``releases``, or a section's key: ``router.versions``.
        before: the former value.
        after: the new one.
        text: both, as people read them: ``blue: v1 -> v2``.
        routed: whether the router itself brings it: it does not run before the swap writes.
        brought: whether the swap brings it, by the router or by the capacity: it comes to an idle color alone.
    """

    color: Color
    path: str
    before: object
    after: object
    text: str
    routed: bool
    brought: bool


def fingerprint(inputs: Mapping[str, object], color: Color) -> Any:
    """The digest of a color's release, 16 hexadecimal digits; ``UNKNOWN`` while it is not known.

    Args:
        inputs: a swap's inputs or outputs.
        color: which.
    """
    return _hashed(_whole(inputs, color))


def is_told_by(digest: object, inputs: Mapping[str, object], color: Color) -> bool:
    """Whether a recorded digest is that of a color's release; also one of an older version.

    Those had places as they are spelled, and before that no targets.
    """
    spelled = sections.by_declaration
    former = (sections.parts(inputs, color, spelled), _whole(inputs, color, spelled), sections.parts(inputs, color))
    return digest in (fingerprint(inputs, color), *map(_hashed, former))


def _whole(
    inputs: Mapping[str, object], color: Color, names: sections.Names = several.places_said
) -> dict[str, object]:
    return {**sections.parts(inputs, color, names), **sections.targets(inputs, color, names)}


def _hashed(parts: Mapping[str, object]) -> Any:
    if holds_unknown(parts):
        return UNKNOWN
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def changes(olds: Mapping[str, object], news: Mapping[str, object]) -> Iterator[Change]:
    """Every color that gets another release, as far as both sides are known.

    Args:
        olds: inputs or outputs, caught up.
        news: inputs.
    """
    for color in COLORS:
        before, after = sections.parts(olds, color), sections.parts(news, color)
        whole, beside = brings_in_place(news), sections.releases_beside(news)
        shared = before.keys() & after.keys()
        if _knows_its_router(olds, news):  # what is in its section on one side alone is another thing, too
            shared |= {path for path in before.keys() | after.keys() if path.startswith(ROUTER)}
        for path in sorted(shared):
            old, new = before.get(path), after.get(path)
            if not holds_unknown([old, new]) and old != new:
                routed = (path.startswith(ROUTER) and not beside) or whole
                brought = routed or (path.startswith(CAPACITY) and sections.capacity_brings_releases(news))
                yield Change(color, path, old, new, _said(olds, news, color, path, old, new), routed, brought)
                break
            if path == DIGEST and whole:
                break  # what a digest does not cover, more memory say, comes by the platform's own deployment


def _knows_its_router(olds: Mapping[str, object], news: Mapping[str, object]) -> bool:
    """Whether both sides have a router of one kind; an entry that an older state lacks is no change."""
    older = "live_color" in olds and "state_version" not in olds
    kinds = sections.router_kinds(news)
    return not older and bool(kinds) and sorted(sections.router_kinds(olds)) == sorted(kinds)


def goes_elsewhere(olds: Mapping[str, object], news: Mapping[str, object]) -> list[Change]:
    """Every color with traffic whose requests go to another target from now on, for example to a new one.

    That is no other release, and yet nothing says that the new one works: the swap asks before it sends traffic there.
    A target that only the update knows has ``UNKNOWN`` as its new value.
    """
    candidates, left, known_olds = list[Change](), _left(olds, news), _with_members_of(olds, news)
    for color in with_traffic(olds):
        before, after = sections.targets(known_olds, color), sections.targets(news, color)
        for path in sorted(before.keys() & after.keys()) if color != left else ():
            old, new = before[path], after[path]
            if old != new and not holds_unknown(old):
                known = UNKNOWN if holds_unknown(new) else new
                shown = "one that this update makes" if known is UNKNOWN else _short(path, known)
                text = f"{color}: {path.rpartition('.')[2]} {_short(path, old)} -> {shown}"
                candidates.append(Change(color, path, old, known, text, routed=True, brought=True))
    return candidates


def leads_elsewhere(olds: Mapping[str, object], news: Mapping[str, object], color: Color) -> bool:
    """Whether a color's requests go to another target, as ``goes_elsewhere`` has it."""
    return any(change.color == color for change in goes_elsewhere(olds, news))


def not_known_yet(news: Mapping[str, object], color: Color) -> bool:
    """Whether only an update knows a color's release."""
    return fingerprint(news, color) is UNKNOWN


def with_traffic(olds: Mapping[str, object]) -> tuple[Color, ...]:
    """The colors that have traffic by the record: both while a promotion is paused, or may be.

    Args:
        olds: outputs; of inputs alone only so much is known as that a pause was wanted.
    """
    live = live_in(olds)
    if live is None:
        return ()
    waits = olds.get("paused") if "live_color" in olds else plain(olds.get("promote_to_percent")) not in (None, 100)
    return COLORS if waits else (live,)


def live_in(olds: Mapping[str, object]) -> Color | None:
    """The color that is live by the record: never the one that is wanted, where both are known."""
    live = olds.get("live_color") or olds.get("active_color")
    return live if live in COLORS else None


def live_changes(olds: Mapping[str, object], news: Mapping[str, object]) -> list[Change]:
    """Every color with traffic that gets another release in place, whoever brings it.

    A color that the update leaves is not among these where the swap itself brings the release: see ``moving``.
    """
    candidates, left, serving = changes(caught_up(olds, news), news), _left(olds, news), with_traffic(olds)
    return [
        change for change in candidates if change.color in serving and not (change.brought and change.color == left)
    ]


def live_release_change(olds: Mapping[str, object], news: Mapping[str, object]) -> str | None:
    """``"blue: app:v1 -> app:v2"`` when the update changes what a color with traffic runs, in place."""
    return ", ".join(change.text for change in live_changes(olds, news)) or None


def refused(olds: Mapping[str, object], news: Mapping[str, object]) -> list[Problem]:
    """The problems with changes that would move production traffic by themselves, onto a release without gates."""
    serving = with_traffic(olds) if "live_color" in olds else (live_in(olds),)
    problems = [
        Problem(f"{path}.{change.color}", change.after, f"{change.before!r} {_PAUSED}")
        for change in goes_elsewhere(olds, news)
        for path in [sections.as_declared(change.path, news)]
        if len(serving) > 1 and change.after is not UNKNOWN
    ]
    for change in live_changes(olds, news):
        if not change.brought or change.color not in serving:
            continue
        path, before, after = change.path, change.before, change.after
        if path == DIGEST:  # nobody types one
            path, before, after = (
                LABEL,
                *(of(side.get(LABEL), change.color) for side in (olds, news)),
            )
        same = f" (another one of that name: {change.text})" if before == after else ""
        former = "nothing of that kind" if before is None else repr(before)
        idle = other(change.color)
        way = f"put {'the value for it' if after is None else repr(after)} into {idle}, and promote that"
        if idle in serving:
            way = f"set activeColor back or finish the promotion; then deploy {after!r} to the color without traffic"
        allowed = (
            f"{former}, which has production traffic{same}: another one would get all of that at once, and no gate "
            f"would run. Give {change.color} its former one back, {way}"
        )
        problems.append(Problem(f"{sections.as_declared(path, news)}.{change.color}", after, allowed))
    return problems


def refused_while_held(olds: Mapping[str, object], news: Mapping[str, object], live: Color) -> list[Problem]:
    """The same for an update that a verdict holds: the color that was to lose its traffic stays live.

    Args:
        olds: inputs or outputs.
        news: inputs.
        live: that color.
    """
    asked = {**news, "active_color": live}
    back = (
        f"while a verdict holds the promotion to {other(live)}, as {live} stays live then and another target has to "
        "prove itself first: set activeColor back, and change where its requests go then"
    )
    return refused(olds, asked) + [
        Problem(f"{sections.as_declared(change.path, news)}.{change.color}", change.after, f"{change.before!r} {back}")
        for change in goes_elsewhere(olds, asked)
        if change.after is not UNKNOWN and change.color == live
    ]


def brings_in_place(news: Mapping[str, object]) -> bool:
    """Whether the platform brings another release under a live color by a deployment of its own."""
    kinds = filter(None, map(kind_of, sections_of(news)))
    return any(getattr(ROUTERS.load(kind), "in_place", False) for kind in kinds)


def warning(change: Change) -> str:
    """The warning about a change under traffic that somebody else brings: what the swap brings is ``refused``."""
    return (
        f"{change.text}: {change.color} has production traffic and gets another release in place, before this swap "
        f"runs: no gate, no step, and afterwards no fast way back. Deploy it to {other(change.color)} and promote that"
    )


def elsewhere_warning(change: Change, news: Mapping[str, object]) -> str:
    """The warning about a color with traffic whose requests are to go to another target."""
    alone = ", the latter as long as the former target has healthy units" if news.get("capacity") is not None else ""
    ahead = "where that is another one, traffic goes there" if change.after is UNKNOWN else "traffic goes there"
    return (
        f"{change.text}: {change.color} has production traffic; {ahead} all at once, when its targets are healthy and "
        f"the gates have passed{alone}; the bake follows, and afterwards there is no fast way back"
    )


def moving(olds: Mapping[str, Any], news: Mapping[str, Any]) -> Mapping[str, Any]:
    """The inputs for the time of the move: a color that is left keeps its release until it has no traffic any more.

    So a revert that takes a color's release back together with the active color moves traffic first.
    """
    left = _left(olds, news)
    if left not in with_traffic(olds):
        return news
    pairs = list(zip(sections_of(news), formers(olds, news), strict=True))
    if not pairs:
        return news
    kept = with_sections(news, [_keeping(router, old, left, sections.keys_by_color(router)) for router, old in pairs])
    capacity = news.get("capacity")
    keys = sections.capacity_keys_by_color(capacity)  # what is scaled goes with what is installed
    return {**kept, "capacity": _keeping(capacity or {}, olds.get("capacity"), left, keys)} if keys else kept


def _keeping(
    router: Mapping[str, Any], old: Mapping[str, Any] | None, left: Color, keys: Iterable[str]
) -> Mapping[str, Any]:
    """A section with what the former one says of a color."""
    kept = {
        key: {**router[key], left: old[key][left]}
        for key in keys
        if old and isinstance(router.get(key), Mapping) and isinstance(old.get(key), Mapping) and left in old[key]
    }
    return {**router, **kept}


def _left(olds: Mapping[str, object], news: Mapping[str, object]) -> Color | None:
    """The color that an update leaves without traffic; ``None`` where it may keep some."""
    target = news.get("active_color")
    if target not in COLORS:
        return None
    live = live_in(olds)
    whole = plain(news.get("promote_to_percent")) in (None, 100) or target == live or _is_back(olds, news)
    return other(target) if whole else None


def _is_back(olds: Mapping[str, object], news: Mapping[str, object]) -> bool:
    previous, target = caught_up(olds, news).get("previous"), cast("Color", news["active_color"])
    if not isinstance(previous, Mapping) or previous.get("color") != target:
        return False
    return bool(previous.get("digest") == fingerprint(news, target))


def left_behind(
    olds: Mapping[str, Any], news: Mapping[str, Any], live: Color, moved: Kind | None, *, anew: bool = False
) -> tuple[dict[str, str], str]:
    """The releases that a rollback may go to after an update, and the digest that the live color has proved.

    A way back is what was live right before, as it was when it had proved itself, and is still there. What came in
    place has proved nothing: nothing leads back to it, and after it nothing leads back at all.

    Args:
        olds: the last update's outputs, caught up; empty where there was none.
        news: the inputs.
        live: the color that is live now.
        moved: how traffic got there from the other color; ``None`` where it was there before.
        anew: whether the live color has proved itself again, at another target.

    Returns:
        ``previous``, with ``color``, ``release`` and ``digest``; empty where there is none. And ``proved``.
    """
    recorded = live_in(olds) if "live_color" in olds else None
    now, left = {color: fingerprint(news, color) for color in COLORS}, other(live)
    if moved is None or recorded == live:  # nothing moved, or back from a pause
        previous = dict(olds.get("previous") or {})
        color = previous.get("color")
        in_place = recorded == live and fingerprint(olds, live) != now[live]
        kept = color in COLORS and previous.get("digest") == now[color] and not in_place
        return previous if kept else {}, now[live] if anew else str(olds.get("proved") or now[live])
    if moved is Kind.ROLLBACK:
        return {}, now[live]  # what was rolled back from was rejected: it has to prove itself again, gates and all
    labels = olds.get(LABEL) if recorded is not None else news.get(LABEL)
    way = {"color": left, "release": str(of(labels, left)), "digest": now[left]}
    proved = recorded is None or now[left] == fingerprint(olds, left) == olds.get("proved")
    return way if proved else {}, now[live]


def caught_up(olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs completed from an older state, which lacks digests of what was live and of what is.

    Nobody knows what those were, so the label says it: the same one, the same release. A release that gets its first
    digest is no other one by that.
    """
    outputs_then = _with_members_of(olds, news)
    digests: dict[str, Any] = {}
    for color in COLORS:
        old, new = of(olds.get(DIGEST), color), of(news.get(DIGEST), color)
        if new is not None:
            label = of(olds.get(LABEL), color)
            same = UNKNOWN in (label, of(news.get(LABEL), color)) or label == of(news.get(LABEL), color)
            digests[color] = old if old is not None else (new if same else f"{_FORMERLY}{label}")
    if digests or olds.get(DIGEST):
        outputs_then[DIGEST] = digests
    previous, live = olds.get("previous"), olds.get("live_color")
    if isinstance(previous, Mapping) and previous.get("color") in COLORS:
        color = cast("Color", previous["color"])
        there = previous.get("digest")
        labelled = previous.get("release") == of(olds.get(LABEL), color)
        if labelled if there is None else is_told_by(there, olds, color):
            outputs_then["previous"] = {**previous, "digest": fingerprint(outputs_then, color)}
    if live in COLORS:
        proved = olds.get("proved")
        if proved is None or is_told_by(proved, olds, live):
            outputs_then["proved"] = fingerprint(outputs_then, live)
    return outputs_then


def _with_members_of(olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs with the routers that the inputs have: one that comes or goes makes no other release of a color.

    Nor does another name of its place, by which its values are found.
    """
    pairs = list(zip(sections_of(news), formers(olds, news), strict=True))
    if not sections_of(olds) or len(pairs) == len(sections_of(olds)) == 1 or not any(old for _, old in pairs):
        return dict(olds)
    return with_sections(olds, [section if old is None else named_like(old, section) for section, old in pairs])


def _said(olds: Any, news: Any, color: Color, path: str, old: object, new: object) -> str:
    before, after = of(olds.get(LABEL), color), of(news.get(LABEL), color)
    if before == after or not isinstance(after, str):
        what = "digest" if path == DIGEST else path.rpartition(".")[2]
        before, after = (f"{before} ({what} {_short(path, value)})" for value in (old, new))
    return f"{color}: {before} -> {after}"


def _short(path: str, value: object) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text[: 12 if path == DIGEST else 80]
