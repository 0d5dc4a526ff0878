# ruff: noqa: ARG002, N802 - the signatures are gRPC's
"""The gRPC service that the engine talks to: unwraps requests, hands them on, turns errors into readable ones."""

from __future__ import annotations

import json
from typing import Any, Protocol

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from localcloud.plugins.differences import UPDATE, Difference
from localcloud.plugins.kubernetes import settings, table
from localcloud.plugins.kubernetes.awaits.pods import is_true
from localcloud.plugins.kubernetes.checker import HOOK, Naming, check
from localcloud.plugins.kubernetes.cluster import Cluster
from localcloud.plugins.kubernetes.differ import delete_first, differences
from localcloud.plugins.kubernetes.engine import Engine
from localcloud.plugins.kubernetes.objects import Object, annotation, is_patch, says_yes
from localcloud.plugins.kubernetes.settings import Settings
from localcloud.plugins.kubernetes.state import Kept, kept, object_of
from localcloud.plugins.kubernetes.target import Target
from localcloud.plugins.serving import (
    NAMING_MODES,
    Plugin,
    answers,
    config_diff_response,
    diff_response,
    failures_of,
    token_of,
)
from localcloud.plugins.values import UNKNOWN, Props, ProviderError
from localcloud.plugins.wire import props_of, struct_of

REPLACE_UNREADY = "pulumi.com/replaceUnready"
RELEASE = "kubernetes:helm.sh/v3:Release"
COMPONENTS = ("kubernetes:yaml/v2:ConfigGroup", "kubernetes:yaml/v2:ConfigFile", "kubernetes:helm.sh/v4:Chart")
_DELETE_UNREACHABLE = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)


class Handler(Protocol):
    """The interface for a type that is not an object of the API."""

    def check(self, request: Any) -> Any: ...
    def diff(self, request: Any) -> Any: ...
    def create(self, request: Any) -> Any: ...
    def read(self, request: Any) -> Any: ...
    def update(self, request: Any) -> Any: ...
    def delete(self, request: Any) -> None: ...


class Provider(Plugin):
    """The plugin. Its only state is its configuration and the API client."""

    stands_in_for = "the Kubernetes provider"
    takes_secrets = True

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.engine = Engine()
        self._cluster: Cluster | None = None

    @property
    def cluster(self) -> Cluster:
        if self._cluster is None:
            raise ProviderError("the provider has not been configured")
        return self._cluster

    def _target(self, request: Any) -> Target:
        return Target(self.cluster, self.engine, request.urn, token_of(request))

    def _release(self, request: Any) -> Handler | None:
        if token_of(request) != RELEASE:
            return None
        from localcloud.plugins.kubernetes.helm.release import Releases  # noqa: PLC0415

        releases: Handler = Releases(self.cluster, self.engine)
        return releases

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.engine.attach(request.address)
        return empty_pb2.Empty()

    @answers
    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        tokens = [*table.tokens(), *(f"{token}Patch" for token in table.tokens()), RELEASE]
        resources: dict[str, Any] = {token: {} for token in tokens}
        resources |= {token: {"isComponent": True} for token in COMPONENTS}
        schema = {"name": "kubernetes", "version": self.version, "resources": resources}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    # -- configuration

    @answers
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        failures = failures_of(settings.refused(props_of(request.news)))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @answers
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return config_diff_response(*settings.changed(props_of(request.olds), props_of(request.news)))

    @answers
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        config = props_of(request.args)
        self._cluster = Cluster(Settings.of({key: value for key, value in config.items() if value is not UNKNOWN}))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=self.takes_secrets, supportsPreview=True, supports_autonaming_configuration=True
        )

    # -- resources

    @answers
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        cluster, news = self.cluster, props_of(request.news, keep_secrets=True)
        if (reason := cluster.unreachable) is not None:
            if cluster.settings.skip_update_unreachable and request.olds.fields:
                self.engine.warn(
                    request.urn, "Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping..."
                )
                return provider_pb2.CheckResponse(inputs=request.olds)
            self.engine.warn_once(request.urn, f"configured Kubernetes cluster is unreachable: {reason}")
        if (release := self._release(request)) is not None:
            return release.check(request)
        naming = Naming()
        if request.HasField("autonaming"):
            naming = Naming(NAMING_MODES.get(request.autonaming.mode, "propose"), request.autonaming.proposed_name)
        name = request.name or request.urn.rsplit("::", 1)[-1]
        olds = props_of(request.olds)
        inputs, failures = check(cluster, token_of(request), name, olds, news, request.randomSeed, naming)
        self._warn_of_hooks(request.urn, inputs)
        return provider_pb2.CheckResponse(inputs=struct_of(inputs), failures=failures_of(failures))

    def _warn_of_hooks(self, urn: str, inputs: Props) -> None:
        if annotation(inputs, HOOK) and self.cluster.settings.warn_of_hooks:
            self.engine.warn(
                urn,
                "This resource contains Helm hooks that are not currently supported by Pulumi. The resource will be "
                "created, but any hooks will not be executed.",
            )

    @answers
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        if (release := self._release(request)) is not None:
            return release.diff(request)
        cluster, state = self.cluster, kept(props_of(request.olds))
        wanted = object_of(props_of(request.news))
        api_version, kind = str(wanted.get("apiVersion") or ""), str(wanted.get("kind") or "")
        changes = differences(
            state,
            wanted,
            patch=is_patch(token_of(request), kind),
            namespaced=cluster.namespaced(api_version, kind, api_version in table.group_versions()),
            mutable=_mutable(cluster.settings),
            ignore=tuple(request.ignoreChanges),
        )
        changes += self._unready(request.urn, state, wanted)
        return diff_response(changes, delete_first=delete_first(state, wanted), whole_paths=True)

    def _unready(self, urn: str, state: Kept, wanted: Object) -> list[Difference]:
        """A Job that did not get done is made anew where its annotation says so."""
        if not says_yes(wanted, REPLACE_UNREADY):
            return []
        if wanted.get("kind") != "Job" or self.cluster.unreachable:
            self.engine.warn(urn, f"{REPLACE_UNREADY}: only for Jobs, and only where the cluster is reachable")
            return []
        live = self.cluster.find(state.live)
        ready = live is None or is_true(live, "Complete")
        return [] if ready else [Difference(f'metadata.annotations["{REPLACE_UNREADY}"]', UPDATE, replaces=True)]

    @answers
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        if not request.preview and self.cluster.unreachable:
            raise ProviderError(f"configured Kubernetes cluster is unreachable: {self.cluster.unreachable}")
        if (release := self._release(request)) is not None:
            return release.create(request)
        from localcloud.plugins.kubernetes import lifecycle  # noqa: PLC0415

        target, inputs = self._target(request), props_of(request.properties, keep_secrets=True)
        if request.preview:
            return provider_pb2.CreateResponse(properties=struct_of(lifecycle.preview_create(target, inputs)))
        resource_id, outputs = lifecycle.create(target, inputs, request.timeout)
        return provider_pb2.CreateResponse(id=resource_id, properties=struct_of(outputs))

    @answers
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        if (reason := self.cluster.unreachable) is not None:
            return self._read_unreachable(request, reason)
        if (release := self._release(request)) is not None:
            return release.read(request)
        from localcloud.plugins.kubernetes import lifecycle  # noqa: PLC0415

        state, given = (props_of(one, keep_secrets=True) for one in (request.properties, request.inputs))
        present = lifecycle.read(self._target(request), request.id, state, given)
        if present is None:
            return provider_pb2.ReadResponse()
        resource_id, outputs, inputs = present
        return provider_pb2.ReadResponse(id=resource_id, properties=struct_of(outputs), inputs=struct_of(inputs))

    def _read_unreachable(self, request: Any, reason: str) -> Any:
        self.engine.warn(request.urn, f"configured Kubernetes cluster is unreachable: {reason}")
        if self.cluster.settings.delete_unreachable:
            return provider_pb2.ReadResponse()
        if self.cluster.settings.skip_update_unreachable:
            return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
        raise ProviderError(f"failed to read resource state due to unreachable cluster. {_DELETE_UNREACHABLE}")

    @answers
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        if not request.preview and self.cluster.unreachable:
            raise ProviderError(f"configured Kubernetes cluster is unreachable: {self.cluster.unreachable}")
        if (release := self._release(request)) is not None:
            return release.update(request)
        from localcloud.plugins.kubernetes import lifecycle  # noqa: PLC0415

        state, given = (props_of(one, keep_secrets=True) for one in (request.olds, request.news))
        outputs = lifecycle.update(
            self._target(request), state, given, tuple(request.ignoreChanges), request.timeout, preview=request.preview
        )
        return provider_pb2.UpdateResponse(properties=struct_of(outputs))

    @answers
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        if (reason := self.cluster.unreachable) is not None:
            self.engine.warn(request.urn, f"configured Kubernetes cluster is unreachable: {reason}")
            if self.cluster.settings.delete_unreachable:
                return empty_pb2.Empty()
            raise ProviderError(f"configured Kubernetes cluster is unreachable. {_DELETE_UNREACHABLE}")
        if (release := self._release(request)) is not None:
            release.delete(request)
            return empty_pb2.Empty()
        from localcloud.plugins.kubernetes.removing import delete  # noqa: PLC0415

        delete(self._target(request), request.id, props_of(request.properties), request.timeout)
        return empty_pb2.Empty()

    # -- functions and components

    @answers
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        from localcloud.plugins.kubernetes.functions import invoke  # noqa: PLC0415

        answer = invoke(self.cluster, request.tok, props_of(request.args))
        return provider_pb2.InvokeResponse(**{"return": struct_of(answer)})

    @answers
    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.type not in COMPONENTS:
            raise ProviderError(f"{request.type} is not served by this stand-in for {self.stands_in_for}")
        from localcloud.plugins.kubernetes.construct import construct  # noqa: PLC0415

        return construct(self.cluster, self.engine, request, self.version)

    @answers
    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        if self._cluster is not None:
            self._cluster.cancelled.set()
        return empty_pb2.Empty()


def _mutable(configured: Settings) -> frozenset[str]:
    pairs = {"v1/ConfigMap": configured.config_map_mutable, "v1/Secret": configured.secret_mutable}
    return frozenset(kind for kind, mutable in pairs.items() if mutable)
