"""A workload in two clusters, one a color, behind an entry of AWS: the whole cluster is the color."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pulumi

from bluegreen.aws import service_swap
from bluegreen.aws.component import SwapSettings
from bluegreen.aws.entry import Entry
from bluegreen.aws.service_swap import Network
from bluegreen.component import digests
from bluegreen.component.base import SwappedComponent
from bluegreen.component.declaration import known, refuse
from bluegreen.kubernetes.entered import name_problems
from bluegreen.kubernetes.objects import color_labels
from bluegreen.kubernetes.service_swap import first_counts
from bluegreen.kubernetes.two_clusters import color as in_cluster
from bluegreen.kubernetes.two_clusters.color import Bound, ClusterRelease, ColorCluster, declare_cluster
from bluegreen.kubernetes.workloads import autoscaling as scaling
from bluegreen.kubernetes.workloads import retirement
from bluegreen.kubernetes.workloads.release import problems_in as release_problems
from bluegreen.kubernetes.workloads.workload import (
    DISRUPTION_BUDGET,
    DisruptionBudget,
    WorkloadOptions,
    WorkloadSettings,
    problems_in,
)
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

Addresses = Mapping[str, pulumi.Output[str]]


class KubernetesClusters(SwappedComponent):
    """Both clusters of a service, and the swap between them.

    Attributes:
        url: where production requests go.
        preview_urls: a URL for each color.
        preview_headers: the request headers that select each color.
        workloads: the name of each color's Deployment or StatefulSet.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    preview_headers: pulumi.Output[Mapping[Color, Mapping[str, str]]]
    workloads: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        blue: ClusterRelease,
        green: ClusterRelease,
        entry: Entry | Callable[[Addresses], Entry],
        namespace: str = "default",
        container_port: int = 8080,
        replicas: int = 2,
        autoscaling: scaling.PodAutoscaling | Mapping[str, Any] | None = None,
        disruption_budget: DisruptionBudget | Mapping[str, Any] | None = DISRUPTION_BUDGET,
        service_type: str = "LoadBalancer",
        service_port: int = 80,
        service_annotations: Mapping[str, pulumi.Input[str]] | None = None,
        addresses: Mapping[str, pulumi.Input[str]] | None = None,
        vpc_id: pulumi.Input[str] = "",
        subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]] = (),
        auto_mode: bool = False,
        retire_image: pulumi.Input[str] | None = None,
        retire_service_account: str | None = None,
        options: WorkloadOptions | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare both colors, each in a cluster of its own.

        Args:
            name: the service's name, at most 40 characters; 18 where the entry makes target groups.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's cluster and release.
            green: green's.
            entry: how requests reach the clusters, from ``bluegreen.aws``: ``alb()``, ``nlb()``, which each cluster
                fills by a TargetGroupBinding; or a function that makes one of the clusters' addresses, called twice:
                ``lambda addresses: dns(zone_id=..., record_name=..., targets=addresses)``.
                In a program of another language ``dns`` without ``targets`` is that function.
            namespace: where everything is, in both clusters.
            container_port: the port that pods listen on.
            replicas: pods that the first live color starts with; later the live color's present size counts.
            autoscaling: see ``KubernetesService``.
            disruption_budget: see ``KubernetesService``.
            service_type: of the Service in each cluster: ``LoadBalancer``, whose address is the cluster's,
                ``ClusterIP`` or ``NodePort``.
            service_port: its port.
            service_annotations: of both Services, as load balancers want them.
            addresses: what each cluster answers at, where an ingress of your own stands in front of the Service.
            vpc_id: where target groups and load balancers that the entry makes are.
            subnet_ids: for load balancers that the entry makes.
            auto_mode: whether EKS Auto Mode runs the clusters, and so binds target groups by an API of its own.
            retire_image: with ``kubectl`` as its entry point, for the CronJob that scales the old color down.
            retire_service_account: as whom, in both clusters; one with just that right is made in each when absent.
            options: what both workloads have: see ``WorkloadOptions``.
            opts: the usual options.
            **settings: how swaps go: see ``bluegreen.aws.SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:kubernetes:KubernetesClusters", name, {}, opts)
        releases: dict[Color, ClusterRelease] = {"blue": blue, "green": green}
        common = WorkloadSettings(name=name, namespace=namespace, port=container_port, **(options or {}))
        # The entry is checked before there are Services, whose addresses it wants: with what stands for them.
        to_come = {color: pulumi.Output.from_input(f"{color}.invalid") for color in COLORS}
        front = _front(name, entry, _outputs(addresses or to_come))
        names = {color: f"{name}-{color}" for color in COLORS}
        capacity: dict[str, Any] = {
            "kind": "kubernetes",
            "namespace": namespace,
            "workload_kind": common.kind,
            "workloads": names,
            "replicas": replicas,
            "clusters": {color: in_cluster.connection_of(release) for color, release in releases.items()},
            "retire": retirement.section(retire_service_account or retirement.account_name(name), retire_image, {}),
        }
        if autoscaling is not None:
            capacity |= {"autoscalers": names, "autoscaling": scaling.capacity_section(autoscaling)}
        problems = [*name_problems(name), *problems_in(common, disruption_budget), *in_cluster.problems_in(releases)]
        problems += in_cluster.service_problems(service_type, service_port, addresses, needs_addresses=callable(entry))
        for color, release in releases.items():
            problems += release_problems(color, known(in_cluster.image_of(release)))
        if autoscaling is not None:
            problems += scaling.problems_in(known(autoscaling), replicas)
        checked = service_swap.checked(
            name, active_color, front, settings, tags=None, problems=problems, capacity=capacity
        )
        counts = first_counts(active_color, replicas, settings)
        clusters: dict[Color, ColorCluster] = {
            color: declare_cluster(
                common,
                color,
                release,
                selector=color_labels(name)[color],
                first_count=counts[color],
                autoscaling=autoscaling,
                disruption_budget=disruption_budget,
                service=in_cluster.service_manifest(
                    common,
                    color,
                    color_labels(name)[color],
                    service_type=service_type,
                    port=service_port,
                    annotations=service_annotations,
                ),
                service_port=service_port,
                own_account=retire_service_account is not None,
                parent=self,
            )
            for color, release in releases.items()
        }
        if callable(entry) and addresses is None:
            front = entry({color: clusters[color].address for color in COLORS})
        entered = replace(checked, entry=front).enter(self, Network(vpc_id, subnet_ids, container_port, "ip"))
        bindings = [
            clusters[color].bind(Bound(arn, entered.security_group_ids, entered.source_cidrs, auto_mode), self)
            for color, arn in entered.target_group_arns.items()
            if not callable(entry)  # of addresses, whoever answers there fills the groups
        ]
        inside = [resource for cluster in clusters.values() for resource in (*cluster.made, cluster.service)]
        swap = checked.declare(
            self,
            entered,
            releases={color: in_cluster.release_text(release) for color, release in releases.items()},
            digests=digests.of_releases(releases, ["labels", *in_cluster.WHERE]),
            capacity=capacity,
            made=[*inside, *bindings],
        )
        self._show(
            swap,
            url=entered.url,
            preview_urls=pulumi.Output.all(**{color: entered.preview_urls[color] for color in COLORS}),
            preview_headers=pulumi.Output.from_input(entered.preview_headers or front.preview_headers),
            workloads=pulumi.Output.from_input(dict(names)),
        )


def _outputs(addresses: Mapping[Any, pulumi.Input[str]]) -> dict[str, pulumi.Output[str]]:
    return {color: pulumi.Output.from_input(addresses.get(color, "")) for color in COLORS}


def _front(name: str, entry: Entry | Callable[[Addresses], Entry], addresses: dict[str, pulumi.Output[str]]) -> Entry:
    """The entry, made of addresses where it is a function of them."""
    front: Any = entry
    if callable(entry):
        try:
            inspect.signature(entry).bind(addresses)
        except TypeError:
            front = None
        else:
            front = entry(addresses)
    if not hasattr(front, "draft"):
        allowed = "an entry of bluegreen.aws, or a function that takes the addresses by color and returns one"
        refuse(name, [Problem("entry", type(front if front is not None else entry), allowed)])
    return cast("Entry", front)
