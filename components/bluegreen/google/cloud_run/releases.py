"""A color's release as a Cloud Run service's template has it: what is checked, its revision's name, what is sent. Pure.

A revision never changes, so a release is a revision: its name is the service's, the color and a digest of the template,
and the same template always comes to the same name. A template has Google's own names (``containers``, ``scaling``).

https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#RevisionTemplate
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bluegreen.fields import Fields
from bluegreen.platforms import templates
from bluegreen.platforms.declared_templates import DeclaredTemplate, check_value, differing_container
from bluegreen.platforms.templates import DIGITS, Template, canonical, merged, suffix
from bluegreen.rollout.model import Color

LONGEST_NAME = 63
"""Of a revision's name, in characters."""
_ALONE = ("value", "valueSource")
# What a revision tells beside its template.
_GOOGLES_OWN = frozenset(
    {
        "conditions", "containerStatuses", "createTime", "creator", "deleteTime", "etag", "expireTime", "generation",
        "launchStage", "logUri", "name", "observedGeneration", "reconciling", "satisfiesPzs", "scalingStatus",
        "service", "uid", "updateTime",
    }
)  # fmt: skip
# Of a container: what Google resolves by itself.
_GOOGLES_OWN_OF_A_CONTAINER = frozenset({"buildInfo"})


class ReleaseTemplate(DeclaredTemplate):
    """A color's template: what a revision of it runs."""

    name_key = "revision"
    needs = "an image each"

    def check_container(self, fields: Fields) -> None:
        """An image, and variables with one value each."""
        fields.text("image")
        for one in fields.sections("env"):
            one.text("name")
            check_value(one, "valueSource", one.raw("valueSource"))


# -- names


def revision_name(service: str, color: Color, template: Template) -> str:
    """``web-green-1f3a90bc``."""
    return f"{service}-{suffix(color, template)}"


def service_of(name: str) -> str:
    """The last part of a service's full name."""
    return name.rpartition("/")[2]


def settle_names(fields: Fields, values: dict[str, Any]) -> None:
    """One of ``revisions`` and ``templates`` is given; of the latter come the revisions' names."""
    templates.settle_names(fields, values, "service", "a service", revision_name, LONGEST_NAME)


# -- what is sent


def is_own(name: str, service: str, color: Color) -> bool:
    """Whether a revision is one that a swap has installed in that color."""
    return re.fullmatch(rf"{re.escape(service)}-{color}-[0-9a-f]{{{DIGITS}}}", name) is not None


def last_own(revisions: Sequence[Mapping[str, Any]], service: str, color: Color) -> Template:
    """The template of the revision that was installed last in a color; empty where none was.

    The newest one of all may be the other color's, or a stranger's.
    """
    own = [one for one in revisions if is_own(str(one.get("name") or "").rpartition("/")[2], service, color)]
    if not own:
        return {}
    return template_in(max(own, key=lambda one: str(one.get("createTime") or "")))


def template_in(revision: Mapping[str, Any]) -> dict[str, Any]:
    """A revision's template, without what Google tells beside it."""
    found = {key: copy.deepcopy(value) for key, value in revision.items() if key not in _GOOGLES_OWN}
    for container in found.get("containers") or ():
        for key in _GOOGLES_OWN_OF_A_CONTAINER & container.keys():
            del container[key]
    return found


def to_send(wanted: Template, base: Template, former: Template) -> dict[str, Any]:
    """The template of a masked write, which replaces the whole one.

    Args:
        wanted: the release.
        base: what the color ran last, as Google tells it; what is neither in ``wanted`` nor was in ``former`` is
            somebody else's, and stays.
        former: the release that the color had, as it was declared; empty where nobody knows.
    """
    found: dict[str, Any] = merged(base, former, wanted, _ALONE)
    return found


# -- what is there


def another(found: Template, wanted: Template) -> str:
    """The difference between a revision and what its name says, in a few words; empty where it is that release."""
    there = list(found.get("containers") or ())
    for index, one in enumerate(wanted["containers"]):
        name = str(one.get("name") or "")
        match = next((other for other in there if name and other.get("name") == name), None)
        match = match or (there[index] if index < len(there) and not name else None)
        if match is None:
            return f"it has no container {name or index}"
        differs = differing_container(name or index, match, one)
        if differs:
            return differs
        missing = sorted(set(_variables(one)) - set(_variables(match)))
        if missing:
            return f"its container {name or index} has another variable {missing[0][0]}"
    return ""


def _variables(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in container.get("env") or ():
        yield str(one.get("name")), canonical({key: value for key, value in one.items() if key != "name"})
