"""The release of one color of scale sets: checked, and turned into the part of a scale set's model that it is. Pure."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.fields import Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    import pulumi

_GALLERY = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/"
    r"(images/[^/]+|galleries/[^/]+/images/[^/]+/versions/[0-9]+\.[0-9]+\.[0-9]+)\Z",
    re.IGNORECASE,
)
_URN = re.compile(r"[^:/\s]+:[^:/\s]+:[^:/\s]+:[0-9][0-9.]*\Z")
_AN_IMAGE = (
    "an image version's resource id (/subscriptions/…/galleries/GALLERY/images/NAME/versions/1.0.0), a managed "
    "image's, or publisher:offer:sku:version with a version that stays, not latest"
)


class VmRelease(TypedDict, total=False):
    """A color's release: an image, and what its instances run at their first start.

    Attributes:
        image: an image version in a Compute Gallery or a managed image, by its resource id, or
            ``publisher:offer:sku:version``.
        user_data: a text that instances can read (*user data*, 64 KB at most). Nothing secret: it stands in the state.
        release: what people call it; the image's name and version by default.
    """

    image: pulumi.Input[str]
    user_data: pulumi.Input[str]
    release: str


class VmAutoscaling(TypedDict, total=False):
    """An autoscale setting for each color, by the load of the processors.

    Attributes:
        min_count: the fewest instances of the live color.
        max_count: the most.
        target_cpu_percent: one more instance above it, one less below half of it; 70 by default.
    """

    min_count: int
    max_count: int
    target_cpu_percent: float


def model_of(image: str, user_data: str) -> dict[str, Any]:
    """The release as the ``capacity`` section has it."""
    if image.startswith("/"):
        reference: dict[str, Any] = {"id": image}
    else:
        reference = dict(zip(("publisher", "offer", "sku", "version"), image.split(":"), strict=False))
    return {"imageReference": reference, "userData": base64.b64encode(user_data.encode()).decode()}


def label_of(image: str) -> str:
    """The name of an image for people."""
    parts = image.strip("/").split("/")
    return f"{parts[-3]}:{parts[-1]}" if "versions" in parts else parts[-1]


def problems_in(given: Any, color: Color) -> list[Problem]:
    """The problems with a release; values that only an update knows pass."""
    fields = Fields(given, color)
    image, data = fields.text("image"), fields.text("user_data", None)
    fields.text("release", None)
    if isinstance(image, str) and not (_GALLERY.match(image) or _URN.match(image)):
        fields.problem("image", image, _AN_IMAGE)
    if isinstance(data, str) and len(data.encode()) > 48_000:
        fields.problem("user_data", f"{len(data.encode()):,} bytes", "at most 48,000 bytes, which are 64 KB in Base64")
    fields.done()
    return list(fields.problems)
