"""Processes that serve requests in the place of EC2 instances, which the emulator keeps as records only.

For each instance in service of a group with target groups, the sample app runs as a process on a port of its own, which
is registered as that instance's target; the emulator's load balancers reach an instance's port on 127.0.0.1. An
instance that is gone is deregistered, its process ends after the group's deregistration delay.
"""

from __future__ import annotations

import base64
import contextlib
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from localcloud.app_processes import AppProcess, AppProcesses
from localcloud.autoscaling.clients import client

_LOOK_SECONDS = 0.3
# What the sample app gets from an instance's user data, as in `COLOR=blue VERSION=v1 exec app`. None of it is run.
_SETTING = re.compile(r"\b(COLOR|VERSION|FAIL|SLOW_MS)=(\w+)")


@dataclass
class _Running:
    process: AppProcess
    group_arns: tuple[str, ...]


class Instances:
    """Follows all groups of an emulator, as a context. ``endpoint`` is the emulator's own."""

    def __init__(self, endpoint: str) -> None:
        self._apps = AppProcesses()
        self._running: dict[str, _Running] = {}
        self._leaving: list[threading.Thread] = []
        self._ended = threading.Event()
        self._clients = {name: client(name, endpoint) for name in ("autoscaling", "ec2", "elbv2")}
        self._follower = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Instances:
        self._apps.__enter__()
        self._follower.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._follower.join()
        for thread in self._leaving:
            thread.join()
        for running in self._running.values():
            running.process.kill()
        self._apps.__exit__()

    @property
    def ports(self) -> Mapping[str, int]:
        """The port of each instance that serves, by its ID."""
        return {instance: running.process.port for instance, running in dict(self._running).items()}

    def _follow(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            with contextlib.suppress(Exception):  # the emulator may be gone, or a group in the middle of its deletion
                self._look()

    def _look(self) -> None:
        groups = self._clients["autoscaling"].describe_auto_scaling_groups()["AutoScalingGroups"]
        wanted = {
            instance["InstanceId"]: tuple(group["TargetGroupARNs"])
            for group in groups
            for instance in group["Instances"]
            if group["TargetGroupARNs"] and instance["LifecycleState"] == "InService"
        }
        for instance, arns in wanted.items():
            if instance not in self._running:
                self._running[instance] = self._start(instance, arns)
        for instance in [name for name in self._running if name not in wanted]:
            gone = threading.Thread(target=self._end, args=(instance, self._running.pop(instance)), daemon=True)
            self._leaving.append(gone)
            gone.start()

    def _start(self, instance: str, arns: tuple[str, ...]) -> _Running:
        attribute = self._clients["ec2"].describe_instance_attribute(InstanceId=instance, Attribute="userData")
        text = base64.b64decode(attribute["UserData"].get("Value", "")).decode(errors="replace")
        process = self._apps.start(dict(_SETTING.findall(text)))
        for arn in arns:
            self._clients["elbv2"].register_targets(
                TargetGroupArn=arn, Targets=[{"Id": instance, "Port": process.port}]
            )
        return _Running(process, arns)

    def _end(self, instance: str, running: _Running) -> None:
        delay = 0.0
        for arn in running.group_arns:
            with contextlib.suppress(Exception):  # a target group that is gone has no targets
                delay = max(delay, self._delay(arn))
                target = {"Id": instance, "Port": running.process.port}
                self._clients["elbv2"].deregister_targets(TargetGroupArn=arn, Targets=[target])
        deadline = time.monotonic() + delay
        self._ended.wait(max(0.0, deadline - time.monotonic()))
        running.process.end()

    def _delay(self, arn: str) -> float:
        attributes = self._clients["elbv2"].describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
        return next(float(one["Value"]) for one in attributes if one["Key"] == "deregistration_delay.timeout_seconds")
