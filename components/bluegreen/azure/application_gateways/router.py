"""Application Gateway: the backend pool of a request routing rule, or of a place in a URL path map.

All requests of the place go to one color's pool, and change over whole. The API's types have weights
(``loadDistributionPolicies``), but Microsoft documents no feature behind them; a place that goes by such a policy is
refused. An update of a gateway takes minutes; requests go as before until it is done, and none is lost.

https://learn.microsoft.com/azure/application-gateway/configuration-request-routing-rules
https://learn.microsoft.com/azure/application-gateway/url-route-overview
"""

from __future__ import annotations

import copy
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from bluegreen.azure import tags
from bluegreen.azure.whole_objects import NETWORK_VERSION, Object, WholeObjectRouter, color_of, named, properties_of
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.declared import option
from bluegreen.options.kinds import Both, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.places import Same, in_any_case
from bluegreen.rollout.model import COLORS, Color, Readiness, Weights

_KIND = "Microsoft.Network/applicationGateways"
READ, WRITE = f"{_KIND}/read", f"{_KIND}/write"
_HEALTH, _RESULT = f"{_KIND}/backendhealth/action", "Microsoft.Network/locations/operationResults/read"
_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/applicationGateways/[^/]+\Z", re.IGNORECASE
)
# A name that may stand in a tag's name, and in a command.
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?\Z")
_A_NAME = Text(fits=_NAME.match, allowed="its name: letters, digits, dots, dashes and underscores")
_HEALTH_PAUSES_SECONDS = (0.5, 1.0, 2.0, *(3.0,) * 30)


@dataclass(slots=True, kw_only=True)
class ApplicationGatewayRouter(WholeObjectRouter):
    """One pool's place in one gateway."""

    where: ClassVar[frozenset[str]] = frozenset({"kind", "gateway_id", "rule", "path_map", "path_rule"})
    backend_keys: ClassVar[frozenset[str]] = frozenset({"pools"})
    same_place: ClassVar[Mapping[str, Same]] = dict.fromkeys(
        ("gateway_id", "rule", "path_map", "path_rule"),
        in_any_case,
    )
    read_action: ClassVar[str] = READ
    write_action: ClassVar[str] = WRITE
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(READ, "every preview and update"),
        Permission(WRITE, "the first start, every promotion and rollback: the gateway is written whole"),
        Permission(_HEALTH, "previews of a promotion, updates: what the gateway's probes find"),
        Permission(_RESULT, "the same: that takes its time"),
        Permission("Microsoft.Network/virtualNetworks/subnets/join/action", "writes: the gateway's subnet is in it"),
        Permission("Microsoft.Network/publicIPAddresses/join/action", "writes: the gateway's public address is in it"),
        Permission(
            "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies/join/action",
            "writes of a gateway with a firewall policy",
        ),
        Permission(
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
            "writes of a gateway with an identity, such as for certificates in Key Vault",
        ),
        Permission(tags.WRITE, "every swap: its lease; `pulumi destroy`"),
    )

    gateway_id: str = option(
        "the gateway's resource id",
        Text(
            fits=_ID.match,
            allowed="/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/applicationGateways/NAME",
        ),
    )
    rule: str | None = option("the request routing rule that leads to a backend pool", _A_NAME, default=None)
    path_map: str | None = option("in its place, the URL path map", _A_NAME, default=None)
    path_rule: str | None = option(
        "the path rule in it", _A_NAME, default=None, absent="the map's default backend pool"
    )
    pools: Mapping[Color, str] = option(
        "the name of each color's backend pool", Both(_A_NAME, differs="another pool than blue's")
    )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """One of rule and path map."""
        rule, path_map, path_rule = values["rule"], values["path_map"], values["path_rule"]
        if (rule is None) == (path_map is None) and UNKNOWN not in (rule, path_map) and not fields.unknown:
            fields.problem("rule", rule, "a request routing rule or a path_map, and not both")
        if path_rule is not None and path_map is None:
            fields.problem("path_rule", path_rule, "none without a path_map")

    @property
    def id(self) -> str:
        """The id of the rule, of the path rule, or of the map."""
        if self.rule is not None:
            return f"{self.gateway_id}/requestRoutingRules/{self.rule}"
        below = f"/pathRules/{self.path_rule}" if self.path_rule is not None else ""
        return f"{self.gateway_id}/urlPathMaps/{self.path_map}{below}"

    @property
    def object_id(self) -> str:
        """The gateway."""
        return self.gateway_id

    @property
    def place(self) -> str:
        """The rule, or the map and the rule in it."""
        return self.rule if self.rule is not None else f"{self.path_map}:{self.path_rule or 'default'}"

    def _pool_ids(self) -> dict[Color, str]:
        return {color: f"{self.gateway_id}/backendAddressPools/{self.pools[color]}" for color in COLORS}

    @property
    def _pointer(self) -> str:
        """The name of what leads to a pool."""
        default = self.rule is None and self.path_rule is None
        return "defaultBackendAddressPool" if default else "backendAddressPool"

    def _holding(self, found: Object) -> Mapping[str, Any] | None:
        """The part that has the pointer; ``None`` where there is no such rule."""
        properties = properties_of(found)
        if self.rule is not None:
            rule = named(properties.get("requestRoutingRules"), self.rule)
            return None if rule is None else properties_of(rule)
        path_map = named(properties.get("urlPathMaps"), self.path_map or "")
        if path_map is None or self.path_rule is None:
            return None if path_map is None else properties_of(path_map)
        rule = named(properties_of(path_map).get("pathRules"), self.path_rule)
        return None if rule is None else properties_of(rule)

    def leads_to(self, found: Object) -> Color | None:
        """By the pool's id."""
        holding = self._holding(found)
        return None if holding is None else color_of(holding.get(self._pointer), self._pool_ids())

    def unfit(self, found: Object) -> str:
        """There is no such rule or pool, or something else than a pool answers."""
        holding = self._holding(found)
        if holding is None:
            return f"the gateway has no {self.place}"
        known = {str(one.get("name") or "").lower() for one in properties_of(found).get("backendAddressPools") or ()}
        missing = [name for name in self.pools.values() if name.lower() not in known]
        if missing:
            return f"the gateway has no backend pool {missing[0]}"
        if holding.get("urlPathMap") and self.rule is not None:
            path_map = str(holding["urlPathMap"].get("id") or "").rpartition("/")[2]
            return f"it goes by the URL path map {path_map}: say that as path_map"
        prefix = "default" if self._pointer.startswith("default") else ""
        for name, told in (("redirectConfiguration", "it redirects"), ("loadDistributionPolicy", "a policy splits it")):
            own = f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name
            if holding.get(own):
                return f"{told} ({own})"
        return ""

    def led_to(self, found: Object, color: Color) -> dict[str, Any]:
        """All else as it was read."""
        body: dict[str, Any] = copy.deepcopy(dict(found))
        cast("dict[str, Any]", self._holding(body))[self._pointer] = {"id": self._pool_ids()[color]}
        return body

    def health(self, color: Color) -> Readiness:
        """The findings of the gateway's probes in the color's pool: two calls or more."""
        path = f"{self.gateway_id}/backendhealth"
        found = self.azure.session().result(path, NETWORK_VERSION, _HEALTH, _RESULT, _HEALTH_PAUSES_SECONDS) or {}
        name, ids = self.pools[color], self._pool_ids()
        pools = found.get("backendAddressPools") or ()
        asked = [one for one in pools if color_of(one.get("backendAddressPool"), ids) == color]
        if not asked:
            reason = (
                f"no rule of the gateway leads to the pool {name}, and so nothing probes it: give it a listener and a "
                "rule of its own for previews"
            )
            return Readiness(False, 0, 1, reason, fatal=True)
        return _judged(name, asked)

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The command that a person types."""
        parts = self.gateway_id.split("/")
        whose = f"--subscription {parts[2]} --resource-group {parts[4]}"
        if weights == Weights():
            own = self._tag("owner")
            return (f"az tag update --operation Delete --resource-id {shlex.quote(self.gateway_id)} --tags {own}",)
        if weights.live_color is None:
            return ()
        pool = self.pools[weights.live_color]
        if self.rule is not None:
            return (
                f"az network application-gateway rule update {whose} --gateway-name {parts[8]} --name {self.rule} "
                f"--address-pool {pool}",
            )
        if self.path_rule is None:
            return (
                f"az network application-gateway url-path-map update {whose} --gateway-name {parts[8]} "
                f"--name {self.path_map} --default-address-pool {pool}",
            )
        value = f"{self.gateway_id}/backendAddressPools/{pool}"
        where = f"urlPathMaps[name={self.path_map}].pathRules[name={self.path_rule}].backendAddressPool.id={value}"
        return (f"az network application-gateway update {whose} --name {parts[8]} --set {shlex.quote(where)}",)


def _judged(pool: str, asked: list[Mapping[str, Any]]) -> Readiness:
    """Of all servers of a pool, under each of the settings that lead to it."""
    states: dict[str, set[str]] = {}
    logs: list[str] = []
    for one in asked:
        for settings in one.get("backendHttpSettingsCollection") or ():
            for server in settings.get("servers") or ():
                key = str((server.get("ipConfiguration") or {}).get("id") or server.get("address"))
                state = str(server.get("health") or "Unknown")
                states.setdefault(key, set()).add(state)
                if state != "Healthy" and server.get("healthProbeLog"):
                    logs.append(str(server["healthProbeLog"]))
    healthy = sum(found == {"Healthy"} for found in states.values())
    if states and healthy == len(states):
        return Readiness(True, healthy, healthy)
    if not states:
        return Readiness(False, 0, 0, f"the pool {pool} has no server")
    worse = sorted({state for found in states.values() for state in found} - {"Healthy"})
    reason = f"pool {pool}: {len(states) - healthy} of {len(states)} servers: {', '.join(worse)}"
    return Readiness(False, healthy, len(states), f"{reason}; {logs[0]}" if logs else reason)
