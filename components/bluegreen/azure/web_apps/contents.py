"""A release that the swap itself brings into the idle slot: what it runs, its settings, and what is sent for it. Pure.

What tells one release from another is a digest over its canonical form, an app setting that moves with the content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.azure.web_apps.names import (
    COLOR_SETTING,
    PACKAGE_SETTING,
    RELEASE_SETTING,
    WARM_UP_PATH,
    WARM_UP_STATUSES,
)
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.plain import holds_unknown, plain
from bluegreen.rollout.model import COLORS, Color
from bluegreen.secrets import refuse_credentials

Content = Mapping[str, Any]
_DIGITS = 8
_OURS = (COLOR_SETTING, RELEASE_SETTING, WARM_UP_PATH, WARM_UP_STATUSES)


@dataclass(frozen=True, slots=True)
class SlotContent:
    """A color's content: ``runs`` and ``settings``."""

    hint: str = "Mapping[str, Any]"
    bounds: str = ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """One content, with secrets by reference alone."""
        section = fields.section(name, default)
        if section is None or section.unknown:
            return UNKNOWN if section is not None else default
        before = len(section.problems)
        section.text("runs")
        settings = section.section("settings", None)
        if settings is not None and not settings.unknown:
            named = section.raw("settings")
            for key, value in named.items() if isinstance(named, Mapping) else ():
                _check_setting(settings, key, value)
        section.done()
        given = fields.raw(name)
        return UNKNOWN if len(section.problems) > before or holds_unknown(given) else plain(given)


def _check_setting(fields: Fields, key: str, value: Any) -> None:
    if key in _OURS:
        fields.problem(key, key, "another name: the swap sets this one")
    elif value is not UNKNOWN and not isinstance(value, str):
        fields.problem(key, value, "a text")
    elif isinstance(value, str) and "://" in value:
        refuse_credentials(fields, key, value)  # it would stand in the state


def digest(content: Content) -> str:
    """Eight digits: the same for all that mean the same."""
    text = json.dumps(plain(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def settings_in(content: Content) -> dict[str, str]:
    """A content's own app settings."""
    return dict(content.get("settings") or {})


def settle_images(fields: Fields, values: dict[str, Any]) -> None:
    """At most one of ``images`` and ``contents`` is given; of the latter comes what each color runs."""
    contents = values["contents"]
    if fields.unknown or not contents:
        return
    if values["images"]:
        fields.problem("images", values["images"], "absent beside contents, which say it")
    elif isinstance(contents, Mapping) and all(isinstance(contents.get(color), Mapping) for color in COLORS):
        values["images"] = {color: contents[color]["runs"] for color in COLORS}


def with_images(section: Mapping[str, object]) -> Mapping[str, object]:
    """A section with ``images`` that tell its ``contents`` apart; what is not known yet is so, too."""
    contents = section.get("contents")
    if not contents:
        return section
    if not isinstance(contents, Mapping):
        return {**section, "images": UNKNOWN}
    return {**section, "images": {color: _told_apart(contents.get(color)) for color in COLORS}}


def _told_apart(content: object) -> object:
    if not isinstance(content, Mapping) or holds_unknown(content):
        return UNKNOWN
    return f"{content.get('runs')} {digest(content)}"


def text_of(content: Content, slot: str) -> str:
    """``image app:v2 in slot staging (1f3a90bc)``."""
    kind, _, reference = str(content["runs"]).partition("|")
    package = settings_in(content).get(PACKAGE_SETTING, "").partition("?")[0].rpartition("/")[2]
    what = f"image {reference.rpartition('/')[2]}" if kind.upper() == "DOCKER" else f"package {package or reference}"
    return f"{what} in slot {slot} ({digest(content)})"


def is_there(content: Content, color: Color, settings: Mapping[str, Any], runs: str) -> bool:
    """Whether a slot has a color's content.

    Args:
        content: the color's.
        color: which.
        settings: the slot's app settings.
        runs: what the slot runs (``linuxFxVersion``).
    """
    noted = settings.get(RELEASE_SETTING)
    wanted = settings_in(content)
    return (
        str(settings.get(COLOR_SETTING) or "").lower() == color
        and noted in (None, "", digest(content))  # a pipeline that deploys it does not note it
        and runs.lower() == str(content["runs"]).lower()
        and all(settings.get(name) == value for name, value in wanted.items())
    )


def to_send(
    content: Content, color: Color, present: Mapping[str, Any], former: Content, sticky: Mapping[str, Any]
) -> dict[str, Any]:
    """All app settings of a slot with a color's content in it.

    Args:
        content: the color's.
        color: which.
        present: the slot's app settings now; what is neither wanted nor was in ``former`` is somebody else's and stays.
        former: the content that the color had, as it was declared; empty where nobody knows.
        sticky: names of deployment slot settings: the slot's own, whatever the content says.
    """
    wanted, gone = settings_in(content), settings_in(former)
    own = {name: value for name, value in wanted.items() if name not in sticky or name not in present}
    kept = {name: value for name, value in present.items() if name not in gone or name in sticky}
    return {**kept, **own, COLOR_SETTING: color, RELEASE_SETTING: digest(content)}
