# ruff: noqa: ARG002 - the signatures are gRPC's
"""The gRPC service that the engine talks to: unwraps requests, hands them on, turns errors into readable ones."""

from __future__ import annotations

import json
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from localcloud.plugins.aws import lifecycle, registry, table
from localcloud.plugins.aws.checker import Naming, check
from localcloud.plugins.aws.differ import differences
from localcloud.plugins.aws.model import UNKNOWN, Props, ProviderError, ResourceType
from localcloud.plugins.aws.session import Aws, Clients, Settings
from localcloud.plugins.serving import (
    NAMING_MODES,
    Plugin,
    answers,
    config_diff_response,
    diff_response,
    failures_of,
    token_of,
)
from localcloud.plugins.wire import props_of, struct_of

_CONFIG = {
    *(
        "accessKey",
        "secretKey",
        "token",
        "region",
        "profile",
        "endpoints",
        "defaultTags",
        "version",
        "pluginDownloadURL",
    ),
    # Accepted, as they only turn off checks that this stand-in does not make.
    *("skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId"),
    *("s3UsePathStyle", "maxRetries", "retryMode"),
}


def _type(request: Any) -> ResourceType:
    token = token_of(request)
    declared = registry.resource_type(token)
    if declared is None:
        raise ProviderError(f"{token} is not served by this stand-in for the AWS provider (see localcloud/plugins/aws)")
    return declared


class Provider(Plugin):
    """The plugin. Its only state is its configuration and the AWS clients."""

    stands_in_for = "the AWS provider"

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self._clients: Clients | None = None

    @property
    def clients(self) -> Clients:
        if self._clients is None:
            raise ProviderError("the provider has not been configured")
        return self._clients

    @answers
    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        schema = {"name": "aws", "version": self.version, "resources": {token: {} for token in registry.RESOURCES}}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    @answers
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        failures = [
            provider_pb2.CheckFailure(
                property=key, reason=f"not supported by this stand-in; known: {', '.join(sorted(_CONFIG))}"
            )
            for key in props_of(request.news)
            if key not in _CONFIG
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @answers
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        olds, news = props_of(request.olds), props_of(request.news)
        changed = [key for key in {*olds, *news} if olds.get(key) != news.get(key) and key != "version"]
        return config_diff_response(changed)

    @answers
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        config = props_of(request.args)
        if UNKNOWN in config.values():
            config = {key: value for key, value in config.items() if value is not UNKNOWN}
        settings = Settings.of(config)
        settings.require_credentials()
        self._clients = Clients(settings)
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    @answers
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        naming = Naming()
        if request.HasField("autonaming"):
            mode = NAMING_MODES.get(request.autonaming.mode, "propose")
            naming = Naming(mode, request.autonaming.proposed_name)
        inputs, failures = check(
            _type(request),
            request.name or request.urn.rsplit("::", 1)[-1],
            props_of(request.olds),
            props_of(request.news),
            self.clients.settings.default_tags,
            request.randomSeed,
            naming,
        )
        return provider_pb2.CheckResponse(
            inputs=struct_of(inputs),
            failures=failures_of(failures),
        )

    @answers
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        declared, news = _type(request), props_of(request.news)
        changes = differences(declared, lifecycle.clean(news), props_of(request.olds), tuple(request.ignoreChanges))
        return diff_response(changes, delete_first=_name_is_taken(declared, news, changes))

    @answers
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        declared, inputs = _type(request), props_of(request.properties)
        if request.preview:
            region = self.clients.settings.region
            return provider_pb2.CreateResponse(properties=struct_of(lifecycle.preview_create(declared, region, inputs)))
        resource_id, outputs = lifecycle.create(declared, Aws(self.clients), inputs, request.timeout)
        return provider_pb2.CreateResponse(id=resource_id, properties=struct_of(outputs))

    @answers
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        declared = _type(request)
        present = lifecycle.read(
            declared, Aws(self.clients), request.id, props_of(request.properties), props_of(request.inputs)
        )
        if present is None:
            return provider_pb2.ReadResponse()
        outputs, inputs = present
        return provider_pb2.ReadResponse(id=outputs["id"], properties=struct_of(outputs), inputs=struct_of(inputs))

    @answers
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        declared, olds, news = _type(request), props_of(request.olds), props_of(request.news)
        ignore = tuple(request.ignoreChanges)
        if request.preview:
            outputs = lifecycle.preview_update(declared, request.id, olds, news, ignore)
        else:
            outputs = lifecycle.update(declared, Aws(self.clients), request.id, olds, news, ignore, request.timeout)
        return provider_pb2.UpdateResponse(properties=struct_of(outputs))

    @answers
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        lifecycle.delete(_type(request), Aws(self.clients), request.id, props_of(request.properties))
        return empty_pb2.Empty()

    @answers
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        act = registry.invoke(request.tok)
        if act is None:
            raise ProviderError(f"{request.tok} is not served by this stand-in for the AWS provider")
        arguments, known = props_of(request.args), table.invoke_arguments(request.tok)
        unknown = [
            provider_pb2.CheckFailure(property=key, reason=f"unknown argument; known: {', '.join(known)}")
            for key in arguments
            if key not in known
        ]
        if unknown:
            return provider_pb2.InvokeResponse(failures=unknown)
        aws = Aws(self.clients).within(arguments)
        answer = {**act(aws, arguments), "region": aws.region} if "region" in known else act(aws, arguments)
        return provider_pb2.InvokeResponse(**{"return": struct_of(answer)})

    @answers
    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        if self._clients is not None:
            self._clients.cancelled.set()
        return empty_pb2.Empty()


def _name_is_taken(declared: ResourceType, news: Props, changes: list[Any]) -> bool:
    """A name that the program chose, and that stays, cannot exist twice: the old resource has to go first."""
    named = declared.name_max is not None and "name" in news and "name" not in news.get("__defaults", [])
    return named and not any(one.top == "name" for one in changes)
