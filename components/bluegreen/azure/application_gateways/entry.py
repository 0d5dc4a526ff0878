"""An Application Gateway before scale sets: one that is there, or one made for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi

from bluegreen.arguments.reporting import reporting
from bluegreen.azure.application_gateways.made_gateway import PRODUCTION, in_a_subscription, made_gateway
from bluegreen.azure.entry import EntryContext, EntryResources
from bluegreen.component.declaration import is_of_both, known, listed
from bluegreen.fields import UNKNOWN
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.functions import Function
from bluegreen.options.kinds import Anything, Text, Texts
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

_OF_ONES_OWN = ("rule", "path_map", "path_rule", "pools", "url")
_OF_A_MADE_ONE = ("certificate_secret_id", "identity_id", "host")


@declared
class ApplicationGatewayEntry(Options):
    """An Application Gateway (v2): the backend pool of a request routing rule, or of a place in a URL path map.

    A promotion leads the rule to the other color's pool; steps are refused.
    """

    function: ClassVar[Function] = Function("application_gateway")

    subnet_id: pulumi.Input[str] | None = option(
        "the gateway's own subnet: one is made there",
        Text(later=True),
        default=None,
    )
    gateway_id: pulumi.Input[str] | None = option(
        "the gateway's resource id in its place, where there is one already",
        Text(later=True),
        default=None,
    )
    rule: str | None = option(
        "of a gateway that is there, the request routing rule that leads to a backend pool",
        Text(),
        default=None,
    )
    path_map: str | None = option(
        "in its place, the URL path map",
        Text(),
        default=None,
    )
    path_rule: str | None = option(
        "the path rule in it; the map's default backend pool when absent",
        Text(),
        default=None,
    )
    pools: Mapping[Color, str] | None = option(
        "of a gateway that is there, the name of each color's backend pool",
        Anything("Mapping[Color, str]"),
        default=None,
    )
    url: pulumi.Input[str] | None = option(
        "of a gateway that is there, where production requests go",
        Text(later=True),
        default=None,
    )
    preview_urls: Mapping[Color, pulumi.Input[str]] | None = option(
        "of a gateway that is there, a URL for each color; ``url`` where only ``preview_hosts`` are given",
        Anything("Mapping[Color, pulumi.Input[str]]"),
        default=None,
    )
    preview_hosts: Mapping[Color, str] | None = option(
        "the host's name that each color's own listener is for; ``blue.preview.internal`` and "
        "``green.preview.internal`` on a gateway that is made here",
        Anything("Mapping[Color, str]"),
        default=None,
    )
    preview_port: int = option(
        "the port of those listeners on a gateway that is made here",
        Anything("int"),
        default=8081,
    )
    host: str | None = option(
        "the host's name in ``url``; the public address when absent",
        Text(),
        default=None,
    )
    certificate_secret_id: pulumi.Input[str] | None = option(
        "make production's listener HTTPS, with this certificate's secret in Key Vault",
        Text(later=True),
        default=None,
    )
    identity_id: pulumi.Input[str] | None = option(
        "the user-assigned managed identity as which the gateway reads it, by its resource id",
        Text(later=True),
        default=None,
    )
    min_capacity: int = option(
        "the least capacity units' instances that a gateway made here scales to (0 to 125)",
        Anything("int"),
        default=0,
    )
    max_capacity: int = option(
        "the most (2 to 125)",
        Anything("int"),
        default=10,
    )
    zones: Sequence[str] = option(
        "availability zones of a gateway that is made here",
        Texts(),
        default=(),
    )

    pool_key = "application_gateway_backend_address_pools"

    def _hosts(self) -> dict[Color, str]:
        given = self.preview_hosts if isinstance(self.preview_hosts, Mapping) else {}
        made = {} if self.gateway_id is not None else {color: f"{color}.preview.internal" for color in COLORS}
        return {**made, **given}

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """The host's name that a listener of the color's own is for; empty where there are no previews."""
        hosts = self._hosts()
        if not hosts and not self.preview_urls:
            return {}
        return {color: {"Host": hosts[color]} if color in hosts else {} for color in COLORS}

    def problems(self) -> list[Problem]:
        """Either all of a gateway that is there, or what one is made of."""
        found = []
        if (self.subnet_id is None) == (self.gateway_id is None):
            found.append(Problem("subnet_id", known(self.subnet_id), "a subnet for a gateway to make, or a gateway_id"))
        subnet = known(self.subnet_id)
        if subnet not in (None, UNKNOWN) and not (isinstance(subnet, str) and in_a_subscription(subnet)):
            found.append(Problem("subnet_id", subnet, "a subnet's resource id, /subscriptions/…/subnets/NAME"))
        if self.gateway_id is not None:
            found += [
                Problem(name, known(getattr(self, name)), "absent: it is of a gateway that is made here")
                for name in _OF_A_MADE_ONE
                if getattr(self, name) is not None
            ]
            for name in ("pools", "url"):
                if getattr(self, name) is None:
                    found.append(Problem(name, None, "given: the gateway is there already"))
            for name in ("pools", "preview_urls", "preview_hosts"):
                one = getattr(self, name)
                if one is not None and not is_of_both(one):
                    found.append(Problem(name, known(one), "one for each color, blue and green"))
        else:
            found += [
                Problem(name, known(getattr(self, name)), "absent without a gateway_id")
                for name in _OF_ONES_OWN
                if getattr(self, name) is not None
            ]
        if (self.certificate_secret_id is None) != (self.identity_id is None):
            missing = "identity_id" if self.identity_id is None else "certificate_secret_id"
            allowed = "both or neither: the gateway reads its certificate from Key Vault as that identity"
            found.append(Problem(missing, None, allowed))
        ports = (443 if self.certificate_secret_id is not None else 80, 65200)
        if not 1 <= self.preview_port < ports[1] or self.preview_port == ports[0]:
            found.append(
                Problem("preview_port", self.preview_port, f"1 to {ports[1] - 1}, not production's {ports[0]}")
            )
        if not 0 <= self.min_capacity <= self.max_capacity <= 125:
            found.append(Problem("min_capacity", self.min_capacity, "0 to max_capacity, which is 2 to 125"))
        elif self.max_capacity < 2:
            found.append(Problem("max_capacity", self.max_capacity, "2 to 125"))
        return found

    def draft(self, owner: str, connection: Mapping[str, str]) -> dict[str, Any]:
        """The router's section."""
        place: dict[str, Any] = {"rule": PRODUCTION, "pools": {color: color for color in COLORS}}
        if self.gateway_id is not None:
            own = {"rule": self.rule, "path_map": self.path_map, "path_rule": self.path_rule}
            place = {
                **{name: value for name, value in own.items() if value is not None},
                "pools": self.pools or UNKNOWN,
            }
        return {
            "kind": "application_gateway",
            "gateway_id": UNKNOWN,
            **place,
            "owner": owner,
            **({} if self.gateway_id is not None else {"made_with_it": True}),
            "azure": dict(connection),
        }

    def declare(self, context: EntryContext) -> EntryResources:
        """The gateway, unless it is there."""
        router = self.draft(context.owner, context.connection)
        made: tuple[pulumi.Resource, ...] = ()
        if self.gateway_id is not None:
            gateway_id = pulumi.Output.from_input(self.gateway_id)
            url = pulumi.Output.from_input(self.url or "")
            given = self.preview_urls or {}
            urls = {color: pulumi.Output.from_input(given.get(color, url)) for color in self.preview_headers}
        else:
            gateway, address = made_gateway(
                context,
                subnet_id=self.subnet_id or "",
                hosts=self._hosts(),
                preview_port=self.preview_port,
                capacity=(self.min_capacity, self.max_capacity),
                certificate_secret_id=self.certificate_secret_id,
                identity_id=self.identity_id,
                zones=tuple(self.zones),
            )
            gateway_id = gateway.id
            found = address.ip_address.apply(lambda ip: ip or "")
            scheme = "https" if self.certificate_secret_id is not None else "http"
            url = found.apply(lambda ip: f"{scheme}://{self.host or ip}")
            port = self.preview_port
            urls = dict.fromkeys(COLORS, found.apply(lambda ip: f"http://{ip}:{port}"))
            made = (gateway,)
        pools = {color: _pool_id(gateway_id, router["pools"][color]) for color in COLORS}
        return EntryResources(
            router={**router, "gateway_id": gateway_id},
            url=url,
            preview_urls=urls,
            pools={color: [pools[color]] for color in COLORS},
            made=made,
        )


def _pool_id(gateway_id: pulumi.Output[str], name: str) -> pulumi.Output[str]:
    return gateway_id.apply(lambda own: f"{own}/backendAddressPools/{name}")


# -- written by `python dev/public_functions.py` from the options above


@reporting
def application_gateway(
    *,
    subnet_id: pulumi.Input[str] | None = None,
    gateway_id: pulumi.Input[str] | None = None,
    rule: str | None = None,
    path_map: str | None = None,
    path_rule: str | None = None,
    pools: Mapping[Color, str] | None = None,
    url: pulumi.Input[str] | None = None,
    preview_urls: Mapping[Color, pulumi.Input[str]] | None = None,
    preview_hosts: Mapping[Color, str] | None = None,
    preview_port: int = 8081,
    host: str | None = None,
    certificate_secret_id: pulumi.Input[str] | None = None,
    identity_id: pulumi.Input[str] | None = None,
    min_capacity: int = 0,
    max_capacity: int = 10,
    zones: Sequence[str] = (),
) -> ApplicationGatewayEntry:
    """An Application Gateway (v2): the backend pool of a request routing rule, or of a place in a URL path map.

    A promotion leads the rule to the other color's pool; steps are refused.

    Args:
        subnet_id: the gateway's own subnet: one is made there.
        gateway_id: the gateway's resource id in its place, where there is one already.
        rule: of a gateway that is there, the request routing rule that leads to a backend pool.
        path_map: in its place, the URL path map.
        path_rule: the path rule in it; the map's default backend pool when absent.
        pools: of a gateway that is there, the name of each color's backend pool.
        url: of a gateway that is there, where production requests go.
        preview_urls: of a gateway that is there, a URL for each color; ``url`` where only ``preview_hosts`` are given.
        preview_hosts: the host's name that each color's own listener is for; ``blue.preview.internal`` and
            ``green.preview.internal`` on a gateway that is made here.
        preview_port: the port of those listeners on a gateway that is made here.
        host: the host's name in ``url``; the public address when absent.
        certificate_secret_id: make production's listener HTTPS, with this certificate's secret in Key Vault.
        identity_id: the user-assigned managed identity as which the gateway reads it, by its resource id.
        min_capacity: the least capacity units' instances that a gateway made here scales to (0 to 125).
        max_capacity: the most (2 to 125).
        zones: availability zones of a gateway that is made here.
    """
    return ApplicationGatewayEntry(
        subnet_id=subnet_id,
        gateway_id=gateway_id,
        rule=rule,
        path_map=path_map,
        path_rule=path_rule,
        pools=pools,
        url=url,
        preview_urls=preview_urls,
        preview_hosts=preview_hosts,
        preview_port=preview_port,
        host=host,
        certificate_secret_id=certificate_secret_id,
        identity_id=identity_id,
        min_capacity=min_capacity,
        max_capacity=max_capacity,
        zones=listed(zones),
    )
