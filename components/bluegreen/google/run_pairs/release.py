"""The release of one color of a pair of Cloud Run services: checked, and distinguished from another one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bluegreen.fields import Fields
from bluegreen.google.cloud_run import release
from bluegreen.google.cloud_run.release import RunSettings
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    import pulumi

EXISTING = "existing"
SCALING = ("min_instances", "max_instances")
"""What of a release both may change under traffic: how many instances there are."""


class CloudRunPairRelease(RunSettings, total=False):
    """A color's release: an image with ``RunSettings``, or a Cloud Run service that is there.

    Attributes:
        image: the container image of a service that is made here.
        existing: in its place, the name of a service that is there, in the component's location; whoever deploys to it
            says in ``release`` what it runs.
    """

    image: pulumi.Input[str]
    existing: pulumi.Input[str]


def problems_in(given: Any, color: Color) -> list[Problem]:
    """The problems with a release; values that only an update knows pass."""
    if not isinstance(given, Mapping) or given.get(EXISTING) is None:
        return release.problems_in(given, color)
    fields = Fields(given, color)
    fields.text(EXISTING)
    fields.text("release")
    for name in given.keys() & RunSettings.__annotations__.keys() | given.keys() & {"image"}:
        if name != "release" and given[name] is not None:
            fields.problem(name, fields.raw(name), "absent: the service is there already")
    fields.done()
    return fields.problems


def another(former: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Say in a few words why a service's inputs are another release; empty where they are none.

    Args:
        former: the service's inputs before, by the provider's names.
        wanted: those of the update.
    """
    before, after = (side.get("template") or {} for side in (former, wanted))
    if not before or not after:
        return ""
    for old, new in zip(_containers(before), _containers(after), strict=False):
        if old.get("image") != new.get("image"):
            return f"image {old.get('image')} -> {new.get('image')}"
    # What else it is may be secret.
    return "" if _compared(before) == _compared(after) else "its template"


def _containers(template: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(template.get("containers") or ())


def _compared(template: Mapping[str, Any]) -> dict[str, Any]:
    """Without what both colors share and how many instances there are."""
    found = {key: value for key, value in template.items() if key != "scaling"}
    containers = [{key: value for key, value in one.items() if key != "ports"} for one in _containers(template)]
    return {**found, "containers": containers}
