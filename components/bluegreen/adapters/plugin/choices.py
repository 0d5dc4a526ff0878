"""Values that Python programs make by calling a function (entries, gates), as objects with a property each.

``entry=alb(host_headers=[...])`` is ``entry: { alb: { hostHeaders: [...] } }`` in every other language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from bluegreen.gates.registry import GATES
from bluegreen.metrics.registry import METRICS
from bluegreen.notifications.registry import NOTIFIERS


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice between functions.

    Attributes:
        token: its type.
        description: for people.
        module: where the functions are, unless a function's own name says it.
        functions: by the name of the property, in Python's spelling: ``name`` or ``module:name``.
        suffix: what the functions' own types end with.
    """

    token: str
    description: str
    module: str
    functions: Mapping[str, str]
    suffix: str = ""

    def load(self, name: str) -> Any:
        """The function behind a property."""
        module, _, function = self.functions[name].rpartition(":")
        return getattr(import_module(module or self.module), function)


def _named(*names: str) -> dict[str, str]:
    return {name: name for name in names}


AWS_ENTRY = Choice(
    "bluegreen:aws:Entry",
    "How requests reach the colors, and where the swap moves them: exactly one of these.",
    "bluegreen.aws",
    _named("alb", "alb_listeners", "dns", "nlb"),
    "Entry",
)
APPS_ENTRY = Choice(
    "bluegreen:azure:AppsEntry",
    "How clients reach two apps, and where the swap moves them: exactly one of these.",
    "bluegreen.azure",
    _named("traffic_manager"),
    "Entry",
)
KUBERNETES_ENTRY = Choice(
    "bluegreen:kubernetes:Entry",
    "How requests reach the pods, and where the swap moves them: exactly one of these.",
    "bluegreen.kubernetes",
    _named(
        "aws_load_balancer",
        "contour",
        "gateway_route",
        "grpc_route",
        "istio",
        "linkerd",
        "nginx",
        "service",
        "traefik",
    ),
    "Entry",
)
AZURE_ENTRY = Choice(
    "bluegreen:azure:Entry",
    "How requests reach the instances, and where the swap moves them: exactly one of these.",
    "bluegreen.azure",
    _named("application_gateway", "load_balancer"),
    "Entry",
)
GOOGLE_ENTRY = Choice(
    "bluegreen:google:Entry",
    "How requests reach both colors, and where the swap moves them: exactly one of these.",
    "bluegreen.google",
    _named("url_map"),
    "Entry",
)
SERVICES_ENTRY = Choice(
    "bluegreen:google:ServicesEntry",
    "How clients reach two services, and where the swap moves them: exactly one of these.",
    "bluegreen.google",
    _named("cloud_dns"),
    "Entry",
)
PROXY = Choice(
    "bluegreen:hosts:Proxy",
    "What stands before both colors, and where the swap moves traffic: exactly one of these.",
    "bluegreen.hosts",
    _named("envoy", "haproxy"),
    "Proxy",
)
GATE = Choice(
    "bluegreen:gates:Gate",
    "A check that a color must pass before the first step, during each hold and during the bake: exactly one of these.",
    "bluegreen.gates",
    _named(*sorted({*GATES.entries, "cloudwatch", "p99", "prometheus", "success_rate"})),
)
SOURCE = Choice(
    "bluegreen:gates:Source",
    "Where a metric comes from: exactly one of these.",
    "bluegreen.gates",
    {kind: f"{kind}_source" for kind in METRICS.entries},
)
NOTIFICATION = Choice(
    "bluegreen:notifications:Notification",
    "Who gets a message when a swap ends: exactly one of these.",
    "bluegreen.notifications",
    _named(*NOTIFIERS.entries),
)
STRATEGY = Choice(
    "bluegreen:index:Strategy",
    "How a promotion moves traffic: exactly one of these.",
    "bluegreen.rollout.strategy",
    {**_named("all_at_once", "canary", "linear", "steps"), "preset": "bluegreen.rollout.presets:preset"},
    "Strategy",
)
ANALYSIS = Choice(
    "bluegreen:kubernetes:Analysis",
    "What Argo Rollouts checks the new color by: exactly one of these.",
    "bluegreen.kubernetes.argo_engine.analysis",
    {
        **_named("analysis", "p99", "success_rate"),
        "template": "bluegreen.adapters.plugin.choices:existing_template",
    },
    "Analysis",
)

BY_CLASS: Mapping[str, Choice] = {
    "bluegreen.aws.entry.Entry": AWS_ENTRY,
    "bluegreen.azure.traffic_profiles.entry.TrafficManagerEntry": APPS_ENTRY,
    "bluegreen.hosts.proxy.Proxy": PROXY,
    "bluegreen.azure.entry.Entry": AZURE_ENTRY,
    "bluegreen.google.dns.entry.CloudDnsEntry": SERVICES_ENTRY,
    "bluegreen.google.entry.Entry": GOOGLE_ENTRY,
    "bluegreen.kubernetes.entry.Entry": KUBERNETES_ENTRY,
}
"""Choices by the class that their functions return."""

BY_NAME: Mapping[str, Choice] = {
    "gates": GATE,
    "notifications": NOTIFICATION,
    "post_promotion": ANALYSIS,
    "pre_promotion": ANALYSIS,
    "source": SOURCE,
    "strategy": STRATEGY,
}
"""Choices whose functions return plain data, by the property that takes it (one, or a list of them)."""


def existing_template(template_name: str, *, cluster_scope: bool = False) -> dict[str, Any]:
    """An AnalysisTemplate that is there already.

    Args:
        template_name: its name.
        cluster_scope: whether it is a ClusterAnalysisTemplate.
    """
    return {"templateName": template_name, **({"clusterScope": True} if cluster_scope else {})}
