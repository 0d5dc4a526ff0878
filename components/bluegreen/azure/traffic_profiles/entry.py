"""Traffic Manager in front of two apps: the profile, and the names by which requests come."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pulumi
from pulumi_azure_native import trafficmanager as azure

from bluegreen.arguments.reporting import reporting
from bluegreen.azure.traffic_profiles.profiles import converge_seconds
from bluegreen.component.bounds import problems_of_bounds
from bluegreen.component.declaration import is_of_both, known, listed
from bluegreen.fields import UNKNOWN
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.functions import Function
from bluegreen.options.kinds import Anything, Number, Text, Texts
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

_KIND = "azure_traffic_manager"
_RELATIVE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")
_STATUSES = re.compile(r"[1-9]\d\d-[1-9]\d\d\Z")
_PORTS = {"HTTPS": 443, "HTTP": 80}
_INTERVALS = {30: 10, 10: 9}
# As long as a program that is checked does not know its targets.
_TO_COME: dict[Color, str] = {"blue": "blue.invalid", "green": "green.invalid"}


@declared
class TrafficManagerEntry(Options):
    """A Traffic Manager profile with an endpoint for each color, by weights: promotions may go in steps.

    A weight is a share of the answers that resolvers get, not of the requests: each keeps its answer for a TTL.
    """

    function: ClassVar[Function] = Function("traffic_manager")

    dns_name: str | None = option(
        "the profile's name below ``trafficmanager.net``, unique in all of Azure; the component's by default",
        Text(fits=_RELATIVE.match, allowed="1 to 63 letters, digits and dashes, no dash at either end"),
        default=None,
    )
    ttl_seconds: int = option(
        "how long resolvers keep an answer, and so how long each shift takes",
        Number(0, 86_400, whole=True),
        default=60,
    )
    path: str = option(
        "what Traffic Manager probes of each endpoint, and the gate requests where no gates are given",
        Text(fits=lambda path: path.startswith("/"), allowed="a path, such as /healthz"),
        default="/",
    )
    protocol: str = option(
        "of probes and of the URLs: ``HTTPS`` or ``HTTP``",
        Text(choices=tuple(_PORTS), any_text=True),
        default="HTTPS",
    )
    port: int | None = option(
        "of the probes; 443 or 80 by default",
        Number(1, 65_535, whole=True),
        default=None,
    )
    status_codes: Sequence[str] = option(
        "the statuses that are good, as ranges such as ``200-299``; 200 alone by default",
        Texts(),
        default=(),
    )
    interval_seconds: int = option(
        "between two probes: 30 or 10",
        Anything("int"),
        default=30,
    )
    profile_id: pulumi.Input[str] | None = option(
        "a profile that is there already, by its resource id, instead of one that is made. Its other endpoints stay "
        "as they are",
        Text(later=True),
        default=None,
    )
    endpoint_names: Mapping[str, str] | None = option(
        "what the colors' endpoints are called in it, default ``blue`` and ``green``",
        Anything("Mapping[str, str]"),
        default=None,
    )
    host_name: pulumi.Input[str] | None = option(
        "the name by which clients come, a CNAME record of yours that leads to the profile; by default the "
        "profile's own. Required with ``profile_id``",
        Text(later=True),
        default=None,
    )

    @property
    def scheme(self) -> str:
        """Of production's and the colors' URLs."""
        return self.protocol.lower()

    @property
    def converge_timeout_seconds(self) -> float:
        """The time until no resolver keeps an answer, and Traffic Manager has probed whoever is new."""
        ttl, interval = known(self.ttl_seconds), known(self.interval_seconds)
        kept = ttl if isinstance(ttl, (int, float)) and not isinstance(ttl, bool) else 60
        return converge_seconds(kept, interval if isinstance(interval, (int, float)) else 30)

    def problems(self, name: str) -> list[Problem]:
        """The problems with the options; values that only an update knows pass.

        Args:
            name: the component's, which is the profile's where it has none.
        """
        problems = problems_of_bounds(self if self.dns_name is not None else replace(self, dns_name=name))
        interval = known(self.interval_seconds)
        if interval is not UNKNOWN and interval not in _INTERVALS:
            problems.append(Problem("interval_seconds", interval, "30, or 10 (fast probes, which cost more)"))
        wrong = [one for one in known(self.status_codes) if not isinstance(one, str) or not _STATUSES.match(one)]
        problems += [Problem("status_codes", one, "ranges such as 200-299") for one in wrong]
        names = known(self.endpoint_names)
        if names is not None and (not is_of_both(names) or names["blue"] == names["green"]):
            problems.append(Problem("endpoint_names", names, "a name of its own for each color"))
        if self.profile_id is not None and self.host_name is None:
            problems.append(Problem("host_name", None, "the name that leads to the profile that is given"))
        if self.profile_id is not None and self.dns_name is not None:
            problems.append(Problem("dns_name", self.dns_name, "absent beside profile_id, which has one"))
        return problems

    def draft(self, owner: str, connection: Mapping[str, Any]) -> dict[str, Any]:
        """The router's section, before anything is declared."""
        return {
            "kind": _KIND,
            "profile_id": UNKNOWN,
            "owner": owner,
            "targets": _TO_COME,
            **({} if self.endpoint_names is None else {"endpoints": dict(self.endpoint_names)}),
            **({"made_with_it": True} if self.profile_id is None else {}),
            "azure": dict(connection),
        }

    def declare(
        self,
        name: str,
        resource_group_name: pulumi.Input[str],
        tags: Mapping[str, pulumi.Input[str]] | None,
        parent: pulumi.Resource,
    ) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """The profile's id, of one that is made here or was given; and the name that leads to it."""
        if self.profile_id is not None:
            return pulumi.Output.from_input(self.profile_id), pulumi.Output.from_input(self.host_name or "")
        monitor: dict[str, Any] = {
            "protocol": self.protocol,
            "port": self.port or _PORTS[self.protocol],
            "path": self.path,
            "intervalInSeconds": self.interval_seconds,
            "timeoutInSeconds": _INTERVALS[self.interval_seconds],
            "toleratedNumberOfFailures": 3,
        }
        if self.status_codes:
            ranges = [one.partition("-") for one in self.status_codes]
            monitor["expectedStatusCodeRanges"] = [{"min": int(low), "max": int(high)} for low, _, high in ranges]
        made = azure.Profile(
            name,
            profile_name=name,
            resource_group_name=resource_group_name,
            location="global",
            traffic_routing_method="Weighted",
            profile_status="Enabled",
            dns_config={"relativeName": self.dns_name or name, "ttl": self.ttl_seconds},
            monitor_config=monitor,
            tags=dict(tags) if tags else None,
            # An update would send the whole object, with neither the endpoints nor the tags of the swap.
            opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["*"]),
        )
        return made.id, made.dns_config.apply(_fqdn) if self.host_name is None else pulumi.Output.from_input(
            self.host_name
        )


def _fqdn(config: Any) -> str:
    found = config.get("fqdn") if isinstance(config, Mapping) else getattr(config, "fqdn", None)
    return str(found or "")


# -- written by `python dev/public_functions.py` from the options above


@reporting
def traffic_manager(
    *,
    dns_name: str | None = None,
    ttl_seconds: int = 60,
    path: str = "/",
    protocol: str = "HTTPS",
    port: int | None = None,
    status_codes: Sequence[str] = (),
    interval_seconds: int = 30,
    profile_id: pulumi.Input[str] | None = None,
    endpoint_names: Mapping[str, str] | None = None,
    host_name: pulumi.Input[str] | None = None,
) -> TrafficManagerEntry:
    """A Traffic Manager profile with an endpoint for each color, by weights: promotions may go in steps.

    A weight is a share of the answers that resolvers get, not of the requests: each keeps its answer for a TTL.

    Args:
        dns_name: the profile's name below ``trafficmanager.net``, unique in all of Azure; the component's by default.
        ttl_seconds: how long resolvers keep an answer, and so how long each shift takes (0 to 86400).
        path: what Traffic Manager probes of each endpoint, and the gate requests where no gates are given.
        protocol: of probes and of the URLs: ``HTTPS`` or ``HTTP``.
        port: of the probes; 443 or 80 by default (1 to 65535).
        status_codes: the statuses that are good, as ranges such as ``200-299``; 200 alone by default.
        interval_seconds: between two probes: 30 or 10.
        profile_id: a profile that is there already, by its resource id, instead of one that is made. Its other
            endpoints stay as they are.
        endpoint_names: what the colors' endpoints are called in it, default ``blue`` and ``green``.
        host_name: the name by which clients come, a CNAME record of yours that leads to the profile; by default the
            profile's own. Required with ``profile_id``.
    """
    return TrafficManagerEntry(
        dns_name=dns_name,
        ttl_seconds=ttl_seconds,
        path=path,
        protocol=protocol,
        port=port,
        status_codes=listed(status_codes),
        interval_seconds=interval_seconds,
        profile_id=profile_id,
        endpoint_names=endpoint_names,
        host_name=host_name,
    )
