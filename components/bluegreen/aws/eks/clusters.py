"""Two EKS clusters, one a color, behind any entry: the whole cluster is the color."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from bluegreen.arguments.checked import unknown_arguments
from bluegreen.aws import service_swap
from bluegreen.aws.component import EnteredComponent, SwapSettings
from bluegreen.aws.eks import binding as eks_binding
from bluegreen.aws.eks import release as eks_release
from bluegreen.aws.eks.binding import CLUSTER_TAG, BoundService, binding
from bluegreen.aws.eks.cluster import ColorCluster, found_cluster, made_cluster
from bluegreen.aws.eks.release import EksRelease
from bluegreen.aws.elb.alb_entry import alb
from bluegreen.aws.entry import Entry, EntryResources
from bluegreen.aws.route53.entry import DnsEntry
from bluegreen.aws.service_swap import Network
from bluegreen.aws.several_entries import each_of, entry_of
from bluegreen.component import digests
from bluegreen.component.declaration import known
from bluegreen.component.entries import suffixed
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

TARGET_TYPES = ("ip", "instance")
_OF_A_CAPACITY = ("idle_capacity_percent", "scale_down_delay_seconds")


class EksClusters(EnteredComponent):
    """Both clusters of a service, and the swap between them.

    Attributes:
        cluster_names: the name of each color's cluster, where it has one.
        target_group_bindings: for each color with a cluster and a target group, the manifest that makes the cluster
            register its pods there; it is for you to apply. Those of more entries are called ``blue-NAME``.
    """

    cluster_names: pulumi.Output[Mapping[str, str]]
    target_group_bindings: pulumi.Output[Mapping[str, Mapping[str, Any]]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        blue: EksRelease | None,
        green: EksRelease | None,
        vpc_id: pulumi.Input[str],
        subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        entry: Entry | None = None,
        entries: Sequence[Entry] | None = None,
        entry_names: Sequence[str] | None = None,
        port: int = 8080,
        target_type: str = "ip",
        service: BoundService | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare both colors.

        Nothing is scaled: each cluster's own autoscalers do that. A color is ready when all of its targets are
        healthy, one at least; ``bluegreen.gates.target_health(min_healthy_targets=3)`` requires more.

        Args:
            name: the service's name, at most 18 characters (AWS allows a target group 32).
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's cluster; ``None`` while the color, which must not be the live one, has none.
            green: green's cluster, the same.
            vpc_id: where the clusters run.
            subnet_ids: for the load balancer (two zones at least), and for clusters that are made.
            entry: how requests reach the clusters: ``alb()`` (default), ``alb_listeners()``, ``nlb()``, or
                ``dns(targets=...)`` for what each cluster's own ingress has made.
            entries: more of them, which the swap moves together with ``entry``, in this order; without ``entry`` these
                alone.
            entry_names: what the names of their resources, and of their outputs, end with; their kinds by default.
            port: the port that pods listen on.
            target_type: what the clusters register: ``ip`` (pods, default) or ``instance`` (nodes, by a node port).
            service: the Kubernetes Service in both clusters, for ``target_group_bindings``; see ``BoundService``.
            tags: for every resource.
            opts: the usual options.
            **settings: how swaps go: see ``SwapSettings``; ``idle_capacity_percent`` and ``scale_down_delay_seconds``
                mean nothing here.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:aws:EksClusters", name, {}, opts)
        given: dict[Color, EksRelease | None] = {"blue": blue, "green": green}
        releases: dict[Color, EksRelease] = {color: one for color, one in given.items() if one is not None}
        service = service or {}
        entry = entry_of(name, entry, entries, entry_names, alb())
        checked = service_swap.checked(
            name,
            active_color,
            entry,
            settings,
            tags=tags,
            problems=[
                *_problems(active_color, releases, entry, target_type, settings),
                *eks_binding.problems_in(known(service)),
            ],
        )
        clusters = {
            color: found_cluster(release, self)
            if "cluster_name" in release
            else made_cluster(name, color, release, subnet_ids, tags=checked.color_tags[color], parent=self)
            for color, release in releases.items()
        }
        target_groups = {
            color: release["target_group_arn"] for color, release in releases.items() if "target_group_arn" in release
        }
        entered = checked.enter(
            self,
            Network(vpc_id, subnet_ids, port, target_type, target_groups),
            {color: _with_cluster(checked.color_tags[color], clusters.get(color)) for color in COLORS},
        )
        swap = checked.declare(
            self,
            entered,
            releases={color: _release_name(releases.get(color), clusters.get(color)) for color in COLORS},
            digests={color: _digest(releases.get(color), clusters.get(color)) for color in COLORS},
            made=[resource for cluster in clusters.values() for resource in cluster.made],
        )
        self._show_entered(
            swap,
            entry,
            entered,
            cluster_names=pulumi.Output.all(**{color: cluster.name for color, cluster in clusters.items()}),
            target_group_bindings=_bindings(name, service, port, target_type, entered, clusters),
        )


def _problems(
    active_color: str,
    releases: Mapping[Color, EksRelease],
    entry: Entry,
    target_type: str,
    settings: Mapping[str, Any],
) -> list[Problem]:
    problems = [problem for color in releases for problem in eks_release.problems_in(color, known(releases[color]))]
    for color, release in releases.items():
        for name, kind in (("cluster", aws.eks.ClusterArgs), ("node_group", aws.eks.NodeGroupArgs)):
            problems += unknown_arguments(kind, release.get(name), f"{color}.{name}")
    if active_color in COLORS and active_color not in releases:
        problems.append(Problem(active_color, None, "a cluster: it is the active color"))
    if target_type not in TARGET_TYPES:
        problems.append(Problem("target_type", target_type, " or ".join(TARGET_TYPES)))
    meaningless = [name for name in _OF_A_CAPACITY if name in settings]
    problems += [Problem(name, settings[name], "none: the swap scales no cluster") for name in meaningless]
    if any(isinstance(one, DnsEntry) and one.kind == "cloud_map" for one in each_of(entry)):
        allowed = "load_balancers, or targets: pods do not register in Cloud Map by themselves"
        problems.append(Problem("behind", "cloud_map", allowed))
    names = [known(release.get("cluster_name")) for release in releases.values()]
    if len(names) == len(COLORS) and isinstance(names[0], str) and names[0] == names[1]:
        problems.append(Problem("green.cluster_name", names[1], "another cluster than blue's"))
    return problems


def _with_cluster(tags: Mapping[str, str], cluster: ColorCluster | None) -> dict[str, Any]:
    return dict(tags) if cluster is None else {**tags, CLUSTER_TAG: cluster.name}


def _release_name(release: EksRelease | None, cluster: ColorCluster | None) -> pulumi.Input[str]:
    if release is None or cluster is None:
        return eks_release.NOTHING
    version = release.get("version") or cluster.version  # what is requested is known in a preview, too
    return pulumi.Output.all(version, release.get("release")).apply(eks_release.release_name)


def _digest(release: EksRelease | None, cluster: ColorCluster | None) -> pulumi.Input[str]:
    """The digest of a cluster: its name, its version, and its installed software, as far as the release says it."""
    if release is None or cluster is None:
        return digests.digest(None)
    version = release.get("version") or cluster.version
    return digests.digest_of([release.get("cluster_name"), version, release.get("release")])


def _bindings(
    name: str,
    service: BoundService,
    port: int,
    target_type: str,
    entered: EntryResources,
    clusters: Mapping[Color, ColorCluster],
) -> pulumi.Output[Any]:
    return pulumi.Output.all(
        **{
            suffixed(color, called): binding(
                name,
                service,
                port=port,
                target_type=target_type,
                target_group_arn=group,
                called=called,
                auto_mode=cluster.auto_mode,
                security_group_ids=entered.security_group_ids,
                source_cidrs=entered.source_cidrs,
            )
            for color, cluster in clusters.items()
            for called, group in entered.named_groups_of(color).items()
        }
    )
