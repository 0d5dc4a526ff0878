# ruff: noqa: ARG002, N802 - the signatures are gRPC's
"""The gRPC service that the engine talks to."""

from __future__ import annotations

import json
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from localcloud.plugins.gcp import shaping, table
from localcloud.plugins.gcp.client import Client, Settings
from localcloud.plugins.gcp.types import TYPES
from localcloud.plugins.serving import (
    Plugin,
    answers,
    config_diff_response,
    diff_response,
    failures_of,
    made_up_name,
    token_of,
)
from localcloud.plugins.values import UNKNOWN, InitFailed, Props, ProviderError
from localcloud.plugins.wire import props_of, struct_of

_CONFIG = {"project", "region", "zone", "version", "pluginDownloadURL", "defaultLabels", "disableGlobalProjectWarning"}
_DIGITS, _SECONDS = 7, 1200


class Provider(Plugin):
    """The plugin. Its only state is its configuration and the connection."""

    stands_in_for = "the Google Cloud provider"

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        if self._client is None:
            raise ProviderError("the provider has not been configured")
        return self._client

    @answers
    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        schema = {"name": "gcp", "version": self.version, "resources": {one: {} for one in table.tokens()}}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    @answers
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        failures = [
            provider_pb2.CheckFailure(property=key, reason=f"not supported here; known: {', '.join(sorted(_CONFIG))}")
            for key in props_of(request.news)
            if key not in _CONFIG
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @answers
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        olds, news = props_of(request.olds), props_of(request.news)
        changed = [key for key in {*olds, *news} if olds.get(key) != news.get(key) and key != "version"]
        return config_diff_response(changed)

    @answers
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        config = {key: value for key, value in props_of(request.args).items() if value is not UNKNOWN}
        self._client = Client(Settings.of(config))
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

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

    @answers
    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        if self._client is not None:
            self._client.cancelled.set()
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
