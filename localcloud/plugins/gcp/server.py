# ruff: noqa: ARG002, N802 - the signatures are gRPC's
"""The gRPC service that the engine talks to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from localcloud.plugins.configured import ConfiguredPlugin
from localcloud.plugins.gcp import shaping, table
from localcloud.plugins.gcp.client import Client, Settings
from localcloud.plugins.gcp.types import TYPES
from localcloud.plugins.serving import (
    answers,
    diff_response,
    failures_of,
    made_up_name,
    token_of,
)
from localcloud.plugins.values import InitFailed, Props, ProviderError
from localcloud.plugins.wire import props_of, struct_of

_CONFIG = {"project", "region", "zone", "version", "pluginDownloadURL", "defaultLabels", "disableGlobalProjectWarning"}
_DIGITS, _SECONDS = 7, 1200


class Provider(ConfiguredPlugin[Client]):
    """The plugin."""

    stands_in_for = "the Google Cloud provider"
    package = "gcp"
    config = frozenset(_CONFIG)

    def tokens(self) -> Iterable[str]:
        return table.tokens()

    def connect(self, config: Props) -> Client:
        return Client(Settings.of(config))

    @answers
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, inputs = token_of(request), props_of(request.news)
        failures = table.check(token, inputs)
        kinds, settings = table.kinds(token), self.client.settings
        if "name" in kinds and "name" not in inputs:
            old = props_of(request.olds).get("name")
            inputs["name"] = made_up_name(request, old, digits=_DIGITS, between="-")
        for name in ("project", "region", "zone"):
            if name in kinds and name not in inputs and getattr(settings, name):
                inputs[name] = getattr(settings, name)
        if "project" in shaping.places(token) and not inputs.get("project"):
            raise ProviderError(
                "project: required field is not set: gcp:project in the stack's config, or GOOGLE_PROJECT"
            )
        if TYPES[token].guarded:
            inputs.setdefault("deletionProtection", True)
        return provider_pb2.CheckResponse(inputs=struct_of(inputs), failures=failures_of(failures))

    @answers
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        changes = shaping.differences(
            token_of(request), props_of(request.old_inputs), props_of(request.news), tuple(request.ignoreChanges)
        )
        anew = TYPES[token_of(request)].made_first or any(one.top == "name" for one in changes)
        return diff_response(changes, delete_first=not anew)

    @answers
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, inputs = token_of(request), props_of(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=struct_of(shaping.planned(token, inputs, {})))
        resource = shaping.identifier(token, inputs)
        path, query = shaping.collection(token, inputs)
        self._written("POST", path, query, token, resource, inputs, request.timeout, {})
        return provider_pb2.CreateResponse(id=resource, properties=struct_of(self._read(token, resource, inputs)))

    @answers
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, inputs = token_of(request), props_of(request.inputs)
        answer = self.client.read(TYPES[token].api, request.id)
        if answer is None:
            return provider_pb2.ReadResponse()
        inputs = shaping.refreshed(token, inputs, answer) if inputs else shaping.inputs_of(token, request.id, answer)
        outputs = shaping.outputs(token, request.id, answer, inputs)
        return provider_pb2.ReadResponse(id=request.id, properties=struct_of(outputs), inputs=struct_of(inputs))

    @answers
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, inputs, olds = token_of(request), props_of(request.news), props_of(request.olds)
        if request.preview:
            planned = shaping.planned(token, inputs, olds)
            return provider_pb2.UpdateResponse(properties=struct_of(planned))
        # The whole object, without a mask: also what a program ignores, as the engine has put the state's value there.
        self._written(TYPES[token].update, request.id, {}, token, request.id, inputs, request.timeout, olds)
        return provider_pb2.UpdateResponse(properties=struct_of(self._read(token, request.id, inputs)))

    @answers
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        token = token_of(request)
        if TYPES[token].guarded and props_of(request.properties).get("deletionProtection") is not False:
            raise ProviderError(
                f"cannot destroy {request.id} without setting deletion_protection=false and running `pulumi up`"
            )
        self.client.change(TYPES[token].api, "DELETE", request.id, {}, None, request.timeout or _SECONDS)
        return empty_pb2.Empty()

    def _written(
        self,
        verb: str,
        path: str,
        query: dict[str, str],
        token: str,
        resource: str,
        inputs: Props,
        timeout: float,
        olds: Props,
    ) -> None:
        """A write that Google took, and that failed afterwards, has made the resource: its id must reach the state."""
        body = shaping.body(token, inputs, olds)
        try:
            self.client.change(TYPES[token].api, verb, path, query, body, timeout or _SECONDS)
        except ProviderError as error:
            answer = self.client.read(TYPES[token].api, resource) if "Error waiting" in str(error) else None
            if answer is None:
                raise
            outputs = shaping.outputs(token, resource, answer, inputs)
            raise InitFailed(resource, outputs, inputs, str(error)) from None

    def _read(self, token: str, resource: str, inputs: Props) -> Props:
        answer = self.client.read(TYPES[token].api, resource)
        if answer is None:
            raise ProviderError(f"{resource} is gone")
        return shaping.outputs(token, resource, answer, inputs)
