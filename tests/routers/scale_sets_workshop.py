"""Two scale sets behind an application gateway in Azure's stand-in in this process: no server, no time of its own."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import httpx

from bluegreen.azure.client import AzureConnection, Session
from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.rollout.calls import guarded
from bluegreen.rollout.clock import FakeClock
from localcloud.azure.application_gateways import ApplicationGateways
from localcloud.azure.autoscale import AutoscaleSettings
from localcloud.azure.bare import BareAzure
from localcloud.azure.cloud import OWNER, SUBSCRIPTION
from localcloud.azure.load_balancers import LoadBalancers
from localcloud.azure.network import PublicAddresses, VirtualNetworks
from localcloud.azure.plain import ResourceGroups
from localcloud.azure.scale_sets import ScaleSets
from localcloud.azure.tags import Tags

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
GATEWAY = f"{NETWORK}/applicationGateways/shop"
BALANCER = f"{NETWORK}/loadBalancers/shop"
SUBNET = f"{NETWORK}/virtualNetworks/shop/subnets"
ADDRESS, SECOND_ADDRESS = f"{NETWORK}/publicIPAddresses/shop", f"{NETWORK}/publicIPAddresses/balancer"
SETS = f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets"
SETTINGS = f"{GROUP}/providers/Microsoft.Insights/autoscalesettings"
GALLERY = f"{GROUP}/providers/Microsoft.Compute/galleries/shop/images/app/versions"
COLORS = ("blue", "green")
KINDS = (
    ResourceGroups,
    Tags,
    VirtualNetworks,
    PublicAddresses,
    ApplicationGateways,
    LoadBalancers,
    ScaleSets,
    AutoscaleSettings,
)
PACKAGES = ("azure-mgmt-network", "azure-mgmt-compute", "azure-mgmt-monitor")


class Killed(BaseException):
    """The process ended."""


def _nothing(_number: int, _action: str) -> str:
    return ""


@dataclass
class World:
    """A gateway whose production rule leads to blue's pool, and a scale set a color.

    Attributes:
        azure: where it is.
        clock: turned by whoever waits.
        calls: the action of each request of the product.
        paths: verb, path and body of each.
        answers: what comes instead of Azure's own answer to a verb and the end of a path, once each; it is done.
        end: of a call's number and action: ``before`` or ``after`` it the process ends.
        seen: the pool that production goes to after each request of the product.
        client_id: as whom the product asks.
    """

    azure: BareAzure
    clock: FakeClock = field(default_factory=FakeClock)
    calls: list[str] = field(default_factory=list)
    paths: list[tuple[str, str, Any]] = field(default_factory=list)
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    end: Callable[[int, str], str] = _nothing
    seen: list[str] = field(default_factory=list)
    client_id: str = OWNER.client_id

    def ask(self, verb: str, path: str, body: Any = None, **headers: str) -> Any:
        """Somebody else's request, which has to be taken; its answer's body."""
        answer = self.azure.answer(verb, path, body, **headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def gateway(self) -> dict[str, Any]:
        return self.ask("GET", GATEWAY)

    def pool(self, rule: str = "production") -> str:
        """The name of the pool that requests go to by now."""
        serving = self.azure.world.get(GATEWAY).kept.serving
        found = next(one for one in serving["requestRoutingRules"] if one["name"] == rule)
        return str(found["properties"]["backendAddressPool"]["id"]).rpartition("/")[2]

    def lead(self, pool: str) -> None:
        """Production to a pool, by somebody else."""
        body = self.gateway()
        body["properties"]["requestRoutingRules"][0]["properties"]["backendAddressPool"] = part(
            "backendAddressPools", pool
        )
        self.ask("PUT", GATEWAY, body)

    def tags(self, path: str = GATEWAY) -> dict[str, str]:
        return self.ask("GET", path).get("tags") or {}

    def scale_set(self, color: str) -> dict[str, Any]:
        return self.ask("GET", f"{SETS}/{color}?$expand=userData")

    def capacity(self, color: str) -> int:
        return int(self.scale_set(color)["sku"]["capacity"])

    def instances(self, color: str) -> list[dict[str, Any]]:
        return self.ask("GET", f"{SETS}/{color}/virtualMachines?$expand=instanceView")["value"]

    def scale(self, color: str, capacity: int) -> None:
        self.ask("PATCH", f"{SETS}/{color}", {"sku": {"capacity": capacity}})
        self.azure.settle()

    def autoscale(self, color: str, least: int, most: int, *, enabled: bool = True) -> None:
        """A setting with the range, as its owner declares it."""
        limits = {"minimum": str(least), "maximum": str(most), "default": str(least)}
        profiles = [{"name": "usual", "capacity": limits, "rules": []}]
        properties = {"enabled": enabled, "targetResourceUri": f"{SETS}/{color}", "profiles": profiles}
        self.ask("PUT", f"{SETTINGS}/{color}", {"location": "westeurope", "properties": properties})
        self.azure.settle()

    def range_of(self, color: str) -> tuple[bool, int, int]:
        told = self.ask("GET", f"{SETTINGS}/{color}")["properties"]
        limits = told["profiles"][0]["capacity"]
        return told["enabled"], int(limits["minimum"]), int(limits["maximum"])

    def exchange(self, verb: str, path: str, action: str, body: Any, if_match: str = "") -> tuple[Answer | None, str]:
        """The product's request."""
        number, when = len(self.calls), self.end(len(self.calls), action)
        self.calls.append(action)
        self.paths.append((verb, path, body))
        if when == "before":
            raise Killed(number)
        headers = {"if_match": if_match} if if_match else {}
        found = self.azure.answer(verb, path, body, self.client_id, **headers)
        self.seen += [self.pool()] if GATEWAY.lower() in self.azure.world.resources else []
        key = next((one for one in self.answers if one[0] == verb and path.endswith(one[1])), None)
        instead = found if key is None else self.answers.pop(key)
        if when == "after":
            raise Killed(number)
        if instead is None:
            return None, "https://azure.test could not be reached: it is cut"
        return Answer(instead.status_code, instead.content, headers=instead.headers), ""


def part(kind: str, name: str) -> dict[str, str]:
    return {"id": f"{GATEWAY}/{kind}/{name}"}


def rule(name: str, priority: int, pool: str) -> dict[str, Any]:
    properties = {
        "ruleType": "Basic",
        "priority": priority,
        "httpListener": part("httpListeners", name),
        "backendAddressPool": part("backendAddressPools", pool),
        "backendHttpSettings": part("backendHttpSettingsCollection", "http"),
    }
    return {"name": name, "properties": properties}


def listener(name: str, **more: Any) -> dict[str, Any]:
    properties = {
        "frontendIPConfiguration": part("frontendIPConfigurations", "public"),
        "frontendPort": part("frontendPorts", "http"),
        "protocol": "Http",
        **more,
    }
    return {"name": name, "properties": properties}


def gateway_body() -> dict[str, Any]:
    """With a rule for production and one for each color, and a path map that nobody uses yet."""
    shop = {"name": "orders", "properties": {
        "paths": ["/orders/*"],
        "backendAddressPool": part("backendAddressPools", "white"),
        "backendHttpSettings": part("backendHttpSettingsCollection", "http"),
    }}  # fmt: skip
    path_map = {
        "defaultBackendAddressPool": part("backendAddressPools", "white"),
        "defaultBackendHttpSettings": part("backendHttpSettingsCollection", "http"),
        "pathRules": [shop],
    }
    properties = {
        "sku": {"name": "Standard_v2", "tier": "Standard_v2", "capacity": 1},
        "gatewayIPConfigurations": [{"name": "ip", "properties": {"subnet": {"id": f"{SUBNET}/gateway"}}}],
        "frontendIPConfigurations": [{"name": "public", "properties": {"publicIPAddress": {"id": ADDRESS}}}],
        "frontendPorts": [{"name": "http", "properties": {"port": 80}}],
        "backendAddressPools": [{"name": name} for name in (*COLORS, "white")],
        "backendHttpSettingsCollection": [{"name": "http", "properties": {"port": 8080, "protocol": "Http"}}],
        "httpListeners": [listener("production"), *(listener(one, hostName=f"{one}.shop.test") for one in COLORS)],
        "requestRoutingRules": [rule("production", 100, "blue"), rule("blue", 10, "blue"), rule("green", 20, "green")],
        "urlPathMaps": [{"name": "paths", "properties": path_map}],
    }
    return {"location": "westeurope", "tags": {"team": "orders"}, "properties": properties}


def piece(kind: str, name: str) -> dict[str, str]:
    """The same of the load balancer."""
    return {"id": f"{BALANCER}/{kind}/{name}"}


def balancer_body() -> dict[str, Any]:
    """With a rule for production and one for each color."""
    rules = [
        {
            "name": name,
            "properties": {
                "protocol": "Tcp",
                "frontendPort": 80 + number,
                "backendPort": 8080,
                "frontendIPConfiguration": piece("frontendIPConfigurations", "public"),
                "backendAddressPool": piece("backendAddressPools", pool),
                "probe": piece("probes", "healthz"),
            },
        }
        for number, (name, pool) in enumerate((("production", "blue"), ("blue", "blue"), ("green", "green")))
    ]
    probe = {"protocol": "Http", "port": 8080, "requestPath": "/healthz"}
    properties = {
        "frontendIPConfigurations": [{"name": "public", "properties": {"publicIPAddress": {"id": SECOND_ADDRESS}}}],
        "backendAddressPools": [{"name": name} for name in (*COLORS, "white")],
        "loadBalancingRules": rules,
        "probes": [{"name": "healthz", "properties": probe}],
    }
    return {"location": "westeurope", "sku": {"name": "Standard"}, "tags": {"team": "orders"}, "properties": properties}


def release(color: str, version: int = 1) -> dict[str, Any]:
    """As a ``capacity`` section has it."""
    data = base64.b64encode(f"COLOR={color}\n".encode()).decode()
    return {"imageReference": {"id": f"{GALLERY}/{version}.0.0"}, "userData": data}


def scale_set_body(color: str, capacity: int, version: int = 1) -> dict[str, Any]:
    address = {
        "name": "ip",
        "properties": {
            "subnet": {"id": f"{SUBNET}/instances"},
            "applicationGatewayBackendAddressPools": [part("backendAddressPools", color)],
            "loadBalancerBackendAddressPools": [piece("backendAddressPools", color)],
        },
    }
    card = {"name": "nic", "properties": {"primary": True, "ipConfigurations": [address]}}
    health = {
        "publisher": "Microsoft.ManagedServices",
        "type": "ApplicationHealthLinux",
        "typeHandlerVersion": "1.0",
        "settings": {"protocol": "http", "port": 8080, "requestPath": "/healthz"},
    }
    own = release(color, version)
    profile = {
        "userData": own["userData"],
        "storageProfile": {"imageReference": own["imageReference"]},
        "networkProfile": {"networkInterfaceConfigurations": [card]},
        "extensionProfile": {"extensions": [{"name": "health", "properties": health}]},
    }
    properties = {"orchestrationMode": "Uniform", "upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": profile}
    sku = {"name": "Standard_B2s", "tier": "Standard", "capacity": capacity}
    return {"location": "westeurope", "tags": {"team": "orders"}, "sku": sku, "properties": properties}


def build(*, at_once: bool = False) -> World:
    """Make one, with two instances of each color."""
    world = World(BareAzure(KINDS, PACKAGES, "2026-03-01", at_once=at_once))
    world.ask("PUT", GROUP, {"location": "westeurope"})
    subnets = [{"name": name, "properties": {}} for name in ("gateway", "instances")]
    world.ask("PUT", f"{NETWORK}/virtualNetworks/shop", {"location": "westeurope", "properties": {"subnets": subnets}})
    for address in (ADDRESS, SECOND_ADDRESS):
        world.ask("PUT", address, {"location": "westeurope", "properties": {"publicIPAllocationMethod": "Static"}})
    world.ask("PUT", GATEWAY, gateway_body())
    world.ask("PUT", BALANCER, balancer_body())
    for color in COLORS:
        world.ask("PUT", f"{SETS}/{color}", scale_set_body(color, 2))
    world.azure.settle()
    return world


@contextmanager
def asked(world: World) -> Iterator[World]:
    """Meanwhile the product asks there."""

    def exchange(
        _session: Session, verb: str, path: str, _version: str, action: str, body: Any, *, if_match: str = ""
    ) -> tuple[Answer | None, str]:
        return world.exchange(verb, path, action, body, if_match)

    session = Session(AzureConnection(), "https://azure.test")
    with (
        mock.patch.object(glances, "LASTS_SECONDS", 0.0),
        mock.patch.object(AzureConnection, "session", return_value=session),
        mock.patch.object(Session, "exchange", exchange),
        guarded(lambda: None, sleep=world.clock.sleep),
    ):
        yield world


@contextmanager
def running() -> Iterator[World]:
    """One, and the product's session led there."""
    with asked(build()) as world:
        yield world


def section(**more: object) -> dict[str, object]:
    """A ``router`` section, as of a gateway that was made together with the swap."""
    return {
        "kind": "application_gateway",
        "gateway_id": GATEWAY,
        "rule": "production",
        "pools": {color: color for color in COLORS},
        "owner": "project/stack/orders",
        "made_with_it": True,
        **more,
    }


def balancer_section(**more: object) -> dict[str, object]:
    """The same of a load balancer."""
    return {
        "kind": "azure_load_balancer",
        "load_balancer_id": BALANCER,
        "rule": "production",
        "pools": {color: color for color in COLORS},
        "owner": "project/stack/orders",
        "made_with_it": True,
        **more,
    }


def capacity_section(**more: object) -> dict[str, object]:
    """A ``capacity`` section."""
    return {
        "kind": "azure_scale_sets",
        "scale_sets": {color: f"{SETS}/{color}" for color in COLORS},
        "releases": {color: release(color) for color in COLORS},
        **more,
    }


def refused(status: int, code: str, message: str = "no") -> httpx.Response:
    """An answer of Azure's."""
    return httpx.Response(status, json={"error": {"code": code, "message": message}})


def answered(body: Any) -> httpx.Response:
    """An answer with this body."""
    return httpx.Response(200, json=body)
