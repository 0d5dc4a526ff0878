"""A service on Kubernetes behind a Gateway: an HTTPRoute's weights, with any controller of the Gateway API."""

import pulumi

from bluegreen.kubernetes import KubernetesService, gateway_route
from settings import setting, show, swaps_on_kubernetes

config = pulumi.Config()

shop = KubernetesService(
    "shop",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "env": {"COLOR": "blue"}},
    green={"image": config.require("greenImage"), "env": {"COLOR": "green"}},
    entry=gateway_route(
        # Such as [{"name": "public", "namespace": "gateways"}]
        parent_refs=config.require_object("parentRefs"),
        hostnames=setting("hostnames", []),
        url=config.get("url"),
    ),
    replicas=setting("replicas", 2),
    autoscaling=setting("autoscaling", None),
    pre_stop_seconds=setting("preStopSeconds", 5),
    retire_image=config.get("retireImage"),
    **swaps_on_kubernetes(),
)
show(shop)
