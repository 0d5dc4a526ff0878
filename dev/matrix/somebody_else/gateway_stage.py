"""A gateway's rule and a load balancer's, in Azure's stand-in within this process: nothing waits."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from bluegreen.rollout.model import COLORS
from dev.matrix.somebody_else.azure_stage import GROUP, AzureStage
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import Calls, Staged
from localcloud.azure.application_gateways import ApplicationGateways
from localcloud.azure.bare import BareAzure
from localcloud.azure.load_balancers import LoadBalancers
from localcloud.azure.network import PublicAddresses, VirtualNetworks
from localcloud.azure.plain import ResourceGroups
from localcloud.azure.scale_sets import ScaleSets
from localcloud.azure.tags import Tags

NETWORK = f"{GROUP}/providers/Microsoft.Network"
GATEWAY, BALANCER = f"{NETWORK}/applicationGateways/shop", f"{NETWORK}/loadBalancers/shop"
_RULE = "production"


def _part(kind: str, name: str) -> dict[str, str]:
    return {"id": f"{GATEWAY}/{kind}/{name}"}


class GatewayStage(AzureStage):
    """A pool for each color and one more, a rule for production and one for each color; sizes are in memory."""

    name = "application_gateway"
    tagged_id = GATEWAY
    rules = "requestRoutingRules"
    splits = False
    owner_note, mark_prefix = f"bluegreen:{_RULE}:owner", f"bluegreen:{_RULE}:mark:"

    def build(self) -> BareAzure:
        """Networks and scale sets."""
        kinds = [ResourceGroups, Tags, VirtualNetworks, PublicAddresses, ApplicationGateways, LoadBalancers, ScaleSets]
        packages = ["azure-mgmt-network", "azure-mgmt-compute"]
        return BareAzure(kinds, packages, "2026-03-01", at_once=True)

    def writes(self, verb: str, path: str) -> bool:
        """All but reads, also those of health."""
        return not (verb == "GET" or path.endswith("health"))

    def looks(self, verb: str, path: str, action: str) -> bool:  # noqa: ARG002 - verb and path say it
        """The object."""
        return verb == "GET" and path == self.tagged_id

    def fill(self) -> None:
        """A network, a gateway, a load balancer, and a set for each color."""
        subnets = {"subnets": [{"name": "gateway", "properties": {}}]}
        self.ask("PUT", f"{NETWORK}/virtualNetworks/shop", {"location": "westeurope", "properties": subnets})
        address = {"location": "westeurope", "properties": {"publicIPAllocationMethod": "Static"}}
        self.ask("PUT", f"{NETWORK}/publicIPAddresses/shop", address)
        self.ask("PUT", GATEWAY, self._gateway())
        self.ask("PUT", BALANCER, _balancer())
        for color in COLORS:
            self.ask("PUT", f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/{color}", _set(color))

    def _gateway(self) -> dict[str, Any]:
        names = (_RULE, *COLORS)
        rules = []
        for number, name in enumerate(names, 1):
            told = {
                "ruleType": "Basic",
                "priority": number,
                "httpListener": _part("httpListeners", name),
                "backendAddressPool": _part("backendAddressPools", "white" if name == _RULE else name),
                "backendHttpSettings": _part("backendHttpSettingsCollection", "http"),
            }
            rules.append({"name": name, "properties": told})
        front = {
            "frontendIPConfiguration": _part("frontendIPConfigurations", "public"),
            "frontendPort": _part("frontendPorts", "http"),
            "protocol": "Http",
        }
        address = {"publicIPAddress": {"id": f"{NETWORK}/publicIPAddresses/shop"}}
        subnet = {"subnet": {"id": f"{NETWORK}/virtualNetworks/shop/subnets/gateway"}}
        properties = {
            "sku": {"name": "Standard_v2", "tier": "Standard_v2", "capacity": 1},
            "gatewayIPConfigurations": [{"name": "ip", "properties": subnet}],
            "frontendIPConfigurations": [{"name": "public", "properties": address}],
            "frontendPorts": [{"name": "http", "properties": {"port": 80}}],
            "backendAddressPools": [{"name": name} for name in (*COLORS, "white")],
            "backendHttpSettingsCollection": [{"name": "http", "properties": {"port": 80, "protocol": "Http"}}],
            "httpListeners": [
                {"name": name, "properties": {**front, **({} if name == _RULE else {"hostName": f"{name}.test"})}}
                for name in names
            ],
            "requestRoutingRules": rules,
        }
        return {"location": "westeurope", "properties": properties}

    @property
    def _pool(self) -> str:
        rule = self.ask("GET", self.tagged_id)["properties"][self.rules][0]
        return str(rule["properties"]["backendAddressPool"]["id"]).rpartition("/")[2]

    def put_back(self) -> None:
        """The rule leads to neither color; no tags."""
        self.sizes_put_back()
        self.note({})
        self._send("white")

    def _send(self, pool: str) -> None:
        body = copy.deepcopy(self.ask("GET", self.tagged_id))
        rule = body["properties"][self.rules][0]["properties"]
        rule["backendAddressPool"] = {"id": f"{self.tagged_id}/backendAddressPools/{pool}"}
        rule.pop("backendAddressPools", None)
        self.ask("PUT", self.tagged_id, body)

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "application_gateway",
            "gateway_id": GATEWAY,
            "rule": _RULE,
            "pools": {color: color for color in COLORS},
            "owner": OWNER,
            "made_with_it": True,
        }

    def look(self) -> Sight:
        """The rule and the tags."""
        pool = self._pool
        return self.sight({pool: 100} if pool in COLORS else {})

    def move(self, weights: Mapping[str, int]) -> None:
        """The rule to whom has the most."""
        self._send(max(weights, key=lambda color: weights[color]))


class AzureBalancerStage(GatewayStage):
    """The same of a load balancer."""

    name = "azure_load_balancer"
    tagged_id = BALANCER
    rules = "loadBalancingRules"

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        section = GatewayStage.router(self)
        del section["gateway_id"]
        return {**section, "kind": "azure_load_balancer", "load_balancer_id": BALANCER}


def _balancer() -> dict[str, Any]:
    """A rule for production and one for each color."""

    def piece(kind: str, name: str) -> dict[str, str]:
        return {"id": f"{BALANCER}/{kind}/{name}"}

    rules = [
        {
            "name": name,
            "properties": {
                "protocol": "Tcp",
                "frontendPort": 80 + number,
                "frontendIPConfiguration": piece("frontendIPConfigurations", "public"),
                "backendAddressPool": piece("backendAddressPools", "white" if name == _RULE else name),
            },
        }
        for number, name in enumerate((_RULE, *COLORS))
    ]
    properties = {
        "frontendIPConfigurations": [{"name": "public", "properties": {}}],
        "backendAddressPools": [{"name": name} for name in (*COLORS, "white")],
        "loadBalancingRules": rules,
    }
    return {"location": "westeurope", "sku": {"name": "Standard"}, "properties": properties}


def _set(color: str) -> dict[str, Any]:
    """A scale set of one instance in a color's pool."""
    address = {
        "applicationGatewayBackendAddressPools": [_part("backendAddressPools", color)],
        "loadBalancerBackendAddressPools": [{"id": f"{BALANCER}/backendAddressPools/{color}"}],
    }
    card = {"name": "nic", "properties": {"ipConfigurations": [{"name": "ip", "properties": address}]}}
    profile = {
        "storageProfile": {"imageReference": {"id": "/galleries/shop/images/app/versions/1.0.0"}},
        "networkProfile": {"networkInterfaceConfigurations": [card]},
    }
    sku = {"name": "Standard_B2s", "tier": "Standard", "capacity": 1}
    return {"location": "westeurope", "sku": sku, "properties": {"virtualMachineProfile": profile}}


STAGES = {
    GatewayStage.name: Staged(GatewayStage, Calls(16, None, 12)),
    AzureBalancerStage.name: Staged(AzureBalancerStage, Calls(18, None, 13)),
}
