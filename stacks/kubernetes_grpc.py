"""A gRPC service on Kubernetes behind a Gateway: a GRPCRoute's weights."""

import pulumi

from bluegreen.kubernetes import KubernetesService, grpc_route
from settings import setting, show, swaps_on_kubernetes

config = pulumi.Config()

orders = KubernetesService(
    "orders",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "env": {"COLOR": "blue"}},
    green={"image": config.require("greenImage"), "env": {"COLOR": "green"}},
    entry=grpc_route(
        # Such as [{"name": "public", "namespace": "gateways"}]
        parent_refs=config.require_object("parentRefs"),
        hostnames=setting("hostnames", []),
        grpc_services=setting("grpcServices", []),
        url=config.get("url"),
    ),
    replicas=setting("replicas", 2),
    # Such as {"grpc": {"port": 8080}}; the port alone when absent.
    readiness_path=config.get("readinessPath"),
    readiness_probe=setting("readinessProbe", None),
    pre_stop_seconds=setting("preStopSeconds", 5),
    retire_image=config.get("retireImage"),
    **swaps_on_kubernetes(gates=[]),
)
show(orders)
