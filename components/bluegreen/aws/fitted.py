"""Names that fit where AWS takes fewer characters than a component's name has: its beginning and a digest of all of it.

AWS takes 32 characters of a target group and of a load balancer, 64 of a role, and Pulumi puts 8 of its own behind.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
"""

from __future__ import annotations

import hashlib

from bluegreen.rollout.model import COLORS

_OF_A_BALANCER, _OF_A_ROLE, _BEHIND = 32, 64, 8
_DIGITS = 6


def in_a_group(name: str, suffix: str) -> str:
    """A target group's name: ``name-suffix``."""
    return f"{_fitted(name, _OF_A_BALANCER - _BEHIND - _room(suffix))}-{suffix}"


def in_a_balancer(name: str) -> str:
    """A load balancer's name."""
    return _fitted(name, _OF_A_BALANCER - _BEHIND)


def in_a_role(name: str, suffix: str) -> str:
    """A role's name: ``name-suffix``."""
    return f"{_fitted(name, _OF_A_ROLE - _BEHIND - len(suffix) - 1)}-{suffix}"


def _room(suffix: str) -> int:
    # Both colors' names begin alike: with as much as fits before the longer of them.
    return 1 + max(map(len, COLORS if suffix in COLORS else (suffix,)))


def _fitted(name: str, most: int) -> str:
    """The name where it fits, else its beginning and a digest: the same at each update, and of no other name."""
    if len(name) <= most:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
    return f"{name[: most - _DIGITS - 1].rstrip('-._')}-{digest}"
