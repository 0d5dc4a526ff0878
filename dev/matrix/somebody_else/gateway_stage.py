"""A gateway's rule and a load balancer's, in Azure's stand-in within this process: nothing waits."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from bluegreen.azure.client import AzureConnection, Session
from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.rollout.model import COLORS
from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Calls, Heard, Staged
from localcloud.azure.application_gateways import ApplicationGateways
from localcloud.azure.bare import BareAzure
from localcloud.azure.cloud import SUBSCRIPTION
from localcloud.azure.load_balancers import LoadBalancers
from localcloud.azure.network import PublicAddresses, VirtualNetworks
from localcloud.azure.plain import ResourceGroups
from localcloud.azure.scale_sets import ScaleSets
from localcloud.azure.tags import Tags

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
GATEWAY, BALANCER = f"{NETWORK}/applicationGateways/shop", f"{NETWORK}/loadBalancers/shop"
_RULE = "production"
_OWNER, _MARK = f"bluegreen:{_RULE}:owner", f"bluegreen:{_RULE}:mark:"


def _part(kind: str, name: str) -> dict[str, str]:
    return {"id": f"{GATEWAY}/{kind}/{name}"}


class GatewayStage(MemorySizes):
    """A pool for each color and one more, a rule for production and one for each color; sizes are in memory."""

    name = "application_gateway"
    object_id = GATEWAY
    rules = "requestRoutingRules"
    splits = False
    hands = frozenset({"adds", "takes"})

    def _build(self) -> None:
        kinds = [ResourceGroups, Tags, VirtualNetworks, PublicAddresses, ApplicationGateways, LoadBalancers, ScaleSets]
        packages = ["azure-mgmt-network", "azure-mgmt-compute"]
        self._azure = BareAzure(kinds, packages, "2026-03-01", at_once=True)
        self._ask("PUT", GROUP, {"location": "westeurope"})
        subnets = {"subnets": [{"name": "gateway", "properties": {}}]}
        self._ask("PUT", f"{NETWORK}/virtualNetworks/shop", {"location": "westeurope", "properties": subnets})
        address = {"location": "westeurope", "properties": {"publicIPAllocationMethod": "Static"}}
        self._ask("PUT", f"{NETWORK}/publicIPAddresses/shop", address)
        self._ask("PUT", GATEWAY, self._gateway())
        self._ask("PUT", BALANCER, _balancer())
        for color in COLORS:
            self._ask("PUT", f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/{color}", _set(color))

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

    def _ask(self, verb: str, path: str, body: Any = None) -> Any:
        answer = self._azure.answer(verb, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Azure is there meanwhile, and each call of the product is told."""
        self._build()

        def once(
            _session: Session, verb: str, path: str, _version: str, action: str, body: Any, *, if_match: str = ""
        ) -> tuple[Answer | None, str]:
            headers = {"if_match": if_match} if if_match else {}
            found = self._azure.answer(verb, path, body, **headers)
            self.follow()
            reads = verb == "GET" or path.endswith("health")
            heard().called(action, writes=not reads, looks=verb == "GET" and path == self.object_id)
            return Answer(found.status_code, found.content, headers=found.headers), ""

        nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
        session = Session(AzureConnection(), "https://azure.test")
        ours = mock.patch.object(AzureConnection, "session", return_value=session)
        with self.sizes_heard(heard), nothing_kept, ours, mock.patch.object(Session, "exchange", once):
            yield

    @property
    def _tags(self) -> dict[str, str]:
        found: dict[str, str] = self._azure.world.get(self.object_id).body.setdefault("tags", {})
        return found

    @property
    def _pool(self) -> str:
        rule = self._ask("GET", self.object_id)["properties"][self.rules][0]
        return str(rule["properties"]["backendAddressPool"]["id"]).rpartition("/")[2]

    def put_back(self) -> None:
        """The rule leads to neither color; no tags."""
        self.sizes_put_back()
        self._tags.clear()
        self._send("white")

    def _send(self, pool: str) -> None:
        body = copy.deepcopy(self._ask("GET", self.object_id))
        rule = body["properties"][self.rules][0]["properties"]
        rule["backendAddressPool"] = {"id": f"{self.object_id}/backendAddressPools/{pool}"}
        rule.pop("backendAddressPools", None)
        self._ask("PUT", self.object_id, body)

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

    def capacity(self) -> None:
        """Nothing is scaled."""

    def look(self) -> Sight:
        """The rule and the tags."""
        pool = self._pool
        weights: dict[str, int] = {pool: 100} if pool in COLORS else {}
        marks = {name.removeprefix(_MARK): value for name, value in self._tags.items() if name.startswith(_MARK)}
        theirs = {f"tag {key}": value for key, value in self._tags.items() if not key.startswith("bluegreen:")}
        if self._tags.get(_OWNER) == STRANGER:
            theirs["owner"] = STRANGER
        return Sight(weights, self.sized(), self.retiring(), self.suspended(), marks, theirs)

    def move(self, weights: Mapping[str, int]) -> None:
        """The rule to whom has the most."""
        self._send(max(weights, key=lambda color: weights[color]))

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Tags of the swap's kind."""
        if _OWNER not in self._tags:
            return
        for name, value in changes.items():
            if value is None:
                self._tags.pop(_MARK + name, None)
            else:
                self._tags[_MARK + name] = value

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """A tag; another owner."""
        if _OWNER not in self._tags:
            return
        if hand == "adds":
            self._tags["team"] = "shop"
        elif hand == "takes":
            self._tags[_OWNER] = STRANGER
            self._tags[f"{_MARK}incarnation"] = STRANGERS_MARK

    def mend(self) -> None:
        """The swap may go on refusing."""


class AzureBalancerStage(GatewayStage):
    """The same of a load balancer."""

    name = "azure_load_balancer"
    object_id = BALANCER
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
