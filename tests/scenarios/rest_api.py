"""A REST API's stage and its canary."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3

from localcloud.cloud import LocalCloud
from tests.e2e.stack import Stack
from tests.scenarios.backends import Backends
from tests.scenarios.variant import Variant

STEPS = {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 1}, {"weight_percent": 50}]}


class RestApi(Variant):
    platform = "rest_api"
    data_plane = (
        "none: the emulator serves a stage's newest integrations whatever its deployment and canary, moto keeps no "
        "canary; the stage's own record is looked at"
    )
    writes = 3
    promotion_calls = 32
    rollback_calls = 14

    _api = ""
    _deployments: dict[str, str]

    @property
    def write_call(self) -> str:  # type: ignore[override]
        """UpdateStage, as the proxy sees it."""
        return f"apigateway:PATCH /restapis/{self._api}/stages/prod"

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        self._backends = Backends()
        return {
            "backendUrl": f"http://{self._backends.host('blue')}/",
            "blueRelease": "v1",
            "greenRelease": "v2",
            "strategy": STEPS,
            "gates": [{"kind": "http", "path": "/", "interval_seconds": 1}],
        }

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        try:
            yield
        finally:
            self._backends.stop()

    def live(self, stack: Stack) -> dict[str, int]:
        if not self._api:
            self._api = stack.output("restApiId")
            self._deployments = {its_id: color for color, its_id in stack.output("deployments").items()}
        stage = boto3.client("apigateway").get_stage(restApiId=self._api, stageName="prod")
        canary = stage.get("canarySettings", {})
        percent = round(canary.get("percentTraffic", 0))
        shares = {stage["deploymentId"]: 100 - percent, **({canary["deploymentId"]: percent} if percent else {})}
        return {self._deployments[deployment]: share for deployment, share in shares.items()}

    def drift(self, stack: Stack) -> None:
        green = next(deployment for deployment, color in self._deployments.items() if color == "green")
        values = {"deploymentId": green, "percentTraffic": "30.0"}
        boto3.client("apigateway").update_stage(
            restApiId=self._api,
            stageName="prod",
            patchOperations=[
                {"op": "replace", "path": f"/canarySettings/{name}", "value": value} for name, value in values.items()
            ],
        )
