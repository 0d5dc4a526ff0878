"""The release of one color of instance groups: checked, and turned into an instance template. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.fields import Fields
from bluegreen.google.instance_groups.capacity import TEMPLATE
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    import pulumi

_IMAGE = re.compile(r"(https://[^/]+/compute/[^/]+/)?(projects/)?[a-z0-9.:-]+/(global/images/)?[a-z][a-z0-9-]*\Z")
_FAMILY = re.compile(r"(^|/)family/")
_AN_IMAGE = "an image that stays, such as projects/shop/global/images/app-v1, not a family, whose image changes"
_STARTUP = "startup-script"


class GroupRelease(TypedDict, total=False):
    """A color's release: an image and what its instances get, or an instance template that is there.

    Attributes:
        image: an image by its name: ``projects/shop/global/images/app-v1``.
        startup_script: a script that instances run when they start. Nothing secret: it stands in the state.
        metadata: more that instances get, text by key. Nothing secret either.
        template: in their place, an instance template by its id or its selfLink.
        release: what people call it; the image's or the template's name by default.
    """

    image: pulumi.Input[str]
    startup_script: pulumi.Input[str]
    metadata: Mapping[str, pulumi.Input[str]]
    template: pulumi.Input[str]
    release: str


class GroupAutoscaling(TypedDict, total=False):
    """An autoscaler for each color, by the load of the processors.

    Attributes:
        min_count: the fewest instances of the live color.
        max_count: the most.
        target_cpu_percent: the load that it aims at; 60 by default.
    """

    min_count: int
    max_count: int
    target_cpu_percent: float


def label_of(name: str) -> str:
    """The name of an image or a template for people."""
    return name.rpartition("/")[2].partition("?")[0]


def metadata_of(release: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of instances of a release."""
    script = release.get("startup_script")
    return {**(release.get("metadata") or {}), **({_STARTUP: script} if script else {})}


def problems_in(given: Any, color: Color) -> list[Problem]:
    """The problems with a release; values that only an update knows pass."""
    fields = Fields(given, color)
    template = fields.text("template", None)
    image = fields.text("image", None)
    script = fields.text("startup_script", None)
    metadata = fields.mapping("metadata")
    fields.text("release", None)
    if template is None and image is None and not fields.unknown:
        fields.problem("image", None, f"{_AN_IMAGE}; or a template")
    if template is not None:
        for name, value in (("image", image), ("startup_script", script), ("metadata", metadata)):
            if value:
                fields.problem(name, value, "absent: it is in the template")
    if isinstance(template, str) and not (TEMPLATE.fits and TEMPLATE.fits(template)):
        fields.problem("template", template, TEMPLATE.allowed)
    if isinstance(image, str) and (_FAMILY.search(image) or not _IMAGE.match(image)):
        fields.problem("image", image, _AN_IMAGE)
    fields.done()
    return list(fields.problems)
