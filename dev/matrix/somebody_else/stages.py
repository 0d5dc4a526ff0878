"""Every stage by its name, and how many points are tried on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from dev.matrix.somebody_else import balancer_stage, cloud_stage, cluster_stage, ingress_stage
from dev.matrix.somebody_else.api_stage import ApiStage
from dev.matrix.somebody_else.app_stage import AppStage, InstalledAppStage
from dev.matrix.somebody_else.argo_stage import ArgoStage
from dev.matrix.somebody_else.balancer_stage import BalancerStage
from dev.matrix.somebody_else.cluster_stage import ClusterStage
from dev.matrix.somebody_else.dns_stage import DnsStage
from dev.matrix.somebody_else.environments_stage import EnvironmentsStage
from dev.matrix.somebody_else.function_stage import FunctionStage
from dev.matrix.somebody_else.gateway_stage import AzureBalancerStage, GatewayStage
from dev.matrix.somebody_else.groups_stage import GroupsStage
from dev.matrix.somebody_else.host_stage import HostStage
from dev.matrix.somebody_else.ingress_stage import IngressStage
from dev.matrix.somebody_else.map_stage import MapStage
from dev.matrix.somebody_else.members_stage import MembersStage
from dev.matrix.somebody_else.memory_stage import MemoryStage
from dev.matrix.somebody_else.native_stage import CodeDeployStage, NativeStage
from dev.matrix.somebody_else.profile_stage import ProfileStage
from dev.matrix.somebody_else.rest_stage import RestStage
from dev.matrix.somebody_else.route_stage import RouteStage
from dev.matrix.somebody_else.run_stage import InstalledRunStage, RunStage
from dev.matrix.somebody_else.services_stage import ServicesStage
from dev.matrix.somebody_else.slots_stage import InstalledSlotsStage, SlotsStage
from dev.matrix.somebody_else.stage import Stage
from dev.matrix.somebody_else.workloads_stage import WorkloadsStage

ALL = 1_000_000
_BALANCERS = (
    balancer_stage.MADE,
    balancer_stage.RULE,
    balancer_stage.LISTENER,
    balancer_stage.PAIR,
    balancer_stage.NETWORK,
)

STAGES: dict[str, Callable[[], Stage]] = {
    "memory": MemoryStage,
    MembersStage.name: MembersStage,
    **{name: partial(BalancerStage, name) for name in _BALANCERS},
    "alb with ecs": ServicesStage,
    "alb with asg": GroupsStage,
    NativeStage.name: NativeStage,
    CodeDeployStage.name: CodeDeployStage,
    "lambda_alias": FunctionStage,
    EnvironmentsStage.name: EnvironmentsStage,
    AppStage.name: AppStage,
    InstalledAppStage.name: InstalledAppStage,
    SlotsStage.name: SlotsStage,
    InstalledSlotsStage.name: InstalledSlotsStage,
    ProfileStage.name: ProfileStage,
    RunStage.name: RunStage,
    InstalledRunStage.name: InstalledRunStage,
    RouteStage.name: RouteStage,
    GatewayStage.name: GatewayStage,
    AzureBalancerStage.name: AzureBalancerStage,
    HostStage.name: HostStage,
    MapStage.name: MapStage,
    "http_api_stage": ApiStage,
    "rest_api_canary": RestStage,
    "route53": DnsStage,
    **{name: partial(ClusterStage, name) for name in cluster_stage.KINDS},
    "gateway_http_route with kubernetes": WorkloadsStage,
    ArgoStage.name: ArgoStage,
    **{name: partial(IngressStage, name) for name in ingress_stage.KINDS},
}

POINTS = {
    "memory": ALL,
    MembersStage.name: ALL,
    "kubernetes_service": ALL,
    **dict.fromkeys(ingress_stage.KINDS, ALL),
    "alb": 400,
    "alb with ecs": 300,
    cloud_stage.NAME: 300,
}
"""How many are tried by ``make matrix``; of the others fewer, since they share their code with these."""
OTHERS = 150
SAMPLED = {"memory": 120, MembersStage.name: 60, "alb": 20, "alb with ecs": 12, "kubernetes_service": 30}
"""How many are tried by ``make test``."""
OTHERS_SAMPLED = 4
