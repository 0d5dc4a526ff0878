"""A service in two colors whose traffic Argo Rollouts moves, by the same `activeColor`."""

import pulumi

from bluegreen.kubernetes import ArgoRollout
from bluegreen.kubernetes.argo_engine.analysis import p99, success_rate
from settings import setting, show, swaps_on_kubernetes

config = pulumi.Config()
prometheus = config.get("prometheus")
asked = [success_rate(prometheus), p99(prometheus)] if prometheus else setting("analysisTemplates", [])

web = ArgoRollout(
    "web",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "env": {"COLOR": "blue"}},
    green={"image": config.require("greenImage"), "env": {"COLOR": "green"}},
    container_port=setting("containerPort", 8080),
    replicas=setting("replicas", 2),
    autoscaling=setting("autoscaling", None),
    # Before the traffic moves the new color has what tests send to the preview Service; its own comes afterwards.
    post_promotion=asked,
    preview_replicas=setting("previewReplicas", None),
    auto_promotion=config.get_bool("autoPromotion") or False,
    service_type=setting("serviceType", "ClusterIP"),
    node_ports=setting("nodePorts", None),
    workload={"pre_stop_seconds": setting("preStopSeconds", 5), "resources": setting("resources", None)},
    **swaps_on_kubernetes(),
)
show(web)
