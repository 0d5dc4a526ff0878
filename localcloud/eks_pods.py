"""Processes that serve requests in the place of pods: the emulator's EKS clusters are records without an API.

For each cluster that is active and has a color, the sample app runs as some processes. What the AWS Load Balancer
Controller does for a TargetGroupBinding is done for them: they are registered, by address and port, in the target
groups that have the cluster's name in their tag, and deregistered when the cluster is gone; they end after the group's
deregistration delay.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.app_processes import AppProcess, AppProcesses
from localcloud.autoscaling.clients import client

_LOOK_SECONDS = 0.3
_CLUSTER_TAG, _COLOR_TAG = "eks:eks-cluster-name", "bluegreen:color"


@dataclass
class _Cluster:
    pods: list[AppProcess]
    group_arns: set[str] = field(default_factory=set)

    @property
    def targets(self) -> list[dict[str, Any]]:
        return [{"Id": "127.0.0.1", "Port": pod.port} for pod in self.pods]


class Pods:
    """Follows all clusters of an emulator, as a context.

    Args:
        endpoint: the emulator's own.
        each: how many pods a cluster has.
    """

    def __init__(self, endpoint: str, each: int = 1) -> None:
        self._each = each
        self._apps = AppProcesses()
        self._clusters: dict[str, _Cluster] = {}
        self._leaving: list[threading.Thread] = []
        self._ended = threading.Event()
        self._eks, self._elbv2 = client("eks", endpoint), client("elbv2", endpoint)
        self._follower = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Pods:
        self._apps.__enter__()
        self._follower.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._follower.join()
        for thread in self._leaving:
            thread.join()
        for cluster in self._clusters.values():
            for pod in cluster.pods:
                pod.kill()
        self._apps.__exit__()

    def _follow(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            with contextlib.suppress(Exception):  # the emulator may be gone, or a cluster in the middle of its deletion
                self._look()

    def _look(self) -> None:
        wanted = {
            name: described["tags"][_COLOR_TAG]
            for name in self._eks.list_clusters()["clusters"]
            if (described := self._eks.describe_cluster(name=name)["cluster"])["status"] == "ACTIVE"
            and _COLOR_TAG in described.get("tags", {})
        }
        for name, color in wanted.items():
            if name not in self._clusters:
                settings = {"COLOR": color, "VERSION": name}
                self._clusters[name] = _Cluster([self._apps.start(settings) for _ in range(self._each)])
        for name in [name for name in self._clusters if name not in wanted]:
            gone = threading.Thread(target=self._end, args=(self._clusters.pop(name),), daemon=True)
            self._leaving.append(gone)
            gone.start()
        for arn, name in self._bound().items():
            cluster = self._clusters.get(name)
            if cluster is not None and arn not in cluster.group_arns:
                self._elbv2.register_targets(TargetGroupArn=arn, Targets=cluster.targets)
                cluster.group_arns.add(arn)

    def _bound(self) -> Mapping[str, str]:
        """The target groups that are some cluster's, with its name."""
        groups = [group["TargetGroupArn"] for group in self._elbv2.describe_target_groups()["TargetGroups"]]
        by_group: dict[str, str] = {}
        for start in range(0, len(groups), 20):  # as many as the API takes
            described = self._elbv2.describe_tags(ResourceArns=groups[start : start + 20])["TagDescriptions"]
            for one in described:
                tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
                if _CLUSTER_TAG in tags:
                    by_group[one["ResourceArn"]] = tags[_CLUSTER_TAG]
        return by_group

    def _end(self, cluster: _Cluster) -> None:
        delay = 0.0
        for arn in cluster.group_arns:
            with contextlib.suppress(Exception):  # a target group that is gone has no targets
                delay = max(delay, self._delay(arn))
                self._elbv2.deregister_targets(TargetGroupArn=arn, Targets=cluster.targets)
        deadline = time.monotonic() + delay
        self._ended.wait(max(0.0, deadline - time.monotonic()))
        for pod in cluster.pods:
            pod.end()

    def _delay(self, arn: str) -> float:
        attributes = self._elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
        return next(float(one["Value"]) for one in attributes if one["Key"] == "deregistration_delay.timeout_seconds")
