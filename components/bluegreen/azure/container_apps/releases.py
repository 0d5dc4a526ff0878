"""A color's release as a container app's template has it: its canonical form, its revision's name, what is sent. Pure.

A revision never changes, so a release is a revision: its suffix is the color and a digest of the template, and the same
template always comes to the same name. A template has Azure's own names (``containers``, ``scale``, ``volumes``).

https://learn.microsoft.com/azure/container-apps/revisions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bluegreen.fields import Fields
from bluegreen.platforms import templates
from bluegreen.platforms.declared_templates import DeclaredTemplate, check_value, differing_container
from bluegreen.platforms.templates import DIGITS, Template, merged, suffix
from bluegreen.rollout.model import Color

LONGEST_NAME = 54
"""Of a revision's name, in characters."""
_ALONE = ("value", "secretRef")
_ENV_NAME = re.compile(r"[^=\s]+\Z")
# What Azure computes, and tells with the rest.
_AZURES_OWN = frozenset({"revisionSuffix", "ephemeralStorage", "imageType"})


class ReleaseTemplate(DeclaredTemplate):
    """A color's template: what a revision of it runs."""

    name_key = "revisionSuffix"
    needs = "name and image each"
    more_lists = ("initContainers",)

    def check_container(self, fields: Fields) -> None:
        """A name, an image, and variables with one value each."""
        fields.text("name")
        fields.text("image")
        for one in fields.sections("env"):
            name = one.text("name")
            if isinstance(name, str) and not _ENV_NAME.match(name):
                one.problem("name", name, "a variable's name")
            check_value(one, "secretRef", one.text("secretRef", None))


# -- names


def revision_name(app_name: str, color: Color, template: Template) -> str:
    """``web--green-1f3a90bc``."""
    return f"{app_name}--{suffix(color, template)}"


def app_name_of(app_id: str) -> str:
    """The last part of an app's id."""
    return app_id.rpartition("/")[2]


def settle_names(fields: Fields, values: dict[str, Any]) -> None:
    """One of ``revisions`` and ``templates`` is given; of the latter come the revisions' names."""
    templates.settle_names(fields, values, "app_id", "an app", revision_name, LONGEST_NAME)


# -- what is sent


def is_own(name: str, app_name: str, color: Color) -> bool:
    """Whether a revision is one that a swap has installed in that color."""
    return re.fullmatch(rf"{re.escape(app_name)}--{color}-[0-9a-f]{{{DIGITS}}}", name) is not None


def last_own(revisions: Sequence[Mapping[str, Any]], app_name: str, color: Color) -> Template:
    """The template of the revision that was installed last in a color; empty where none was.

    The newest one of all may be the other color's, or a stranger's.
    """
    own = [one for one in revisions if is_own(str(one.get("name") or ""), app_name, color)]
    if not own:
        return {}
    newest = max(own, key=lambda one: str((one.get("properties") or {}).get("createdTime") or ""))
    found: Template = (newest.get("properties") or {}).get("template") or {}
    return found


def to_send(wanted: Template, base: Template, former: Template, present: Template) -> dict[str, Any]:
    """The template of a masked write: a merge patch, whose outcome does not depend on what was written last.

    Args:
        wanted: the release.
        base: what the color ran last, as Azure tells it; what is neither in ``wanted`` nor was in ``former`` is
            somebody else's, and stays.
        former: the release that the color had, as it was declared; empty where nobody knows.
        present: the app's template now, whose own parts a merge would keep.
    """
    full = merged(_without_azures_own(base), former, wanted, _ALONE)
    gone = {key: None for key in present.keys() - full.keys() if key != "revisionSuffix"}
    return {**_with_gone(full, present), **gone}


def _with_gone(full: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    """Objects with the removal of what stands in them now and must not."""
    found: dict[str, Any] = {}
    for key, value in full.items():
        there = present.get(key)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            found[key] = {**dict.fromkeys(there.keys() - value.keys()), **_with_gone(value, there)}
        else:
            found[key] = value
    return found


def _without_azures_own(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_azures_own(item) for key, item in value.items() if key not in _AZURES_OWN}
    return [_without_azures_own(item) for item in value] if isinstance(value, (list, tuple)) else value


# -- what is there


def another(found: Template, wanted: Template) -> str:
    """The differences between a revision and the release that its name says, in a few words; empty without any."""
    there = {str(one.get("name")): one for one in found.get("containers") or ()}
    for one in wanted["containers"]:
        name = str(one["name"])
        if name not in there:
            return f"it has no container {name}"
        differs = differing_container(name, there[name], one)
        if differs:
            return differs
        missing = sorted(_variables(one) - _variables(there[name]))
        if missing:
            return f"its container {name} has another variable {missing[0][0]}"
    return ""


def _variables(container: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    return set(_told(container.get("env") or ()))


def _told(env: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for one in env:
        yield str(one.get("name")), str(one.get("value") or ""), str(one.get("secretRef") or "")
