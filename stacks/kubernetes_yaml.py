"""Rendered manifests on Kubernetes in two colors, as they are: a file or a folder for each."""

import pulumi

from bluegreen.kubernetes import ManifestService, service
from settings import setting, show, swaps_on_kubernetes

config = pulumi.Config()

web = ManifestService(
    "web",
    active_color=config.require("activeColor"),
    blue={"manifests": config.require("blueManifests")},
    green={"manifests": config.require("greenManifests")},
    entry=service(service_type=setting("serviceType", "ClusterIP"), node_ports=setting("nodePorts", None)),
    container_port=setting("containerPort", 8080),
    workload=config.get("workload"),
    replicas=setting("replicas", None),
    shared=setting("shared", []),
    retire_image=config.get("retireImage"),
    **swaps_on_kubernetes(),
)
show(web)
