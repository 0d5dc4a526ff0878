"""Azure Load Balancer: the backend pool of a load-balancing rule.

New connections go to one color's pool, and change over whole: a rule has one pool, and no weights. Microsoft does not
say what becomes of connections that are open when a rule's pool changes; count on their staying where they are until
they end, which is how long the color left behind has to keep running.

https://learn.microsoft.com/azure/load-balancer/components
https://learn.microsoft.com/azure/load-balancer/manage-rules-how-to
"""

from __future__ import annotations

import copy
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bluegreen.azure import tags
from bluegreen.azure.whole_objects import NETWORK_VERSION, Object, WholeObjectRouter, color_of, named, properties_of
from bluegreen.options.declared import option
from bluegreen.options.kinds import Both, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.places import Same, in_any_case
from bluegreen.rollout.model import COLORS, Color, Readiness, Weights

_KIND = "Microsoft.Network/loadBalancers"
READ, WRITE = f"{_KIND}/read", f"{_KIND}/write"
_HEALTH, _RESULT = f"{_KIND}/loadBalancingRules/health/action", "Microsoft.Network/locations/operationResults/read"
_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/loadBalancers/[^/]+\Z", re.IGNORECASE
)
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?\Z")
_A_NAME = Text(fits=_NAME.match, allowed="its name: letters, digits, dots, dashes and underscores")
_HEALTH_PAUSES_SECONDS = (0.5, 1.0, 2.0, *(3.0,) * 30)


@dataclass(slots=True, kw_only=True)
class AzureLoadBalancerRouter(WholeObjectRouter):
    """One rule's pool in one load balancer."""

    where: ClassVar[frozenset[str]] = frozenset({"kind", "load_balancer_id", "rule"})
    backend_keys: ClassVar[frozenset[str]] = frozenset({"pools"})
    same_place: ClassVar[Mapping[str, Same]] = dict.fromkeys(("load_balancer_id", "rule"), in_any_case)
    read_action: ClassVar[str] = READ
    write_action: ClassVar[str] = WRITE
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(READ, "every preview and update"),
        Permission(WRITE, "the first start, every promotion and rollback: the load balancer is written whole"),
        Permission(_HEALTH, "previews of a promotion, updates: what the load balancer's probes find"),
        Permission(_RESULT, "the same: that takes its time"),
        Permission("Microsoft.Network/virtualNetworks/subnets/join/action", "writes of an internal load balancer"),
        Permission("Microsoft.Network/publicIPAddresses/join/action", "writes of one with public addresses"),
        Permission(tags.WRITE, "every swap: its lease; `pulumi destroy`"),
    )

    load_balancer_id: str = option(
        "the load balancer's resource id",
        Text(
            fits=_ID.match, allowed="/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/loadBalancers/NAME"
        ),
    )
    rule: str = option("production's load-balancing rule", _A_NAME)
    pools: Mapping[Color, str] = option(
        "the name of each color's backend pool", Both(_A_NAME, differs="another pool than blue's")
    )

    @property
    def id(self) -> str:
        """The rule's id."""
        return f"{self.load_balancer_id}/loadBalancingRules/{self.rule}"

    @property
    def object_id(self) -> str:
        """The load balancer."""
        return self.load_balancer_id

    @property
    def place(self) -> str:
        """The rule."""
        return self.rule

    def _pool_ids(self) -> dict[Color, str]:
        return {color: f"{self.load_balancer_id}/backendAddressPools/{self.pools[color]}" for color in COLORS}

    def _rule(self, found: Object) -> Mapping[str, Any] | None:
        rule = named(properties_of(found).get("loadBalancingRules"), self.rule)
        return None if rule is None else properties_of(rule)

    def leads_to(self, found: Object) -> Color | None:
        """By the pool's id."""
        rule = self._rule(found)
        return None if rule is None else color_of(_pool_of(rule), self._pool_ids())

    def unfit(self, found: Object) -> str:
        """There is no such rule or pool, or the rule has several pools."""
        rule = self._rule(found)
        if rule is None:
            return f"the load balancer has no rule {self.rule}"
        known = {str(one.get("name") or "").lower() for one in properties_of(found).get("backendAddressPools") or ()}
        missing = [name for name in self.pools.values() if name.lower() not in known]
        if missing:
            return f"the load balancer has no backend pool {missing[0]}"
        if len(rule.get("backendAddressPools") or ()) > 1:
            return "it has several backend pools, as those of a gateway load balancer"
        return ""

    def led_to(self, found: Object, color: Color) -> dict[str, Any]:
        """All else as it was read. Azure tells a rule's pool twice, as the one and as a list of it."""
        body: dict[str, Any] = copy.deepcopy(dict(found))
        pool = {"id": self._pool_ids()[color]}
        for rule in body["properties"]["loadBalancingRules"]:
            if str(rule.get("name") or "").lower() == self.rule.lower():
                rule["properties"]["backendAddressPool"] = pool
                if rule["properties"].get("backendAddressPools"):
                    rule["properties"]["backendAddressPools"] = [pool]
        return body

    def health(self, color: Color) -> Readiness:
        """The findings of the probe of a rule that leads to the color's pool: three calls or more.

        The color's own rule where it has one, as for previews, else production's.
        """
        session, ids = self.azure.session(), self._pool_ids()
        found = session.get(self.load_balancer_id, NETWORK_VERSION, READ) or {}
        leading = [
            str(one.get("name"))
            for one in properties_of(found).get("loadBalancingRules") or ()
            if color_of(_pool_of(properties_of(one)), ids) == color
        ]
        asked = next((name for name in leading if name.lower() != self.rule.lower()), leading[0] if leading else None)
        if asked is None:
            reason = (
                f"no rule of the load balancer leads to the pool {self.pools[color]}, and so nothing probes it: give "
                "it a rule of its own for previews"
            )
            return Readiness(False, 0, 1, reason, fatal=True)
        path = f"{self.load_balancer_id}/loadBalancingRules/{asked}/health"
        told = session.result(path, NETWORK_VERSION, _HEALTH, _RESULT, _HEALTH_PAUSES_SECONDS) or {}
        return _judged(self.pools[color], told)

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The command that a person types."""
        if weights == Weights():
            own = self._tag("owner")
            balancer = shlex.quote(self.load_balancer_id)
            return (f"az tag update --operation Delete --resource-id {balancer} --tags {own}",)
        if weights.live_color is None:
            return ()
        parts = self.load_balancer_id.split("/")
        return (
            f"az network lb rule update --subscription {parts[2]} --resource-group {parts[4]} --lb-name {parts[8]} "
            f"--name {self.rule} --backend-pool-name {self.pools[weights.live_color]}",
        )


def _pool_of(rule: Mapping[str, Any]) -> Any:
    """The rule's pool, in whichever of the two ways it is reported."""
    several = rule.get("backendAddressPools") or [None]
    return rule.get("backendAddressPool") or several[0]


def _judged(pool: str, told: Mapping[str, Any]) -> Readiness:
    up, down = int(told.get("up") or 0), int(told.get("down") or 0)
    if up and not down:
        return Readiness(True, up, up)
    if not up + down:
        return Readiness(False, 0, 0, f"the pool {pool} has no instance")
    reasons = [str(one["reason"]) for one in told.get("loadBalancerBackendAddresses") or () if one.get("reason")]
    reason = f"pool {pool}: {down} of {up + down} instances are down"
    return Readiness(False, up, up + down, f"{reason}; {reasons[0]}" if reasons else reason)
