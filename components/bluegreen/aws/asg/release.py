"""The release of one color's Auto Scaling group: checked, and named as people read it. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    import pulumi

_VERSION = re.compile(r"[1-9][0-9]*\Z")
_NUMBER = "a version's number, such as 3: $Latest and $Default move without an update"
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
_MOST_USER_DATA_BYTES = 16_384


class AsgRelease(TypedDict, total=False):
    """A color's release: an image, a launch template of your own, or a group that runs already.

    Attributes:
        image_id: the machine image; with it the other short fields may be given, and the component makes a launch
            template of them, a version for each change.
        instance_type: the instances' type; the component's when absent.
        user_data: what instances run at their first start, as plain text, at most 16 KiB.
        template: any more arguments of ``aws.ec2.LaunchTemplate``, such as ``block_device_mappings``.
        launch_template_id: a launch template of your own instead of all of the above. Its security groups have to let
            the load balancer in.
        version: its version, a number.
        existing: a group that runs already and stays as it is, instead of all of the above; see ``ExistingGroup``.
    """

    image_id: pulumi.Input[str]
    instance_type: pulumi.Input[str]
    user_data: pulumi.Input[str]
    template: Mapping[str, Any]
    launch_template_id: pulumi.Input[str]
    version: pulumi.Input[int] | pulumi.Input[str]
    existing: ExistingGroup


class ExistingGroup(TypedDict):
    """A color until something is deployed to it: a live group that is adopted.

    Attributes:
        group_name: the Auto Scaling group's.
        target_group_arn: the target group that its instances register in.
        launch_template_id: the launch template that it launches from.
        version: the version, a number.
    """

    group_name: pulumi.Input[str]
    target_group_arn: pulumi.Input[str]
    launch_template_id: pulumi.Input[str]
    version: pulumi.Input[int] | pulumi.Input[str]


def problems_in(color: Color, release: Mapping[str, Any]) -> list[Problem]:
    """The problems with a release. Values that only an update knows (outputs) pass."""
    fields = Fields(release, color)
    existing = fields.section("existing", None)
    if existing is not None:
        for name in ("group_name", "target_group_arn"):
            existing.text(name)
        _template_fields(existing)
        existing.done()
    elif "launch_template_id" in release:
        _template_fields(fields)
    else:
        fields.text("image_id", allowed="a machine image, such as ami-0123456789abcdef0; or a launch_template_id")
        fields.text("instance_type", None)
        user_data = fields.text("user_data", None)
        if isinstance(user_data, str) and len(user_data.encode()) > _MOST_USER_DATA_BYTES:
            fields.problem("user_data", f"{len(user_data.encode())} bytes", f"{_MOST_USER_DATA_BYTES} bytes at most")
        fields.section("template", None)
    fields.done()
    return fields.problems


def _template_fields(fields: Fields) -> None:
    fields.text("launch_template_id", allowed="a launch template's ID, such as lt-0123456789abcdef0")
    version = fields.raw("version", UNKNOWN if fields.unknown else None)
    if version is not UNKNOWN and not _VERSION.match(version_text(version)):
        fields.problem("version", version, _NUMBER)


def version_text(version: object) -> str:
    """A version as the API has it; the engine sends numbers as floats."""
    return str(int(version)) if isinstance(version, float) and version == int(version) else str(version)


def encoded(user_data: str) -> str:
    """User data as a launch template takes it."""
    return base64.b64encode(user_data.encode()).decode()


def template_name(parts: Sequence[Any]) -> str:
    """``lt-0abc:3``, as the swap's inputs have it."""
    template, version = parts
    return f"{template}:{version_text(version)}"


def release_name(parts: Sequence[Any]) -> str:
    """The release as people read it: ``ami-0abc (launch template version 3)``, or ``lt-0abc version 3``."""
    image, template, version = parts
    return (
        f"{image} (launch template version {version_text(version)})"
        if image
        else (f"{template} version {version_text(version)}")
    )
