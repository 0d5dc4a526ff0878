"""Components that the plugin itself makes: manifests and charts, whose objects become resources of their own.

The engine's resource monitor is called directly. It applies the program's transforms to every child, as a component is
registered under the very type, name and parent with which the program requested it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

from localcloud.plugins.kubernetes.cluster import Cluster
from localcloud.plugins.kubernetes.engine import Engine
from localcloud.plugins.kubernetes.manifests import load, normal, ordered
from localcloud.plugins.kubernetes.objects import Object, annotation, group_of, name_of, namespace_of, plain, put
from localcloud.plugins.values import Props, ProviderError, Secret, has_unknown
from localcloud.plugins.wire import props_of, resource_reference, struct_of

_SIDE_BY_SIDE: Final = 64
_MESSAGE_BYTES: Final = 400 * 1024 * 1024
_OF_ALL: Final = frozenset({"resourcePrefix", "skipAwait"})
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
)


def construct(cluster: Cluster, engine: Engine, request: Any, version: str) -> Any:
    """Register a component and its children; returns when all of them are done."""
    inputs = props_of(request.inputs, keep_secrets=True)
    make, names = _KINDS[request.type]
    unknown = sorted(set(inputs) - names - _OF_ALL)
    if unknown:
        known = ", ".join(sorted(names | _OF_ALL))
        raise ProviderError(f"{request.type}: unknown property {unknown[0]!r}; known: {known}")
    with grpc.insecure_channel(request.monitorEndpoint, options=_OPTIONS) as channel:
        component = _Component(request, resource_pb2_grpc.ResourceMonitorStub(channel), version)
        component.register()
        if has_unknown(inputs):
            engine.warn(component.urn, "Input properties have unknown values. Preview is incomplete.")
            resources: list[Props] = []
        else:
            prefix = plain(inputs.get("resourcePrefix", request.name))
            objects = make(cluster, request.name, inputs)
            resources = component.add(objects, str(prefix), bool(plain(inputs.get("skipAwait"))))
        state = struct_of({"resources": resources})
        component.monitor.RegisterResourceOutputs(
            resource_pb2.RegisterResourceOutputsRequest(urn=component.urn, outputs=state)
        )
    return provider_pb2.ConstructResponse(urn=component.urn, state=state)


@dataclass
class _Component:
    request: Any
    monitor: Any
    version: str
    urn: str = ""
    _keep: dict[str, Any] = field(default_factory=dict)

    def register(self) -> None:
        """The component itself, with the options that the program gave it."""
        given = self.request
        options = {name: getattr(given, name) for name in ("protect", "retainOnDelete") if given.HasField(name)}
        self._keep = {**options, **({"deletedWith": given.deletedWith} if given.deletedWith else {})}
        answer = self._send(
            resource_pb2.RegisterResourceRequest(
                type=given.type,
                name=given.name,
                parent=given.parent,
                dependencies=given.dependencies,
                providers=dict(given.providers),
                aliases=given.aliases,
                aliasSpecs=True,
                ignoreChanges=given.ignoreChanges,
                replaceOnChanges=given.replaceOnChanges,
                additionalSecretOutputs=given.additionalSecretOutputs,
                acceptSecrets=True,
                acceptResources=True,
                supportsPartialValues=True,
                parentStackTraceHandle=given.stack_trace_handle,
                **self._keep,
            )
        )
        self.urn = answer.urn

    def add(self, objects: Sequence[Object], prefix: str, skip_await: bool) -> list[Props]:
        """A resource for each object, side by side but for what needs another one; their references."""
        with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
            running: list[Future[Any]] = []
            for obj, needs in ordered(objects):
                if skip_await:
                    put(obj, "true", "metadata", "annotations", "pulumi.com/skipAwait")
                # What is needed was handed to the pool earlier, so that no one waits for something that never starts.
                running.append(pool.submit(self._child, obj, prefix, [running[place] for place in needs]))
            return [resource_reference(one.urn, one.id) for one in (future.result() for future in running)]

    def _child(self, obj: Object, prefix: str, needed: Sequence[Future[Any]]) -> Any:
        where = f"{namespace_of(obj)}/{name_of(obj)}" if namespace_of(obj) else name_of(obj)
        keep = self._keep
        if annotation(obj, "helm.sh/resource-policy") == "keep":
            keep = {**keep, "retainOnDelete": True}
        return self._send(
            resource_pb2.RegisterResourceRequest(
                type=token_for(obj),
                name=f"{prefix}:{where}" if prefix else where,
                parent=self.urn,
                custom=True,
                object=struct_of(_secrets_hidden(obj)),
                dependencies=[one.result().urn for one in needed],
                provider=self.request.providers.get("kubernetes", ""),
                version=self.version,
                acceptSecrets=True,
                acceptResources=True,
                supportsPartialValues=True,
                aliasSpecs=True,
                **keep,
            )
        )

    def _send(self, message: Any) -> Any:
        try:
            return self.monitor.RegisterResource(message)
        except grpc.RpcError as error:
            details = error.details() if hasattr(error, "details") else str(error)
            raise ProviderError(f"{message.type} {message.name}: {details}") from None


def token_for(obj: Object) -> str:
    """The type token of an object."""
    api_version = str(obj["apiVersion"])
    return f"kubernetes:{api_version if group_of(api_version) else f'core/{api_version}'}:{obj['kind']}"


def _secrets_hidden(obj: Object) -> Object:
    if (obj["apiVersion"], obj["kind"]) != ("v1", "Secret"):
        return obj
    return {key: Secret(value) if key in ("data", "stringData") else value for key, value in obj.items()}


def _group(cluster: Cluster, _name: str, inputs: Props) -> list[Object]:
    files = plain(inputs.get("files")) or []
    objects = load([files] if isinstance(files, str) else files, str(plain(inputs.get("yaml")) or ""), patterns=True)
    return normal([*objects, *_listed(inputs.get("objs"))], cluster.namespace, cluster)


def _listed(objects: Any) -> list[Object]:
    """Objects that a program wrote; a secret in them stays one."""
    listed = objects.value if isinstance(objects, Secret) else objects
    return [one.value if isinstance(one, Secret) else one for one in listed or []]


def _file(cluster: Cluster, _name: str, inputs: Props) -> list[Object]:
    return normal(load([str(plain(inputs["file"]))], "", patterns=False), cluster.namespace, cluster)


def _chart(cluster: Cluster, name: str, inputs: Props) -> list[Object]:
    from localcloud.plugins.kubernetes.helm.chart import objects_of  # noqa: PLC0415

    return objects_of(cluster, name, plain(inputs))


_Make = Callable[[Cluster, str, Props], list[Object]]
_KINDS: Final[dict[str, tuple[_Make, frozenset[str]]]] = {
    "kubernetes:yaml/v2:ConfigGroup": (_group, frozenset({"files", "objs", "yaml"})),
    "kubernetes:yaml/v2:ConfigFile": (_file, frozenset({"file"})),
    "kubernetes:helm.sh/v4:Chart": (
        _chart,
        frozenset(
            {
                *("chart", "dependencyUpdate", "devel", "includeHooks", "keyring", "name", "namespace", "plainHttp"),
                *("postRenderer", "repositoryOpts", "skipCrds", "valueYamlFiles", "values", "verify", "version"),
            }
        ),
    ),
}
