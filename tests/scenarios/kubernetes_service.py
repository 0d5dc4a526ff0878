"""A Service whose selector moves, with a stage Service beside it."""

from __future__ import annotations

import contextlib
from typing import Any

from localcloud import loopback
from localcloud.cloud import LocalCloud
from tests.e2e.stack import HEALTHZ, Stack
from tests.scenarios.on_kubernetes import OnKubernetes
from tests.scenarios.variant import Requests, load


class KubernetesService(OnKubernetes):
    platform = "kubernetes_service"
    data_plane = "a real node: kube-proxy and the pods of both colors"
    service = "web"
    resource = "service/web"
    write_call = "patch services"
    writes = 2  # production, and the stage after it
    promotion_calls = 40
    rollback_calls = 20

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {**super().config(cloud), "serviceType": "NodePort", "gates": HEALTHZ}

    def live(self, stack: Stack) -> dict[str, int]:
        return {self.get()["spec"]["selector"]["bluegreen/color"]: 100}

    def drift(self, stack: Stack) -> None:
        self.patch({"spec": {"selector": {"bluegreen/color": "green"}}})

    def requests(self, stack: Stack) -> contextlib.AbstractContextManager[Requests | None]:
        return load(stack.url)

    def colors(self, stack: Stack) -> set[str]:
        """A connection that was kept stays with its pod."""
        return {loopback.get(stack.url).headers["x-color"] for _ in range(20)}
