"""App Service: what a slot is, what a swap moves and what stays; nothing here waits or asks.

https://learn.microsoft.com/azure/app-service/deploy-staging-slots
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.azure.errors import ArmError
from localcloud.azure.world import Resource
from localcloud.envoy.routes import Answer, Route, Share

PRODUCTION = "production"
COOKIE = "x-ms-routing-name"
"""Who has it goes where it says; `self` is the production slot."""
COOKIE_SECONDS = 3600
WARM_UP_PATH, WARM_UP_STATUSES = "WEBSITE_SWAP_WARMUP_PING_PATH", "WEBSITE_SWAP_WARMUP_PING_STATUSES"
SLOTS = {"standard": 5, "premium": 20, "premiumv2": 20, "premiumv3": 20, "premiumv4": 20, "elasticpremium": 3,
         "isolated": 20, "isolatedv2": 20, "dynamic": 1}  # fmt: skip
"""Tier -> slots beside production. Free, Shared, Basic and Flex Consumption have none.

https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-app-service-limits
https://learn.microsoft.com/azure/azure-functions/functions-deployment-slots
"""
_STAY = frozenset(
    {
        *("alwaysOn", "cors", "experiments", "ipSecurityRestrictions", "scmIpSecurityRestrictions", "numberOfWorkers"),
        *("ipSecurityRestrictionsDefaultAction", "scmIpSecurityRestrictionsDefaultAction", "minTlsVersion"),
        *("vnetName", "vnetRouteAllEnabled", "managedServiceIdentityId", "keyVaultReferenceIdentity"),
        *("autoSwapSlotName", "httpLoggingEnabled", "detailedErrorLoggingEnabled", "requestTracingEnabled"),
    }
)
"""What of a configuration belongs to the slot, and not to what is in it: the page's list of settings not swapped."""


@dataclass
class Slot:
    """One, also the production slot.

    Attributes:
        resource: what is known of it.
        site: the app's name.
        name: `production`, or the slot's own.
        settings: app settings.
        connections: connection strings.
        config: `config/web`.
        running: whether it is started.
    """

    resource: Resource
    site: str
    name: str
    settings: dict[str, str] = field(default_factory=dict)
    connections: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    running: bool = True

    @property
    def host(self) -> str:
        own = self.site if self.name == PRODUCTION else f"{self.site}-{self.name}"
        return f"{own}.azurewebsites.net".lower()

    @property
    def instances(self) -> str:
        """Their name in the data plane."""
        return f"{self.site}.{self.name}".lower()


@dataclass
class Content:
    """The content that a swap moves: the release with its settings, without those of the slot over them."""

    settings: dict[str, str]
    connections: dict[str, Any]
    config: dict[str, Any]


@dataclass
class Site:
    """An app with its slots.

    Attributes:
        slots: by name.
        sticky_settings: names of app settings that belong to a slot.
        sticky_connections: the same of connection strings.
        prepared: source and target of a swap with preview that waits to be completed, and the source's own content.
    """

    name: str
    slots: dict[str, Slot] = field(default_factory=dict)
    sticky_settings: frozenset[str] = frozenset()
    sticky_connections: frozenset[str] = frozenset()
    prepared: tuple[str, str, Content] | None = None

    def slot(self, name: str) -> Slot:
        """One of this name.

        Raises:
            ArmError: there is none: 404.
        """
        found = self.slots.get(name.lower())
        if found is None:
            raise ArmError(404, "NotFound", f"Cannot find Slot with name {name}.", flat=True)
        return found

    def stays(self, setting: str) -> bool:
        """Whether an app setting belongs to its slot."""
        return setting in self.sticky_settings or setting.endswith("_EXTENSION_VERSION")


def content(slot: Slot) -> Content:
    """A copy of what is in a slot."""
    return Content(dict(slot.settings), copy.deepcopy(slot.connections), copy.deepcopy(slot.config))


def laid_over(site: Site, moved: Content, slot: Content) -> Content:
    """Content with the settings that belong to a slot: first phase of a swap for the source, last for what comes back.

    Args:
        site: says what belongs to a slot.
        moved: the content.
        slot: what was in the slot that it goes to.
    """
    settings = {name: value for name, value in moved.settings.items() if not site.stays(name)}
    settings |= {name: value for name, value in slot.settings.items() if site.stays(name)}
    names = site.sticky_connections
    connections = {name: value for name, value in moved.connections.items() if name not in names}
    connections |= {name: value for name, value in slot.connections.items() if name in names}
    config = {name: value for name, value in moved.config.items() if name not in _STAY}
    config |= {name: value for name, value in slot.config.items() if name in _STAY}
    return Content(settings, connections, config)


def put(slot: Slot, what: Content) -> None:
    """Make this what is in the slot."""
    slot.settings, slot.connections, slot.config = what.settings, what.connections, what.config


def warm_up(settings: Mapping[str, str]) -> tuple[str, frozenset[int] | None]:
    """The path that is requested before a swap, and the statuses that will do; None for any."""
    told = settings.get(WARM_UP_STATUSES, "")
    statuses = frozenset(int(one) for one in told.split(",") if one.strip().isdigit())
    return settings.get(WARM_UP_PATH) or "/", statuses or None


def ramp_up_rules(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Which parts of the production slot's new clients go elsewhere."""
    return (config.get("experiments") or {}).get("rampUpRules") or []


def check_rules(site: Site, slot: Slot, config: Mapping[str, Any]) -> None:
    """Refuses rules that lead nowhere or to more than everybody.

    Raises:
        ArmError: 400, with the rule.
    """
    given = ramp_up_rules(config)
    if given and slot.name != PRODUCTION:
        raise _bad("Routing rules are of the production slot.")
    hosts = {one.host for one in site.slots.values()}
    for rule in given:
        host, percent = str(rule.get("actionHostName") or "").lower(), rule.get("reroutePercentage") or 0
        if host not in hosts - {slot.host}:
            raise _bad(f"rampUpRules: '{rule.get('actionHostName')}' is no host name of another slot.")
        if not 0 <= percent <= 100:
            raise _bad(f"rampUpRules: reroutePercentage is {percent}; allowed: 0 to 100.")
    total = sum(rule.get("reroutePercentage") or 0 for rule in given)
    if total > 100:
        raise _bad(f"rampUpRules: the percentages add up to {total}, which is more than 100.")


def routes_of(site: Site, slot: Slot) -> tuple[Route, ...]:
    """The way of requests for a slot's host name."""
    if not slot.running:
        return (Route(Answer(403, "This web app is stopped.")),)
    own = Share(slot.instances)
    rules = ramp_up_rules(slot.config) if slot.name == PRODUCTION else []
    by_host = {one.host: one for one in site.slots.values()}
    found: list[Route] = []
    parts: list[tuple[Slot, float]] = []
    for rule in rules:
        other = by_host.get(str(rule["actionHostName"]).lower())
        if other is None or not other.running:
            continue
        parts.append((other, float(rule.get("reroutePercentage") or 0)))
    if slot.name == PRODUCTION:
        # The cookie and the parameter lead to every slot, whatever the rules say now: who got one keeps it.
        for other in site.slots.values():
            name = "self" if other is slot else other.name
            there = (Share(other.instances, cookies=(_cookie(name),)),)
            if other.running:
                found.append(Route(there, query=(COOKIE, name)))
                found.append(Route(there, cookie=(COOKIE, name)))
    if not parts:
        return (*found, Route((own,)))
    shares = [Share(one.instances, round(percent * 100), (_cookie(one.name),)) for one, percent in parts]
    left = 10_000 - sum(share.weight for share in shares)
    return (*found, Route((Share(slot.instances, left, (_cookie("self"),)), *shares)))


def _cookie(name: str) -> str:
    return f"{COOKIE}={name}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly"


def _bad(message: str) -> ArmError:
    return ArmError(400, "BadRequest", message, flat=True)
