"""The region and account in ARNs: a section's connection has to reach every object that the section names.

A call elsewhere finds nothing, or another thing of the same name.
"""

from __future__ import annotations

import re

from botocore.exceptions import BotoCoreError
from botocore.session import Session

from bluegreen.aws.client import AwsConnection
from bluegreen.fields import UNKNOWN, Fields

# Texts that are the user's own business: what a function is given, a stage's variables, a metric's dimensions.
_OPAQUE = ("payload", "values", "variables", "dimensions", "color_dimensions")
_PARTS = 6  # arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE


def connection_in(fields: Fields, name: str = "aws", *, shares: bool = False) -> AwsConnection:
    """The connection of a section, held against the ARNs beside it; unknown values pass.

    Args:
        fields: the section.
        name: under which name its connection stands.
        shares: whether another account may let these calls in, as functions do.
    """
    section = fields.section(name, None)
    aws = AwsConnection.parse(section)
    if section is not None:
        section.done()
    region, role = aws.region, _split(aws.role_arn)
    if role and isinstance(region, str) and (partition := partition_of(region)) not in ("", role[1]):
        allowed = f"a role of the partition {partition}, where {region} is"
        fields.problem(f"{name}.role_arn", aws.role_arn, allowed)
    for path, text in fields.all_texts():
        arn = _split(text)
        if not arn or re.split(r"[.\[]", path, maxsplit=1)[0] in (name, *_OPAQUE):
            continue
        if isinstance(region, str) and arn[3] not in ("", region):
            fields.problem(path, text, f"one of {region}, where the swap calls AWS; or set {name}.region to {arn[3]}")
        elif role and not shares and arn[3] and arn[4] not in ("", role[4]):
            fields.problem(path, text, f"one of the account {role[4]}: the role of {name}.role_arn is of that")
    return aws


def partition_of(region: str) -> str:
    """``aws``, ``aws-cn``, ``aws-us-gov``, ... by botocore's data; empty where that does not know the region."""
    try:
        return str(Session().get_partition_for_region(region))
    except BotoCoreError:
        return ""


def _split(text: object) -> list[str]:
    """The parts of a whole ARN; empty for any other text."""
    if text is UNKNOWN or not isinstance(text, str) or not text.startswith("arn:"):
        return []
    parts = text.split(":", _PARTS - 1)
    return parts if len(parts) == _PARTS else []
