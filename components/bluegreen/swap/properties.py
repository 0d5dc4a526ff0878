"""The swap's properties: names, types, units, defaults and what they mean. Everything else takes them from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bluegreen.gates.registry import GATES
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.options.declared import Option
from bluegreen.options.kinds import Number
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.swap import settings

DESCRIPTION = (
    "Owns where production traffic goes. Every component declares one; declare it yourself only for what none of them "
    "does. Its properties have the names that they have in Python."
)

_ANY = {"$ref": "pulumi.json#/Any"}
_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_INTEGER = {"type": "integer"}
_OBJECT = {"type": "object", "additionalProperties": _ANY}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}


@dataclass(frozen=True, slots=True)
class Property:
    """One property.

    Attributes:
        name: as it stands in inputs and outputs.
        description: what it means.
        type: as Pulumi's schemas have it.
        default: what counts when it is absent, in its unit; ``None``: there is none.
        unit: of a number.
        required: whether an input must be given; whether an output is always there.
    """

    name: str
    description: str
    type: Mapping[str, Any] = field(default_factory=lambda: _TEXT)
    default: Any = None
    unit: str = ""
    required: bool = False

    @property
    def text(self) -> str:
        """The description with unit and default."""
        ends = [f"In {self.unit}."] if self.unit else []
        if self.default is not None:
            ends.append(f"Default: {self.default}.")
        return " ".join([f"{self.description[:1].upper()}{self.description[1:]}.", *ends])


def _kinds(entries: Mapping[str, str]) -> str:
    return ", ".join(f"`{kind}`" for kind in sorted(entries))


def _setting(setting: Option) -> Property:
    kind = setting.kind
    if not isinstance(kind, Number):
        return Property(setting.name, setting.help, default=setting.default or None)
    text = f"{setting.help}; absent: {setting.absent}" if setting.absent else setting.help
    return Property(setting.name, text, _INTEGER if kind.whole else _NUMBER, setting.default, kind.unit)


INPUTS: tuple[Property, ...] = (
    *map(_setting, settings.all_of_them()),
    Property("active_color", "`blue` or `green`: the color that is to carry production traffic", required=True),
    Property("releases", "what is installed in each color, as people read it, by color", _TEXTS, required=True),
    Property(
        "digests",
        "the identity of each color's release: an image's digest, a hash of what is rendered; absent: what "
        "router and capacity name, then the texts in `releases`",
        _TEXTS,
    ),
    Property(
        "router",
        f"`kind` ({_kinds(ROUTERS.entries)}) and what that router wants; a swap has one, or a list of routers",
        _OBJECT,
    ),
    Property(
        "routers",
        "in the place of `router`: several of these, all of which the swap moves, in this order",
        {"type": "array", "items": _OBJECT},
    ),
    Property(
        "capacity", f"`kind` ({_kinds(CAPACITIES.entries)}) and what that wants; absent: nothing is scaled", _OBJECT
    ),
    Property(
        "gates",
        f"a list of `kind` ({_kinds(GATES.entries)}) and what that gate wants, and how its answers are counted",
        {"type": "array", "items": _OBJECT},
    ),
    Property(
        "strategy",
        "`name` and `steps` (each with `weight_percent` and `hold_seconds`), or a preset's name, such as "
        "`ECSCanary10Percent5Minutes`; absent: all at once",
        {"oneOf": [_TEXT, _OBJECT]},
    ),
    Property(
        "previews",
        "how to reach each color before it is live, by color: `url` and `headers`",
        {"type": "object", "additionalProperties": _OBJECT},
    ),
    Property(
        "notifications",
        f"a list of `kind` ({_kinds(NOTIFIERS.entries)}) and what that notifier wants: it gets each swap's stages, and "
        "how it ended",
        {"type": "array", "items": _OBJECT},
    ),
    Property("plan", "the promotion's plan as text, for reviewers", {"type": "array", "items": _TEXT}),
)
"""What a program gives."""

WEIGHTS = Property(
    "weights",
    "the traffic of each color, by color, in percent; as an input, which the check fills in: what an update leaves",
    {"type": "object", "additionalProperties": _INTEGER},
    required=True,
)

CHECKED: tuple[Property, ...] = (
    Property(
        "live_release_change",
        "added by the check when an update changes what the live color runs in place; reviewers and policies see it",
    ),
    Property(
        "moves_from",
        "added by the check when an update moves traffic: the weights that are live now, so that a saved update plan "
        "is refused where they have changed since",
    ),
    WEIGHTS,
)
"""What the check adds to the inputs itself. It is no part of the comparison."""

ADDED_BY_THE_CHECK = ("live_release_change", "moves_from")
"""Those of them that stand there where there is something to say."""

OUTPUTS: tuple[Property, ...] = (
    Property("live_color", "the color that was last given all traffic"),
    WEIGHTS,
    Property(
        "members",
        "where there are several routers: for each, in the declared order, its id as `router`, and the percent of each "
        "color",
        {"type": "array", "items": _OBJECT},
    ),
    Property("paused", "the `color` and `percent` of a promotion that waits for more", _OBJECT),
    Property(
        "held",
        "the verdict that holds the promotion, empty where none does: `id`, `color`, `by` (`gate`, `abort`, "
        "`steady-state`), `at`, `reason`, the restored `weights`, digests of the release and of `retry`",
        _OBJECT,
    ),
    Property("previous", "the `color`, `release` and `digest` that a rollback goes back to", _TEXTS),
    Property("proved", "the digest of what the live color ran when it was given the traffic"),
    Property(
        "history", "what the swaps did, newest first, 20 at most", {"type": "array", "items": _OBJECT}, required=True
    ),
    Property("incarnation", "the mark of this resource's life, which is on the object that it owns, too"),
    Property("state_version", "what these outputs look like, counted up when they mean something else", _INTEGER),
)
"""What a swap leaves beside its inputs."""
