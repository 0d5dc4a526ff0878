"""One color as a cluster of its own: its workload, and its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from bluegreen.aws.eks.binding import binding
from bluegreen.component.declaration import known
from bluegreen.fields import Fields
from bluegreen.kubernetes.objects import AWAIT_ADDRESS, declare, metadata
from bluegreen.kubernetes.services import TYPES, address_of
from bluegreen.kubernetes.workloads import retirement
from bluegreen.kubernetes.workloads.color import declare_color
from bluegreen.kubernetes.workloads.release import KubernetesRelease, release_name
from bluegreen.kubernetes.workloads.workload import WorkloadSettings
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

_CONNECTION = ("kubeconfig", "context")
WHERE = (*_CONNECTION, "provider")
"""What of a ``ClusterRelease`` says where it runs, and not what it is."""
_BINDING_API, _AUTO_MODE_API = "elbv2.k8s.aws/v1beta1", "eks.amazonaws.com/v1"


class ClusterRelease(KubernetesRelease, total=False):
    """A color's cluster and the workload in it: a ``KubernetesRelease``, with the cluster.

    Attributes:
        kubeconfig: a path; the client's own default when absent.
        context: a context of it; the current one when absent.
        provider: a Kubernetes provider of your own for this cluster; one is made of the two above when absent. The
            swap needs these all the same: a provider's credentials do not reach it.
    """

    kubeconfig: str
    context: str
    provider: pulumi.ProviderResource


@dataclass(frozen=True, slots=True)
class Bound:
    """A target group that a cluster fills.

    Attributes:
        target_group_arn: the color's.
        security_group_ids: whose requests pods must let in.
        source_cidrs: the same as networks.
        auto_mode: whether EKS Auto Mode runs the cluster.
    """

    target_group_arn: pulumi.Input[str]
    security_group_ids: pulumi.Input[Sequence[str]]
    source_cidrs: Sequence[str]
    auto_mode: bool


@dataclass(frozen=True, slots=True)
class ColorCluster:
    """The resources that were declared in a cluster.

    Attributes:
        settings: what both colors have.
        color: the color.
        service: its Service.
        service_port: that Service's port.
        provider: the cluster.
        made: everything else.
    """

    settings: WorkloadSettings
    color: Color
    service: Any
    service_port: int
    provider: pulumi.ProviderResource
    made: Sequence[pulumi.Resource]

    @property
    def address(self) -> pulumi.Output[str]:
        """The address of the Service, where it is of type LoadBalancer."""
        address: pulumi.Output[str] = self.service.status.apply(address_of)
        return address

    def bind(self, bound: Bound, parent: pulumi.Resource) -> pulumi.Resource:
        """Make the cluster register its pods in a target group."""
        name = f"{self.settings.name}-{self.color}"
        manifest = binding(
            name,
            {"name": name, "port": self.service_port, "namespace": self.settings.namespace},
            port=self.settings.port,
            target_type="ip",
            target_group_arn=bound.target_group_arn,
            auto_mode=bound.auto_mode,
            security_group_ids=bound.security_group_ids,
            source_cidrs=bound.source_cidrs,
        )
        made: pulumi.Resource = declare(
            {
                "apiVersion": _AUTO_MODE_API if bound.auto_mode else _BINDING_API,
                "kind": "TargetGroupBinding",
                "metadata": metadata(name, self.settings.namespace, self.settings.labels),
                "spec": manifest.apply(lambda whole: whole["spec"]),
            },
            parent,
            provider=self.provider,
        )
        return made


def declare_cluster(
    settings: WorkloadSettings,
    color: Color,
    release: ClusterRelease,
    *,
    selector: Mapping[str, str],
    first_count: int,
    autoscaling: Mapping[str, Any] | None,
    disruption_budget: Mapping[str, Any] | None,
    service: Mapping[str, Any],
    service_port: int,
    own_account: bool,
    parent: pulumi.Resource,
) -> ColorCluster:
    """A color's workload in its cluster, a Service in front of it, and the account for its retirement.

    Args:
        settings: what both colors have.
        color: the color.
        release: its release and its cluster.
        selector: the labels that select its pods.
        first_count: pods that it starts with.
        autoscaling: what it scales by; ``None``: it does not.
        disruption_budget: as it was given; ``None``: there is none.
        service: its Service.
        service_port: that Service's port.
        own_account: whether the ServiceAccount that it retires as is there already.
        parent: the component.
    """
    name = f"{settings.name}-{color}"
    provider = release.get("provider") or _provider(name, release, settings.namespace, parent)
    made = declare_color(
        settings,
        color,
        image_of(release),
        selector=selector,
        first_count=first_count,
        autoscaling=autoscaling,
        disruption_budget=disruption_budget,
        parent=parent,
        provider=provider,
    )
    account = (
        []
        if own_account
        else retirement.declare_account(
            settings.name,
            settings.namespace,
            settings.kind,
            workloads={color: name},
            autoscalers={} if autoscaling is None else {color: name},
            only_if={},
            labels=dict(settings.labels),
            parent=parent,
            provider=provider,
            urn_name=f"{retirement.account_name(settings.name)}-{color}",
        )
    )
    front = declare(service, parent, provider=provider)
    return ColorCluster(settings, color, front, service_port, provider, [*made, *account])


def service_manifest(
    settings: WorkloadSettings,
    color: Color,
    selector: Mapping[str, str],
    *,
    service_type: str,
    port: int,
    annotations: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """A color's Service in its cluster."""
    awaited = AWAIT_ADDRESS if service_type == "LoadBalancer" else {}
    labels = {**settings.labels, **selector}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(
            f"{settings.name}-{color}", settings.namespace, labels, {**awaited, **(annotations or {})}
        ),
        "spec": {
            "type": service_type,
            "selector": dict(selector),
            "ports": [{"name": "http", "port": port, "targetPort": settings.port}],
        },
    }


def _provider(name: str, release: ClusterRelease, namespace: str, parent: pulumi.Resource) -> pulumi.ProviderResource:
    from pulumi_kubernetes import Provider  # noqa: PLC0415 - only where none is given

    return Provider(name, namespace=namespace, opts=pulumi.ResourceOptions(parent=parent), **connection_of(release))


def connection_of(release: ClusterRelease) -> dict[str, Any]:
    """The cluster, as the swap and the provider take it."""
    return {key: release[key] for key in _CONNECTION if release.get(key)}  # type: ignore[literal-required]


def image_of(release: ClusterRelease) -> dict[str, Any]:
    """The release without its cluster."""
    return {key: value for key, value in release.items() if key not in (*_CONNECTION, "provider")}


def release_text(release: ClusterRelease) -> pulumi.Output[str]:
    """The release as people read it."""
    return pulumi.Output.from_input(image_of(release)).apply(release_name)


def problems_in(releases: Mapping[Color, ClusterRelease]) -> list[Problem]:
    """The problems with the colors' clusters."""
    problems = [
        Problem(f"{color}.existing", "(given)", "an image: what runs already in a cluster is managed there")
        for color, release in releases.items()
        if "existing" in release
    ]
    blue, green = (connection_of(release) for release in releases.values())
    if known(blue) == known(green):
        problems.append(Problem("green.context", green.get("context"), "another cluster than blue's"))
    return problems


def service_problems(
    service_type: str, port: int, addresses: Mapping[str, Any] | None, *, needs_addresses: bool
) -> list[Problem]:
    """The problems with the Services and with where the clusters answer."""
    fields = Fields(known({"service_type": service_type, "service_port": port, "addresses": addresses}))
    fields.text("service_type", choices=TYPES)
    fields.whole("service_port", least=1, most=65_535)
    section = fields.section("addresses", None)
    if section is not None:
        section.text("blue")
        section.text("green")
        section.done()
    elif needs_addresses and service_type != "LoadBalancer":
        allowed = "LoadBalancer, or addresses of your own: a Service of another type has none outside"
        fields.problem("service_type", service_type, allowed)
    return fields.problems
