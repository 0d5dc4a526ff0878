"""A service on Kubernetes in two colors, whose production and stage Services are exchanged whole."""

import pulumi

from bluegreen.kubernetes import KubernetesService, service
from settings import setting, show, swaps_on_kubernetes

config = pulumi.Config()

web = KubernetesService(
    "web",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "env": {"COLOR": "blue"}},
    green={"image": config.require("greenImage"), "env": {"COLOR": "green"}},
    entry=service(service_type=setting("serviceType", "ClusterIP"), node_ports=setting("nodePorts", None)),
    container_port=setting("containerPort", 8080),
    replicas=setting("replicas", 2),
    workload=setting("workload", "Deployment"),
    autoscaling=setting("autoscaling", None),
    resources=setting("resources", None),
    pre_stop_seconds=setting("preStopSeconds", 5),
    min_ready_seconds=setting("minReadySeconds", 0),
    retire_image=config.get("retireImage"),
    **swaps_on_kubernetes(),
)
show(web)
