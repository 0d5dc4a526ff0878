"""AWS' own limits, each with its page: a preview refuses values that AWS would refuse only at an update.

Only limits that nobody can have raised. Quotas that AWS raises on request are left to AWS, but for one, which is
requested where it matters: how many rules a load balancer has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bluegreen.rollout.errors import Problem

_ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/"
_TARGET_GROUP = _ELB + "APIReference/API_CreateTargetGroup.html"
_CONDITIONS = _ELB + "application/rule-condition-types.html"
_GATEWAY = (
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"
)
_TAGS = "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit of a number or a text.

    Attributes:
        most: the number itself, or of characters or things.
        unit: ``seconds``, ``characters``, ``values``; nothing for a plain number.
        source: where AWS says so.
        least: the same at the other end.
    """

    most: int
    unit: str
    source: str
    least: int = 0

    @property
    def allowed(self) -> str:
        """The limit in words."""
        between = f"{self.least} to {self.most}" if self.least else f"at most {self.most}"
        return f"{between} {self.unit}".strip()


LIMITS: Mapping[str, Limit] = {
    "health_check.interval": Limit(300, "seconds", _TARGET_GROUP, 5),
    "health_check.timeout": Limit(120, "seconds", _TARGET_GROUP, 2),
    "health_check.healthy_threshold": Limit(10, "checks", _TARGET_GROUP, 2),
    "health_check.unhealthy_threshold": Limit(10, "checks", _TARGET_GROUP, 2),
    "health_check.path": Limit(1024, "characters", _TARGET_GROUP, 1),
    "tcp_idle_timeout_seconds": Limit(
        6000, "seconds", _ELB + "network/network-load-balancers.html#connection-idle-timeout", 60
    ),
    "condition_values": Limit(5, "values", _ELB + "application/load-balancer-limits.html"),
    "host_headers": Limit(128, "characters", _CONDITIONS, 1),
    "path_patterns": Limit(128, "characters", _CONDITIONS, 1),
    "containers": Limit(
        10, "containers", "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html", 1
    ),
    "target_groups": Limit(
        5,
        "target groups",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/register-multiple-targetgroups.html",
    ),
    "stage_variable": Limit(64, "characters", _GATEWAY, 1),
    "stage_variable_value": Limit(512, "characters", _GATEWAY, 1),
    "stage_name": Limit(128, "characters", _GATEWAY, 1),
    "forwarded_groups": Limit(5, "target groups", _ELB + "application/load-balancer-limits.html", 1),
    "rules": Limit(100, "rules", _ELB + "application/load-balancer-limits.html"),
    "rule_priority": Limit(50_000, "", _ELB + "APIReference/API_CreateRule.html", 1),
    "tags": Limit(50, "tags", _TAGS),
    "tag_key": Limit(128, "characters", _TAGS, 1),
    "tag_value": Limit(256, "characters", _TAGS),
    "alias_description": Limit(256, "characters", "https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html"),
    "record_value": Limit(
        4000,
        "characters",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecord.html",
    ),
}

_MIB = 1024
TASK_SIZES: Mapping[int, Sequence[int]] = {
    256: (512, _MIB, 2 * _MIB),
    512: range(_MIB, 4 * _MIB + 1, _MIB),
    1024: range(2 * _MIB, 8 * _MIB + 1, _MIB),
    2048: range(4 * _MIB, 16 * _MIB + 1, _MIB),
    4096: range(8 * _MIB, 30 * _MIB + 1, _MIB),
    8192: range(16 * _MIB, 60 * _MIB + 1, 4 * _MIB),
    16384: range(32 * _MIB, 120 * _MIB + 1, 8 * _MIB),
}
"""What memory a Fargate task may have, in MiB, by its CPU units; larger ones than these are left to AWS.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
"""

# An owner, and what a swap notes while it runs: an incarnation, a lease or two, an abort, outcomes.
TAGS_OF_A_SWAP = 13
# The component's service, color and version.
TAGS_OF_A_COMPONENT = 3


def numbers_out_of_limits(section: str, given: Mapping[str, object]) -> Iterator[Problem]:
    """The problems with a section's numbers and texts beyond their limits; unknown ones pass."""
    for name, value in given.items():
        limit = LIMITS.get(f"{section}.{name}")
        if limit is None or isinstance(value, bool) or not isinstance(value, (int, str)):
            continue
        size = len(value) if isinstance(value, str) else value
        if not limit.least <= size <= limit.most:
            yield Problem(f"{section}.{name}", value, limit.allowed)


def texts_out_of_limits(name: str, values: object) -> Iterator[Problem]:
    """The problems with texts of a list that are longer than AWS takes them."""
    for value in values if isinstance(values, (list, tuple)) else ():
        if isinstance(value, str) and not LIMITS[name].least <= len(value) <= LIMITS[name].most:
            yield Problem(name, value, f"texts of {LIMITS[name].allowed}")
