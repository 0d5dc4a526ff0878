"""The release of a color of a proxied service: its names, and the problems with it. Pure but for outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from bluegreen.component.declaration import known
from bluegreen.component.digests import digest_of
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

Given = Mapping[Color, Mapping[str, Any]]


def problems_in(releases: Given) -> list[Problem]:
    """Each wrong field of both colors."""
    problems: list[Problem] = []
    urls = {}
    for color, given in releases.items():
        fields = Fields(known(given), color, problems)
        fields.text("release")
        fields.text("digest", None)
        urls[color] = fields.text("url", None)
        if isinstance(urls[color], str) and not urls[color].startswith(("http://", "https://")):
            fields.problem("url", urls[color], "a URL that begins with http:// or https://")
        fields.done()
    alone = [color for color in COLORS if urls.get(color) is None]
    if len(alone) == 1 and not problems:
        problems.append(Problem(f"{alone[0]}.url", None, "a URL for each color, or for none"))
    return problems


def have_urls(releases: Given) -> bool:
    """Whether each color can be reached by itself."""
    return all(releases[color].get("url") for color in COLORS)


def digests_of(releases: Given) -> dict[Color, pulumi.Output[str]]:
    """The digest of each color's release: of its name, and of whatever else was said of it."""
    return {
        color: digest_of({"release": releases[color].get("release", UNKNOWN), "digest": releases[color].get("digest")})
        for color in COLORS
    }
