"""A Lambda alias with weighted versions."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.cloud import LocalCloud
from tests.e2e.stack import Stack
from tests.routers import lambda_workshop
from tests.scenarios.variant import Requests, Variant

STEPS = {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 1}, {"weight_percent": 50}]}
COLORS = {"v1": "blue", "v2": "green"}


class LambdaAlias(Variant):
    platform = "lambda_alias"
    data_plane = "the emulator picks a version by the alias' weights and runs its image as a container"
    writes = 3
    promotion_calls = 34
    rollback_calls = 12

    function: lambda_workshop.Function

    @property
    def write_call(self) -> str:  # type: ignore[override]
        """UpdateAlias, as the proxy sees it."""
        return f"lambda:PUT /2015-03-31/functions/{quote(self.function.arn, safe='')}/aliases/live"

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        self.function = lambda_workshop.of_images([cloud.image(tag) for tag in COLORS])
        return {
            "functionArn": self.function.arn,
            "blueVersion": "1",
            "greenVersion": "2",
            "strategy": STEPS,
            "gates": [{"kind": "lambda_invoke", "interval_seconds": 1}],
        }

    def live(self, stack: Stack) -> dict[str, int]:
        alias = self.function.alias()
        others = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        shares = {alias["FunctionVersion"]: 1 - sum(others.values()), **others}
        return {{"1": "blue", "2": "green"}[version]: round(100 * share) for version, share in shares.items()}

    def drift(self, stack: Stack) -> None:
        alias = self.function.alias()
        self.function.client.update_alias(
            FunctionName=self.function.name,
            Name="live",
            Description=alias["Description"],
            RoutingConfig={"AdditionalVersionWeights": {"2": 0.3}},
        )

    @contextlib.contextmanager
    def requests(self, stack: Stack) -> Iterator[Requests]:
        seen, ended = Requests(errors=[]), threading.Event()

        def go_on() -> None:
            client = boto3.client("lambda")
            while not ended.wait(0.05):
                seen.made += 1
                try:
                    self._ask(client)
                except (BotoCoreError, ClientError, KeyError, ValueError) as error:
                    seen.failed += 1
                    seen.errors.append(str(error))

        thread = threading.Thread(target=go_on, daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            ended.set()
            thread.join()

    def colors(self, stack: Stack) -> set[str]:
        client = boto3.client("lambda")
        return {self._ask(client) for _ in range(20)}

    def _ask(self, client: Any) -> str:
        answer = client.invoke(FunctionName=self.function.name, Qualifier="live", Payload=b"{}")
        return COLORS[json.loads(answer["Payload"].read())["version"]]
