"""A service on Kubernetes behind a mesh or an ingress controller; `route` says which."""

import pulumi

from bluegreen.kubernetes import KubernetesService, aws_load_balancer, contour, istio, linkerd, nginx
from settings import setting, show, swaps_on_kubernetes

config = pulumi.Config()
host, url = config.require("host"), config.get("url")
ENTRIES = {
    "istio": lambda: istio(hosts=[host], gateways=setting("gateways", []), subsets=setting("subsets", False), url=url),
    "linkerd": lambda: linkerd(service_name=host, url=url),
    "nginx": lambda: nginx(host=host, url=url),
    "contour": lambda: contour(fqdn=host, url=url),
    "aws_load_balancer": lambda: aws_load_balancer(host=host, url=url),
}
route = config.require("route")
if route not in ENTRIES:
    raise pulumi.RunError(f"route: {route!r} is not allowed; allowed: {', '.join(ENTRIES)}")

shop = KubernetesService(
    "shop",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "env": {"COLOR": "blue"}},
    green={"image": config.require("greenImage"), "env": {"COLOR": "green"}},
    entry=ENTRIES[route](),
    replicas=setting("replicas", 2),
    pre_stop_seconds=setting("preStopSeconds", 5),
    retire_image=config.get("retireImage"),
    **swaps_on_kubernetes(),
)
show(shop)
