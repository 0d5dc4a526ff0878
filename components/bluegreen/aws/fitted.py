"""Names that fit where AWS takes fewer characters than a component's name has: its beginning and a digest of all of it.

AWS takes 32 characters of a target group and of a load balancer, 64 of a role, 128 of a role's own policy, and Pulumi
puts 8 of its own behind; 40 of an environment of Elastic Beanstalk. A name in DNS has 63 between two dots.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
"""

from __future__ import annotations

from bluegreen.naming import shortened
from bluegreen.rollout.model import COLORS

_OF_A_BALANCER, _OF_A_ROLE, _OF_A_POLICY, _OF_A_LABEL, _OF_AN_ENVIRONMENT, _BEHIND = 32, 64, 128, 63, 40, 8


def in_a_group(name: str, suffix: str) -> str:
    """A target group's name: ``name-suffix``."""
    return f"{shortened(name, _OF_A_BALANCER - _BEHIND - _room(suffix))}-{suffix}"


def in_a_balancer(name: str) -> str:
    """A load balancer's name."""
    return shortened(name, _OF_A_BALANCER - _BEHIND)


def in_a_role(name: str, suffix: str) -> str:
    """A role's name: ``name-suffix``."""
    return f"{shortened(name, _OF_A_ROLE - _BEHIND - len(suffix) - 1)}-{suffix}"


def in_a_policy(name: str, suffix: str) -> str:
    """A role's own policy's name: ``name-suffix``."""
    return f"{shortened(name, _OF_A_POLICY - _BEHIND - len(suffix) - 1)}-{suffix}"


def in_an_environment(name: str, suffix: str) -> str:
    """The name of an environment of Elastic Beanstalk: ``name-suffix``."""
    return f"{shortened(name, _OF_AN_ENVIRONMENT - _BEHIND - _room(suffix))}-{suffix}"


def in_a_label(name: str, suffix: str = "") -> str:
    """A part of a name in DNS: ``name``, or ``name-suffix``."""
    if not suffix:
        return shortened(name, _OF_A_LABEL)
    return f"{shortened(name, _OF_A_LABEL - _room(suffix))}-{suffix}"


def _room(suffix: str) -> int:
    # Both colors' names begin alike: with as much as fits before the longer of them.
    return 1 + max(map(len, COLORS if suffix in COLORS else (suffix,)))
