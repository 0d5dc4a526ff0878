# ruff: noqa: ARG002, N802 - the signatures are gRPC's
"""A plugin that is configured once, with plain values, and then asks one API by one client."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from localcloud.plugins.serving import Plugin, answers, config_diff_response
from localcloud.plugins.values import UNKNOWN, Props, ProviderError
from localcloud.plugins.wire import props_of


class Cancellable(Protocol):
    """A client whose waits end early."""

    cancelled: threading.Event


ClientT = TypeVar("ClientT", bound=Cancellable)


class ConfiguredPlugin(Plugin, Generic[ClientT]):
    """The calls that come before those about resources. Its only state is its configuration and the connection."""

    package: ClassVar[str]
    """The package that programs name: ``gcp``."""
    config: ClassVar[frozenset[str]]
    """The keys of its configuration; others are refused by name."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self._client: ClientT | None = None

    @property
    def client(self) -> ClientT:
        if self._client is None:
            raise ProviderError("the provider has not been configured")
        return self._client

    def tokens(self) -> Iterable[str]:
        """The types that it serves."""
        raise NotImplementedError

    def connect(self, config: Props) -> ClientT:
        """Make the client, by the configuration as far as it is known."""
        raise NotImplementedError

    @answers
    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        schema = {"name": self.package, "version": self.version, "resources": {one: {} for one in self.tokens()}}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    @answers
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        known = ", ".join(sorted(self.config))
        failures = [
            provider_pb2.CheckFailure(property=key, reason=f"not supported here; known: {known}")
            for key in props_of(request.news)
            if key not in self.config
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @answers
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        olds, news = props_of(request.olds), props_of(request.news)
        changed = [key for key in {*olds, *news} if olds.get(key) != news.get(key) and key != "version"]
        return config_diff_response(changed)

    @answers
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._client = self.connect(
            {key: value for key, value in props_of(request.args).items() if value is not UNKNOWN}
        )
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    @answers
    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        if self._client is not None:
            self._client.cancelled.set()
        return empty_pb2.Empty()
