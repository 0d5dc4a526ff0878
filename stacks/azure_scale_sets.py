"""Virtual Machine Scale Sets on Azure, one a color, behind an Application Gateway that is made for them."""

from typing import Any

import pulumi
from pulumi_azure_native import network, resources

import bluegreen
from bluegreen.azure import VmRelease, VmScaleSets, application_gateway
from settings import setting, swaps

config = pulumi.Config()


def release(color: str) -> VmRelease:
    """A color's release."""
    return {"image": config.require(f"{color}Image"), "user_data": config.get(f"{color}UserData") or f"COLOR={color}\n"}


group = resources.ResourceGroup("orders", location=config.get("location") or "westeurope")
net = network.VirtualNetwork(
    "orders", resource_group_name=group.name, address_space={"address_prefixes": ["10.0.0.0/16"]}
)


def subnet(name: str, prefix: str) -> Any:
    """A part of the network, by its id."""
    return network.Subnet(
        f"orders-{name}", resource_group_name=group.name, virtual_network_name=net.name, address_prefix=prefix
    ).id


orders = VmScaleSets(
    "orders",
    active_color=config.require("activeColor"),
    resource_group_name=group.name,
    subnet_id=subnet("instances", "10.0.1.0/24"),
    entry=application_gateway(subnet_id=subnet("gateway", "10.0.0.0/24")),
    blue=release("blue"),
    green=release("green"),
    desired_count=setting("desiredCount", 2),
    vm_size=config.get("vmSize") or "Standard_B2s",
    ssh_public_keys=setting("sshPublicKeys", []),
    autoscaling=setting("autoscaling", None),
    **swaps(gates=[bluegreen.gates.target_health()], bake_seconds=300, scale_down_delay_seconds=3600),
)

pulumi.export("url", orders.url)
pulumi.export("previewUrls", orders.preview_urls)
pulumi.export("scaleSetIds", orders.scale_set_ids)
pulumi.export("liveColor", orders.live_color)
pulumi.export("weights", orders.weights)
pulumi.export("history", orders.history)
