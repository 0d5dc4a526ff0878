"""A Helm chart on Kubernetes in two colors: a release for each, with values of its own."""

import pulumi

from bluegreen.kubernetes import HelmRelease, HelmService, service
from settings import setting, show, swaps_on_kubernetes

config = pulumi.Config()


def release(color: str) -> HelmRelease:
    """The chart, its version and its values."""
    chart: HelmRelease = {"chart": config.require("chart"), "values": config.require_object(f"{color}Values")}
    if version := config.get(f"{color}ChartVersion"):
        chart["version"] = version
    if repository := config.get("chartRepository"):
        chart["repository"] = repository
    return chart


web = HelmService(
    "web",
    active_color=config.require("activeColor"),
    blue=release("blue"),
    green=release("green"),
    entry=service(service_type=setting("serviceType", "ClusterIP"), node_ports=setting("nodePorts", None)),
    install=config.get("install") or "chart",
    container_port=setting("containerPort", "http"),
    replicas=setting("replicas", 2),
    autoscaling=setting("autoscaling", None),
    retire_image=config.get("retireImage"),
    **swaps_on_kubernetes(),
)
show(web)
