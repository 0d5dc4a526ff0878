"""The targets of the colors' records, as they are declared: host names, addresses, aliases. No I/O."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.model import COLORS, Color

_HOST = re.compile(r"[^\s/\"]{1,255}\Z")


def plain(name: str) -> str:
    """A name as Route 53 compares it."""
    return name.rstrip(".").lower()


def host(name: str) -> str:
    """A target's name; Route 53's console puts ``dualstack.`` before those of load balancers."""
    return plain(name).removeprefix("dualstack.")


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a color: the value of a CNAME or an address record, or with a ``zone_id`` an alias.

    Attributes:
        dns_name: the host name, or an IP address.
        zone_id: the hosted zone of an alias' target, as a load balancer or another service has it.
        evaluate_target_health: whether Route 53 leaves the color out while it is not healthy; aliases only. ``None``:
            as a record that was adopted has it, and else it does.
    """

    dns_name: str
    zone_id: str = ""
    evaluate_target_health: bool | None = None

    @property
    def kind(self) -> str:
        """The type of a record with this value: a name, as some load balancers have, or an address, as others have."""
        try:
            return "A" if ipaddress.ip_address(self.dns_name).version == 4 else "AAAA"
        except ValueError:
            return "CNAME"


def targets_in(given: Fields | None) -> dict[Color, Any]:
    """Each color's target in a section; ``UNKNOWN`` where it is not known yet or is refused."""
    section = given or Fields({})
    by_color = {color: _parse_target(section, color) for color in COLORS}
    section.done()
    known = [target for target in by_color.values() if isinstance(target, Target)]
    if len(known) == len(COLORS):
        blue, green = known
        if host(blue.dns_name) == host(green.dns_name):
            section.problem("green", green.dns_name, "another target than blue's")
        if bool(blue.zone_id) != bool(green.zone_id):
            section.problem("green", green.dns_name, "an alias like blue's, or a host name like blue's")
        elif blue.kind != green.kind:
            section.problem("green", green.dns_name, "a host name like blue's, or an IP address of the same version")
    return by_color


def _parse_target(section: Fields, color: Color) -> Any:
    value = section.raw(color, UNKNOWN)
    if value is UNKNOWN or not isinstance(value, Mapping):
        name = section.text(color)
        return name if name is UNKNOWN else _checked(section, color, Target(name))
    alias = section.section(color)
    assert alias is not None  # noqa: S101 - a mapping is there
    name, zone_id = alias.text("dns_name"), alias.text("zone_id")
    evaluate = alias.raw("evaluate_target_health", None)
    if evaluate not in (None, True, False, UNKNOWN):
        alias.problem("evaluate_target_health", evaluate, "true or false")
    alias.done()
    if UNKNOWN in (name, zone_id, evaluate):
        return UNKNOWN
    return _checked(alias, "dns_name", Target(name, zone_id, evaluate if isinstance(evaluate, bool) else None))


def _checked(fields: Fields, name: str, target: Target) -> Any:
    if _HOST.match(target.dns_name):
        return target
    fields.problem(name, target.dns_name, "a host name, without scheme or path")
    return UNKNOWN
