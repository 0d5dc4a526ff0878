"""A color's cluster: given or made, checked, and named as people read it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    import pulumi
    from typing_extensions import Required

NOTHING = "no cluster"
_VERSION = re.compile(r"1\.[0-9]{2}\Z")
# Set by the component itself, the same for both colors or from the fields beside.
_OWN_ARGUMENTS = ("name", "version", "role_arn", "vpc_config", "tags")
_OWN_NODE_ARGUMENTS = ("cluster_name", "node_group_name", "node_group_name_prefix", "tags")


class AutoMode(TypedDict, total=False):
    """Nodes by EKS Auto Mode.

    Attributes:
        node_role_arn: the nodes' role.
        node_pools: built-in node pools, default ``general-purpose`` and ``system``.
    """

    node_role_arn: Required[pulumi.Input[str]]
    node_pools: Sequence[str]


class EksRelease(TypedDict, total=False):
    """A color's cluster: one that is there, or one that is made.

    Attributes:
        release: what is installed in it, in words: ``addons 2026-11, shop v7``. The swap sees no more of it than this:
            a color whose text (or cluster version) has not changed since it was live counts as proved.
        target_group_arn: a target group that is there already and that the cluster fills; the entry makes the others.
        cluster_name: a cluster that is there. It is looked up, also by a preview, unless ``version`` says what it is.
        version: the Kubernetes version, such as ``1.33``.
        role_arn: the role of a cluster that is made.
        auto_mode: nodes by EKS Auto Mode: ``node_role_arn``, and ``node_pools``, default ``general-purpose`` and
            ``system``. Of a cluster that is there and not looked up: whether it has it, default false.
        node_group: nodes by a managed node group: arguments of ``aws.eks.NodeGroup``, ``node_role_arn`` and
            ``scaling_config`` among them. Its ``desired_size`` counts at its creation alone.
        cluster: more arguments of ``aws.eks.Cluster``, such as ``encryption_config``.
    """

    release: pulumi.Input[str] | None
    target_group_arn: pulumi.Input[str]
    cluster_name: pulumi.Input[str]
    version: pulumi.Input[str]
    role_arn: pulumi.Input[str]
    auto_mode: AutoMode | bool
    node_group: Mapping[str, Any]
    cluster: Mapping[str, Any]


def problems_in(color: Color, release: Mapping[str, Any]) -> list[Problem]:
    """The problems with a release. Values that only an update knows (outputs) pass."""
    fields = Fields(release, color)
    for name in ("release", "target_group_arn"):
        fields.text(name, None)
    if "cluster_name" in release:
        fields.text("cluster_name")
        _version(fields, None)
        auto = fields.raw("auto_mode")
        if auto not in (None, True, False, UNKNOWN) or (auto is not None and "version" not in release):
            fields.problem("auto_mode", auto, "true or false, where a version is given beside; else it is looked up")
        fields.done()
        return fields.problems
    _version(fields)
    fields.text("role_arn")
    auto = fields.section("auto_mode", None)
    if auto is not None:
        auto.text("node_role_arn")
        auto.texts("node_pools")
        auto.done()
    group = fields.section("node_group", None)
    if group is not None:
        group.text("node_role_arn")
        scaling = group.section("scaling_config")
        if scaling is not None:
            for name in ("min_size", "max_size", "desired_size"):
                scaling.whole(name)
        _refuse_own(fields, "node_group", release["node_group"], _OWN_NODE_ARGUMENTS)
    fields.section("cluster", None)
    _refuse_own(fields, "cluster", release.get("cluster"), _OWN_ARGUMENTS)
    fields.done()
    return fields.problems


def _version(fields: Fields, *default: None) -> None:
    form = "a Kubernetes version, such as 1.33"
    version = fields.text("version", *default, allowed=form if default else f"{form}; or a cluster_name")
    if isinstance(version, str) and not _VERSION.match(version):
        fields.problem("version", version, form)


def _refuse_own(fields: Fields, name: str, given: object, own: Sequence[str]) -> None:
    for key, value in given.items() if isinstance(given, Mapping) else ():
        if key in own:
            fields.problem(f"{name}.{key}", value, "none here: the component sets it")


def release_name(parts: Sequence[Any]) -> str:
    """The release as people read it: ``1.33, addons 2026-11``."""
    version, words = parts
    return f"{version}, {words}" if words else str(version)
