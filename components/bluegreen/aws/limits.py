"""Limits over several values at once, which AWS would check only at an update."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence

from bluegreen.aws.service_limits import LIMITS, TAGS_OF_A_COMPONENT, TAGS_OF_A_SWAP, TASK_SIZES
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem

# "Condition values per rule", over all of its conditions.
CONDITION_VALUES = LIMITS["condition_values"].most

# "Matcher": https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Matcher.html
STATUSES = {"GRPC": (0, 99), "HTTP1": (200, 499), "HTTP2": (200, 499), "NETWORK": (200, 599)}
_MATCHER = re.compile(r"\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*")

TAG_KEY_LENGTH, TAG_VALUE_LENGTH = LIMITS["tag_key"].most, LIMITS["tag_value"].most
_OVER_HTTPS_ALONE = ("GRPC", "HTTP2")
_MOST_PORT, _FEW = 65_535, 7
_NO_TAG = re.compile(r"[^\w\s+\-=._:/@]")


def problem_of_matcher(matcher: object, protocol_version: object) -> Problem | None:
    """The problems with a health check's statuses."""
    low, high = STATUSES.get(str(protocol_version), STATUSES["HTTP1"])
    if not isinstance(matcher, str):
        return None
    fits = _MATCHER.fullmatch(matcher) and all(low <= int(one) <= high for one in re.findall(r"\d+", matcher))
    allowed = f"statuses from {low} to {high}, such as {low}, {low},{low + 2} or {low}-{high}"
    return None if fits else Problem("health_check.matcher", matcher, allowed)


def problem_of_protocol(target_groups: Mapping[str, object], certificates: Sequence[object]) -> Problem | None:
    """The problems with the protocol of target groups behind a listener that is made here.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
    """
    version = target_groups.get("protocol_version")
    if version not in _OVER_HTTPS_ALONE or certificates:
        return None
    allowed = f"one at least: listeners forward to target groups of protocol_version {version} over HTTPS alone"
    return Problem("certificate_arns", [], allowed)


def problem_of_port(check: Fields) -> None:
    """Note the problem with a health check's port: the units' own, or a number."""
    port = check.raw("port")
    text = str(port) if isinstance(port, (int, str)) and not isinstance(port, bool) else ""
    if port in (None, UNKNOWN, "traffic-port") or (text.isdecimal() and 1 <= int(text) <= _MOST_PORT):
        return
    check.problem("port", port, f"traffic-port, or 1 to {_MOST_PORT}")


def problem_of_task_size(cpu: object, memory: object) -> Problem | None:
    """The problems with the size of a Fargate task."""
    sizes = TASK_SIZES.get(cpu) if isinstance(cpu, int) else None
    if isinstance(cpu, int) and sizes is None and cpu < max(TASK_SIZES):
        return Problem("cpu", cpu, f"one of {', '.join(map(str, TASK_SIZES))}")
    if sizes is None or not isinstance(memory, int) or memory in sizes:
        return None
    between = f"{sizes[0]} to {sizes[-1]} in steps of {sizes[1] - sizes[0]}"
    between = between if len(sizes) > _FEW else ", ".join(map(str, sizes))
    return Problem("memory", memory, f"with a cpu of {cpu}: {between}")


def problems_of_networks(name: str, networks: object) -> list[Problem]:
    """The problems with entries of a list that are no networks in the form that AWS takes."""
    allowed = "networks such as 10.0.0.0/8 or 2001:db8::/32"
    listed = networks if isinstance(networks, (list, tuple)) else ()
    return [Problem(name, one, allowed) for one in listed if isinstance(one, str) and not _is_network(one)]


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def problems_of_tags(tags: Mapping[str, object]) -> list[Problem]:
    """The problems with tags of every resource."""
    problems = []
    room = LIMITS["tags"].most - TAGS_OF_A_COMPONENT - TAGS_OF_A_SWAP
    if len(tags) > room:
        added = f"the component adds {TAGS_OF_A_COMPONENT}, and a swap up to {TAGS_OF_A_SWAP}"
        problems.append(Problem("tags", len(tags), f"at most {room}: a resource has {LIMITS['tags'].most}, {added}"))
    for key, value in tags.items():
        if not 1 <= len(key) <= TAG_KEY_LENGTH or _NO_TAG.search(key) or key.lower().startswith("aws:"):
            allowed = f"a key of 1 to {TAG_KEY_LENGTH} letters, digits, spaces and + - = . _ : / @, not one of aws:"
            problems.append(Problem("tags", key, allowed))
        if isinstance(value, str) and (len(value) > TAG_VALUE_LENGTH or _NO_TAG.search(value)):
            allowed = f"at most {TAG_VALUE_LENGTH} letters, digits, spaces and + - = . _ : / @"
            problems.append(Problem(f"tags.{key}", value, allowed))
    return problems
