"""A service on Kubernetes behind three routes of Gateways, which one swap moves: public, internal, and gRPC."""

import pulumi

from bluegreen.kubernetes import KubernetesService, gateway_route, grpc_route
from settings import setting, show, swaps_on_kubernetes

config = pulumi.Config()
# Such as [{"name": "public", "namespace": "gateways"}]
parents = config.require_object("parentRefs")

shop = KubernetesService(
    "shop",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "env": {"COLOR": "blue"}},
    green={"image": config.require("greenImage"), "env": {"COLOR": "green"}},
    entry=gateway_route(parent_refs=parents, hostnames=setting("hostnames", []), url=config.get("url")),
    entries=[
        gateway_route(parent_refs=parents, hostnames=setting("insideHostnames", []), url=config.get("insideUrl")),
        grpc_route(
            parent_refs=parents,
            hostnames=setting("grpcHostnames", []),
            grpc_services=setting("grpcServices", []),
            url=config.get("grpcUrl"),
        ),
    ],
    entry_names=["inside", "grpc"],
    replicas=setting("replicas", 2),
    pre_stop_seconds=setting("preStopSeconds", 5),
    retire_image=config.get("retireImage"),
    **swaps_on_kubernetes(),
)
show(shop)
pulumi.export("entryUrls", shop.entry_urls)
