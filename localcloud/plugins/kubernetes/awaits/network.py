"""Service and Ingress."""

from __future__ import annotations

import os
import time
from typing import Any

from localcloud.plugins.kubernetes.awaits.waiting import Waiter
from localcloud.plugins.kubernetes.objects import Object, dig, name_of, namespace_of

SETTLE_SECONDS = float(os.environ.get("BLUEGREEN_KUBERNETES_SETTLE_SECONDS") or 10)
"""How long endpoints must stay as they are: stragglers come later. The variable is for tests that wait for nothing."""


class _Settling:
    """Notices when something stays as it is."""

    def __init__(self) -> None:
        self._seen: Any = None
        self._since = time.monotonic()

    def still(self, value: Any) -> bool:
        if value != self._seen:
            self._seen, self._since = value, time.monotonic()
        return time.monotonic() - self._since >= SETTLE_SECONDS


class ServiceWaiter(Waiter):
    """No endpoint that is not ready, unless nothing is selected; for a load balancer, an address."""

    _settling: _Settling | None = None
    _unready = False

    def ready(self) -> bool:
        self.look()
        if self._selects() and not self._endpoints_ready():
            self.doing = "[1/3] Finding Pods to direct traffic to"
            return False
        self.doing = "[2/3] Attempting to allocate IP address to Service"
        return not self._lacks_address()

    def _selects(self) -> bool:
        spec = self.live.get("spec") or {}
        return bool(spec.get("selector")) and spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName"

    def _endpoints_ready(self) -> bool:
        endpoints = self.cluster.find(
            {"apiVersion": "v1", "kind": "Endpoints", "metadata": self._place()}
        )  # what the official plugin looks at
        subsets = dig(endpoints, "subsets") or []
        self._unready = endpoints is None or any(one.get("notReadyAddresses") for one in subsets)
        self._settling = self._settling or _Settling()
        settled = self._settling.still(None if endpoints is None else subsets)
        return not self._unready and (settled or self.at_once)

    def _place(self) -> Object:
        return {"namespace": namespace_of(self.live), "name": name_of(self.live)}

    def _lacks_address(self) -> bool:
        return dig(self.live, "spec", "type") == "LoadBalancer" and not dig(
            self.live, "status", "loadBalancer", "ingress"
        )

    def problems(self) -> list[str]:
        problems = []
        if self._selects() and self._unready:
            problems.append(
                "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not "
                "match labels on any Pods"
            )
        if self._lacks_address():
            problems.append("Service was not allocated an IP address; does your cloud provider support this?")
        return problems


class IngressWaiter(Waiter):
    """Endpoints for the Service of each path (a missing one only for a while), and an address."""

    _settling: _Settling | None = None
    _targets_missing = False

    def ready(self) -> bool:
        self.look()
        self._targets_missing = not self._targets_there()
        self.doing = "[1/3] Finding a matching service for each Ingress path"
        if not self._targets_missing:
            self.doing = "[2/3] Waiting for update of .status.loadBalancer with hostname/IP"
        return not self._targets_missing and bool(dig(self.live, "status", "loadBalancer", "ingress"))

    def _targets_there(self) -> bool:
        rules = dig(self.live, "spec", "rules") or []
        paths = [path for rule in rules for path in dig(rule, "http", "paths") or []]
        wanted = {dig(path, "backend", "service", "name") for path in paths} - {None}
        if not wanted:
            return True
        namespace = namespace_of(self.live)
        services = self.cluster.list("v1", "Service", namespace)
        known = {name_of(one) for one in self.cluster.list("v1", "Endpoints", namespace)}
        known |= {name_of(one) for one in services if dig(one, "spec", "type") == "ExternalName"}
        self._settling = self._settling or _Settling()
        settled = self._settling.still(sorted(known))
        return wanted <= known or settled or self.at_once

    def problems(self) -> list[str]:
        problems = []
        if self._targets_missing:
            problems.append("Ingress has at least one rule with an unavailable target endpoint.")
        if not dig(self.live, "status", "loadBalancer", "ingress"):
            problems.append("Ingress .status.loadBalancer field was not updated with a hostname/IP address.")
        return problems
