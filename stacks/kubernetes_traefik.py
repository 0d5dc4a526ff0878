"""A service on Kubernetes behind Traefik: the weights of a TraefikService."""

import pulumi

from bluegreen.kubernetes import KubernetesService, traefik
from settings import setting, show, swaps_on_kubernetes

config = pulumi.Config()

shop = KubernetesService(
    "shop",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "env": {"COLOR": "blue"}},
    green={"image": config.require("greenImage"), "env": {"COLOR": "green"}},
    entry=traefik(
        hostnames=setting("hostnames", []),
        entry_points=setting("entryPoints", []),
        sticky=setting("sticky", None),
        url=config.get("url"),
    ),
    replicas=setting("replicas", 2),
    pre_stop_seconds=setting("preStopSeconds", 5),
    retire_image=config.get("retireImage"),
    **swaps_on_kubernetes(),
)
show(shop)
