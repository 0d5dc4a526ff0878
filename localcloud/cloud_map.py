"""Registers ECS tasks in Cloud Map, which ECS does for a service with a registry and the emulator does not.

with Registrar(cloud.endpoint):
    ...  # running tasks of such services are instances of theirs, and leave when they stop
"""

from __future__ import annotations

import contextlib
import threading
from types import TracebackType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.dns import client

_INTERVAL_SECONDS = 0.3
_MARK = "ECS_SERVICE_NAME"
"""ECS sets it on its instances; what others registered is left alone."""
_BATCH = 10


def address_of(task: Any) -> str | None:
    """A task's address in its VPC."""
    details = [detail for attachment in task.get("attachments", []) for detail in attachment.get("details", [])]
    return next((detail["value"] for detail in details if detail["name"] == "privateIPv4Address"), None)


class Registrar:
    """Looks at all services several times a second, from a thread of its own."""

    def __init__(self, endpoint: str) -> None:
        self._ecs, self._map = client(endpoint, "ecs"), client(endpoint, "servicediscovery")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._ended.is_set():
            # What goes away while it is looked at is looked at again in a moment.
            with contextlib.suppress(ClientError, BotoCoreError):
                self.look()
            self._ended.wait(_INTERVAL_SECONDS)

    def look(self) -> None:
        """Once: register what runs, take out what does not."""
        wanted: dict[str, dict[str, Any]] = {}
        for cluster in self._ecs.list_clusters()["clusterArns"]:
            arns = [arn for page in self._pages("list_services", cluster=cluster) for arn in page["serviceArns"]]
            for start in range(0, len(arns), _BATCH):
                listed = self._ecs.describe_services(cluster=cluster, services=arns[start : start + _BATCH])
                for service in listed["services"]:
                    for registry in service.get("serviceRegistries", []):
                        tasks = wanted.setdefault(registry["registryArn"].rpartition("/")[2], {})
                        tasks.update(self._tasks(cluster, service["serviceName"]))
        for service in self._map.list_services()["Services"]:
            self._match(service["Id"], wanted.get(service["Id"], {}))

    def _pages(self, operation: str, **arguments: Any) -> Any:
        return self._ecs.get_paginator(operation).paginate(**arguments)

    def _tasks(self, cluster: str, service: str) -> dict[str, Any]:
        pages = self._pages("list_tasks", cluster=cluster, serviceName=service, desiredStatus="RUNNING")
        arns = [arn for page in pages for arn in page["taskArns"]]
        instance = self._ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        return {
            task["taskArn"].rpartition("/")[2]: {"address": address_of(task), "service": service, **task}
            for task in instance
            if task["lastStatus"] == "RUNNING"
        }

    def _match(self, service_id: str, tasks: dict[str, Any]) -> None:
        listed = self._map.list_instances(ServiceId=service_id)["Instances"]
        there = {instance["Id"] for instance in listed if _MARK in instance["Attributes"]}
        for task_id in tasks.keys() - there:
            attributes = {"AWS_INSTANCE_IPV4": tasks[task_id]["address"], _MARK: tasks[task_id]["service"]}
            self._map.register_instance(ServiceId=service_id, InstanceId=task_id, Attributes=attributes)
        for task_id in there - tasks.keys():
            self._map.deregister_instance(ServiceId=service_id, InstanceId=task_id)
        if not tasks:
            return
        states = self._map.get_instances_health_status(ServiceId=service_id)["Status"]
        for task_id in tasks.keys() & there:
            state = "UNHEALTHY" if tasks[task_id].get("healthStatus") == "UNHEALTHY" else "HEALTHY"
            if states.get(task_id) != state:
                self._map.update_instance_custom_health_status(ServiceId=service_id, InstanceId=task_id, Status=state)

    def __enter__(self) -> Registrar:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=30)
