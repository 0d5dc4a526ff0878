"""The manifest in a cluster by which it fills its color's target group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi

from bluegreen.component.entries import suffixed
from bluegreen.fields import Fields
from bluegreen.rollout.errors import Problem

# https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/targetgroupbinding/spec/
_CONTROLLER_API = "elbv2.k8s.aws/v1beta1"
# https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html
_AUTO_MODE_API = "eks.amazonaws.com/v1"
CLUSTER_TAG = "eks:eks-cluster-name"
"""A target group's tag: the controllers' managed policies let a cluster register in what has its name."""


class BoundService(TypedDict, total=False):
    """The Kubernetes Service that requests go to, the same in both clusters.

    Attributes:
        name: its name; the component's when absent.
        port: the Service's own port, a number or its name; the component's ``port`` when absent.
        namespace: default ``default``.
    """

    name: str
    port: int | str
    namespace: str


def problems_in(service: Mapping[str, Any]) -> list[Problem]:
    """The problems with it. Values that only an update knows pass."""
    fields = Fields(service, "service")
    fields.text("name", None)
    fields.text("namespace", None)
    port = fields.raw("port")
    if isinstance(port, bool) or (isinstance(port, int) and not 1 <= port <= 65_535):
        fields.problem("port", port, "a port, 1 to 65535, or its name")
    fields.done()
    return fields.problems


def binding(
    name: str,
    service: Mapping[str, Any],
    *,
    port: int,
    target_type: str,
    target_group_arn: pulumi.Input[str],
    auto_mode: pulumi.Input[bool],
    security_group_ids: pulumi.Input[Sequence[str]],
    source_cidrs: Sequence[str],
    called: str = "",
) -> pulumi.Output[dict[str, Any]]:
    """The TargetGroupBinding of one color.

    Args:
        name: the component's.
        service: see ``BoundService``.
        port: the port that pods listen on.
        target_type: ``ip`` or ``instance``.
        target_group_arn: the color's.
        auto_mode: whether EKS Auto Mode runs the cluster.
        security_group_ids: whose requests pods (or nodes) must let in: the controller opens the port for them.
        source_cidrs: the same as networks.
        called: whose group it is, of several entries.
    """
    reference = {"name": service.get("name", name), "port": service.get("port", port)}
    metadata = {"name": suffixed(name, called), "namespace": service.get("namespace", "default")}
    # The node port of targets that are nodes is not known here.
    ports = [{"protocol": "TCP", "port": port}] if target_type == "ip" else [{"protocol": "TCP"}]

    def manifest(known: Sequence[Any]) -> dict[str, Any]:
        arn, auto, groups = known
        peers = [{"securityGroup": {"groupID": group}} for group in dict.fromkeys(groups or ())]
        peers += [{"ipBlock": {"cidr": cidr}} for cidr in source_cidrs]
        return {
            "apiVersion": _AUTO_MODE_API if auto else _CONTROLLER_API,
            "kind": "TargetGroupBinding",
            "metadata": metadata,
            "spec": {
                "serviceRef": reference,
                "targetGroupARN": arn,
                "targetType": target_type,
                **({"networking": {"ingress": [{"from": peers, "ports": ports}]}} if peers else {}),
            },
        }

    return pulumi.Output.all(target_group_arn, auto_mode, security_group_ids).apply(manifest)
