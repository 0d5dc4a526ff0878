"""The release of one color of apps behind a route: checked, and named. Pure but for outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi

from bluegreen.component.declaration import known
from bluegreen.component.digests import digest_of
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

Given = Mapping[Color, Mapping[str, Any]]
_BROUGHT = ("image", "droplet")


class AppRelease(TypedDict, total=False):
    """One color: what its app runs. The app itself is there, by the team's own ``cf push``.

    Attributes:
        release: what people call it: ``v2``; required where another tool pushes it, else the image's name and tag. Of
            what is pushed another one is another release.
        digest: what tells it from another of that name, where another tool pushes it.
        image: a Docker image, which the swap has staged for the app and starts before it gets traffic. Both colors have
            an image or a droplet, or none has.
        droplet: in its place, the guid of a droplet of the color's own app.
        app: the app's name; the component's with ``-blue`` or ``-green`` by default.
        url: where the color answers by itself, live or idle, to gates and testers: a route of its own. Both colors have
            one, or none.
    """

    release: pulumi.Input[str]
    digest: pulumi.Input[str]
    image: pulumi.Input[str]
    droplet: pulumi.Input[str]
    app: str
    url: pulumi.Input[str]


def problems_in(releases: Given) -> list[Problem]:
    """Each wrong field of both colors."""
    problems: list[Problem] = []
    urls: dict[Color, Any] = {}
    brought: dict[Color, bool] = {}
    for color, given in releases.items():
        fields = Fields(known(given), color, problems)
        brought[color] = any(given.get(name) is not None for name in _BROUGHT)
        for name in ("digest", "app", *_BROUGHT):
            fields.text(name, None)
        if brought[color] and given.get("digest") is not None:
            fields.problem(
                "digest", known(given["digest"]), "absent beside an image or a droplet, which identify themselves"
            )
        fields.text("release", *([None] if brought[color] else []))
        if all(given.get(name) is not None for name in _BROUGHT):
            fields.problem("droplet", known(given["droplet"]), "absent beside image: one of both")
        urls[color] = fields.text("url", None)
        if isinstance(urls[color], str) and not urls[color].startswith(("http://", "https://")):
            fields.problem("url", urls[color], "a URL that begins with http:// or https://")
        fields.done()
    for color in COLORS:
        if problems:
            break
        if urls[color] is None and any(urls.values()):
            problems.append(Problem(f"{color}.url", None, "a URL for each color, or for none"))
        if not brought[color] and any(brought.values()):
            allowed = "an image or a droplet for each color, or for none"
            problems.append(Problem(f"{color}.image", None, allowed))
    return problems


def have_urls(releases: Given) -> bool:
    """Whether each color can be reached by itself."""
    return all(releases[color].get("url") for color in COLORS)


def app_of(name: str, color: Color, given: Mapping[str, Any]) -> str:
    """The name of a color's app."""
    return str(given.get("app") or f"{name}-{color}")


def brought_by_the_swap(releases: Given) -> dict[Color, dict[str, Any]]:
    """The router's ``install``; empty where somebody else pushes."""
    found = {
        color: {name: releases[color][name] for name in _BROUGHT if releases[color].get(name) is not None}
        for color in COLORS
    }
    return found if all(found.values()) else {}


def label_of(given: Mapping[str, Any]) -> pulumi.Input[str]:
    """The name that people have for a release."""
    found: pulumi.Input[str] = given.get("release") or given.get("image") or given.get("droplet") or ""
    return found


def digests_of(releases: Given) -> dict[Color, pulumi.Output[str]] | None:
    """The digest of each color's release, of its name and of what else was said of it; ``None``: it tells itself."""
    if brought_by_the_swap(releases):
        return None
    return {
        color: digest_of({"release": releases[color].get("release", UNKNOWN), "digest": releases[color].get("digest")})
        for color in COLORS
    }
