# ruff: noqa: ARG002, N802 - the signatures are gRPC's
"""The gRPC service that the engine talks to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from localcloud.plugins.azure_native import shaping, table
from localcloud.plugins.azure_native.client import Client, Settings
from localcloud.plugins.azure_native.types import MADE_UP, TYPES
from localcloud.plugins.configured import ConfiguredPlugin
from localcloud.plugins.serving import (
    answers,
    diff_response,
    failures_of,
    made_up_name,
    token_of,
)
from localcloud.plugins.values import InitFailed, Props, ProviderError
from localcloud.plugins.wire import props_of, struct_of

_CONFIG = {"subscriptionId", "tenantId", "clientId", "clientSecret", "metadataHost", "location", "version",
           "disableInstanceDiscovery", "disablePulumiPartnerId", "pluginDownloadURL"}  # fmt: skip
_DIGITS = 8


class Provider(ConfiguredPlugin[Client]):
    """The plugin."""

    stands_in_for = "the Azure Native provider"
    package = "azure-native"
    config = frozenset(_CONFIG)

    def tokens(self) -> Iterable[str]:
        return table.tokens()

    def connect(self, config: Props) -> Client:
        return Client(Settings.of(config))

    @answers
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, inputs = token_of(request), props_of(request.news)
        failures = table.check(token, inputs)
        name = MADE_UP.get(token)
        if name is not None and name not in inputs:
            inputs[name] = made_up_name(request, props_of(request.olds).get(name), digits=_DIGITS)
        if "location" in table.entry(token)["where"] and "location" not in inputs and self.client.settings.location:
            inputs["location"] = self.client.settings.location
        return provider_pb2.CheckResponse(inputs=struct_of(inputs), failures=failures_of(failures))

    @answers
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        changes = shaping.differences(
            token_of(request), props_of(request.old_inputs), props_of(request.news), tuple(request.ignoreChanges)
        )
        return diff_response(changes, delete_first=not any(one.top in MADE_UP.values() for one in changes))

    @answers
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, inputs = token_of(request), props_of(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=struct_of(shaping.planned(token, inputs, {})))
        entry, declared = table.entry(token), TYPES[token]
        resource = shaping.resource_id(token, self.client.settings.subscription_id, inputs)
        if declared.delete and self.client.ask("GET", resource, entry["version"], missing=True) is not None:
            raise ProviderError(f"cannot create already existing resource '{resource}'")
        body = self._body(token, inputs)
        self._write(token, resource, body, inputs, request.timeout)
        return provider_pb2.CreateResponse(id=resource, properties=struct_of(self._read(token, resource)))

    @answers
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        token = token_of(request)
        answer = self.client.ask("GET", request.id, table.entry(token)["version"], missing=True)
        if answer is None:
            return provider_pb2.ReadResponse()
        outputs = shaping.outputs(token, request.id, answer)
        inputs = shaping.refreshed(token, props_of(request.inputs), answer)
        return provider_pb2.ReadResponse(id=request.id, properties=struct_of(outputs), inputs=struct_of(inputs))

    @answers
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, inputs = token_of(request), props_of(request.news)
        if request.preview:
            planned = shaping.planned(token, inputs, props_of(request.olds))
            return provider_pb2.UpdateResponse(properties=struct_of(planned))
        # The whole object, also what a program ignores: the engine has put the state's old value there.
        self._write(token, request.id, self._body(token, inputs), inputs, request.timeout)
        return provider_pb2.UpdateResponse(properties=struct_of(self._read(token, request.id)))

    @answers
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        token = token_of(request)
        version = table.entry(token)["version"]
        if TYPES[token].delete:
            self.client.change("DELETE", request.id, version, seconds=request.timeout or 1800)
        elif self.client.ask("GET", request.id, version, missing=True) is not None:
            self.client.change("PUT", request.id, version, {"properties": {}})
        return empty_pb2.Empty()

    def _body(self, token: str, inputs: Props) -> Props:
        body = shaping.body(token, inputs)
        if "location" in table.entry(token)["where"] and "location" not in body and "resourceGroupName" in inputs:
            subscription = self.client.settings.subscription_id
            group = shaping.resource_id("azure-native:resources:ResourceGroup", subscription, inputs)
            answer = self.client.ask("GET", group, table.entry("azure-native:resources:ResourceGroup")["version"])
            body["location"] = answer["location"]
        return body

    def _write(self, token: str, resource: str, body: Props, inputs: Props, timeout: float) -> None:
        """A write that Azure took, and that failed afterwards, has made the resource: its id must reach the state."""
        version = table.entry(token)["version"]
        try:
            self.client.change("PUT", resource, version, body, timeout or 1800)
        except ProviderError as error:
            answer = self.client.ask("GET", resource, version, missing=True)
            if answer is None:
                raise
            raise InitFailed(resource, shaping.outputs(token, resource, answer), inputs, str(error)) from None

    def _read(self, token: str, resource: str) -> Props:
        answer = self.client.ask("GET", resource, table.entry(token)["version"])
        return shaping.outputs(token, resource, answer)
