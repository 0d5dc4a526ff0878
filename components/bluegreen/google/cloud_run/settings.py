"""A service beside its releases and its traffic: what of it is not as it is declared, and what is sent for it. Pure.

Pulumi makes the service once, since an update by Google's provider sends traffic and template with the rest. So the
swap holds the service against its declaration, and sends what differs with the next release, in the same masked write.

https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#Service
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.google.cloud_run.rules import Service
from bluegreen.plain import holds_unknown, plain

Settings = Mapping[str, Any]
INGRESS = ("INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER")
PLACES: Mapping[str, int] = {"project": 1, "location": 3, "name": 5}
"""The parts of a service's full name that can be declared, too; they are compared and never sent."""
_DEFAULTS: Settings = {"ingress": INGRESS[0], "invokerIamDisabled": False, "labels": {}}


@dataclass(frozen=True, slots=True)
class DeclaredSettings:
    """Some of the service, by Google's own names."""

    hint: str = "Mapping[str, Any]"
    bounds: str = ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """Them, with what is not known yet as unknown."""
        given = fields.raw(name, default)
        if given is UNKNOWN or holds_unknown(given):
            return UNKNOWN
        known = {*_DEFAULTS, *PLACES}
        if not isinstance(given, Mapping) or given.keys() - known:
            fields.problem(name, given, f"an object of {', '.join(sorted(known))}")
            return UNKNOWN
        return plain(given)


def elsewhere(settings: Settings, full_name: str) -> dict[str, tuple[Any, str]]:
    """The parts of a service's name that are declared otherwise: as declared, and as the service was made.

    Pulumi ignores what changes of a service that the swap owns, so that another place would go unnoticed.
    """
    parts = full_name.split("/")
    return {
        name: (settings[name], parts[index])
        for name, index in PLACES.items()
        if name in settings and settings[name] != parts[index]
    }


def differences(settings: Settings, service: Service) -> tuple[str, ...]:
    """The names of what is declared otherwise than it is. Labels that others have added are no difference."""
    sent = sorted(settings.keys() - PLACES.keys())
    return tuple(name for name in sent if not _is_so(name, settings[name], service))


def to_send(settings: Settings, service: Service) -> dict[str, Any]:
    """The fields of a masked write that make it so; labels of others stay."""
    return {
        name: {**_found("labels", service), **settings[name]} if name == "labels" else settings[name]
        for name in differences(settings, service)
    }


def _is_so(name: str, declared: Any, service: Service) -> bool:
    found = _found(name, service)
    if name == "labels":
        return all(found.get(key) == value for key, value in declared.items())
    return bool(found == declared)


def _found(name: str, service: Service) -> Any:
    # What is false or empty is left out of an answer.
    return service.get(name) or _DEFAULTS[name]
