"""An HTTP API's stage variable."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3

from localcloud import loopback
from localcloud.cloud import LocalCloud
from tests.e2e.stack import Stack
from tests.scenarios.backends import Backends
from tests.scenarios.variant import Variant, load


class HttpApi(Variant):
    platform = "http_api"
    data_plane = "the emulator's own API, which looks the stage variable up for each request, and two local servers"
    promotion_calls = 22
    rollback_calls = 14

    _api = ""

    @property
    def write_call(self) -> str:  # type: ignore[override]
        """UpdateStage, as the proxy sees it."""
        return f"apigateway:PATCH /v2/apis/{self._api}/stages/%24default"

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        self._backends = Backends()
        return {
            "blueBackend": self._backends.host("blue"),
            "greenBackend": self._backends.host("green"),
            "backendScheme": "http",
            "integrationMethod": "GET",
            "gates": [{"kind": "http", "path": "/healthz", "interval_seconds": 1}],
        }

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        try:
            yield
        finally:
            self._backends.stop()

    def live(self, stack: Stack) -> dict[str, int]:
        self._api = self._api or stack.output("apiId")
        variables = boto3.client("apigatewayv2").get_stage(ApiId=self._api, StageName="$default")["StageVariables"]
        return {color: 100 for color in ("blue", "green") if self._backends.host(color) == variables["backend"]}

    def drift(self, stack: Stack) -> None:
        boto3.client("apigatewayv2").update_stage(
            ApiId=self._api, StageName="$default", StageVariables={"backend": self._backends.host("green")}
        )

    def url(self, stack: Stack) -> str:
        """The emulator's own address: requests are not to go through the proxy between it and the swap."""
        self._api = self._api or stack.output("apiId")
        return f"{stack.cloud.endpoint}/_aws/execute-api/{self._api}/orders"

    def requests(self, stack: Stack) -> Any:
        return load(self.url(stack))

    def colors(self, stack: Stack) -> set[str]:
        with loopback.client() as client:
            return {client.get(self.url(stack)).headers["x-color"] for _ in range(10)}
