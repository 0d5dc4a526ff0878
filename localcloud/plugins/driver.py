"""The plugin without an engine: one resource's life by direct calls in this process. For tests, and to look around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from pulumi.runtime.proto import provider_pb2

from localcloud.plugins.serving import Plugin
from localcloud.plugins.values import Props
from localcloud.plugins.wire import props_of, struct_of

if TYPE_CHECKING:
    from localcloud.plugins.remote import Remote


class Refused(Exception):
    """Check refused the inputs: path -> reason."""

    def __init__(self, failures: dict[str, str]) -> None:
        super().__init__(failures)
        self.failures = failures


class CallFailed(Exception):
    """A call was aborted; `details` is what the engine would show, `trailing` what it would read beside it."""

    def __init__(self, details: str, trailing: tuple[tuple[str, bytes], ...]) -> None:
        super().__init__(details)
        self.details = details
        self.trailing = trailing


class _Context:
    """The part of gRPC's context that a servicer uses."""

    trailing: tuple[tuple[str, bytes], ...] = ()

    def set_trailing_metadata(self, trailing: tuple[tuple[str, bytes], ...]) -> None:
        self.trailing = trailing

    def abort(self, _code: Any, details: str) -> NoReturn:
        raise CallFailed(details, self.trailing)


@dataclass
class Resource:
    """A resource as an engine keeps it."""

    token: str
    name: str
    inputs: Props
    id: str = ""
    outputs: Props = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return f"urn:pulumi:stack::project::{self.token}::{self.name}"


@dataclass(frozen=True)
class Plan:
    """The answer of Diff."""

    changed: list[str]
    replaces: list[str]
    detailed: dict[str, str]
    delete_first: bool


_KINDS = {0: "add", 1: "add-replace", 2: "delete", 3: "delete-replace", 4: "update", 5: "update-replace"}


class Driver:
    """A plugin, configured.

    Attributes:
        calls: how many calls all drivers of this kind have made.
    """

    calls: ClassVar[int] = 0

    def __init__(
        self, provider: Plugin | Remote, config: Props, timeout_seconds: float = 60, package: str = ""
    ) -> None:
        self.provider = provider
        self.timeout_seconds = timeout_seconds
        # As the engine says it, twice: some plugins read the one, some the other.
        variables = {f"{package}:config:{key}": str(value) for key, value in config.items()} if package else {}
        self.call(
            "Configure",
            provider_pb2.ConfigureRequest(args=struct_of(config), variables=variables, acceptSecrets=True),
        )

    def call(self, method: str, request: Any) -> Any:
        type(self).calls += 1
        return getattr(self.provider, method)(request, _Context())

    def check(self, token: str, name: str, inputs: Props, old_inputs: Props | None = None) -> Resource:
        """Checked inputs as a resource that does not exist yet."""
        resource = Resource(token, name, inputs)
        answer = self.call(
            "Check",
            provider_pb2.CheckRequest(
                urn=resource.urn,
                olds=struct_of(old_inputs or {}),
                news=struct_of(inputs),
                randomSeed=(token + name).encode(),
            ),
        )
        if answer.failures:
            raise Refused({failure.property: failure.reason for failure in answer.failures})
        resource.inputs = props_of(answer.inputs)
        return resource

    def diff(self, resource: Resource, inputs: Props, ignore: Sequence[str] = ()) -> Plan:
        """Against inputs as a program writes them."""
        news = self.check(resource.token, resource.name, inputs, resource.inputs).inputs
        answer = self.call(
            "Diff",
            provider_pb2.DiffRequest(
                id=resource.id,
                urn=resource.urn,
                olds=struct_of(resource.outputs),
                old_inputs=struct_of(resource.inputs),
                news=struct_of(news),
                ignoreChanges=ignore,
            ),
        )
        detailed = {path: _KINDS[one.kind] for path, one in answer.detailedDiff.items()}
        return Plan(list(answer.diffs), list(answer.replaces), detailed, answer.deleteBeforeReplace)

    def create(self, resource: Resource, preview: bool = False) -> Resource:
        request = provider_pb2.CreateRequest(
            urn=resource.urn, properties=struct_of(resource.inputs), preview=preview, timeout=self.timeout_seconds
        )
        answer = self.call("Create", request)
        resource.id, resource.outputs = answer.id, props_of(answer.properties)
        return resource

    def read(self, resource: Resource) -> Resource | None:
        """The resource as a refresh finds it."""
        answer = self.call(
            "Read",
            provider_pb2.ReadRequest(
                id=resource.id,
                urn=resource.urn,
                properties=struct_of(resource.outputs),
                inputs=struct_of(resource.inputs),
            ),
        )
        if not answer.id:
            return None
        return Resource(resource.token, resource.name, props_of(answer.inputs), answer.id, props_of(answer.properties))

    def update(self, resource: Resource, inputs: Props, preview: bool = False, ignore: Sequence[str] = ()) -> Resource:
        news = self.check(resource.token, resource.name, inputs, resource.inputs).inputs
        answer = self.call(
            "Update",
            provider_pb2.UpdateRequest(
                id=resource.id,
                urn=resource.urn,
                olds=struct_of(resource.outputs),
                old_inputs=struct_of(resource.inputs),
                news=struct_of(news),
                preview=preview,
                ignoreChanges=ignore,
                timeout=self.timeout_seconds,
            ),
        )
        return Resource(resource.token, resource.name, news, resource.id, props_of(answer.properties))

    def delete(self, resource: Resource) -> None:
        request = provider_pb2.DeleteRequest(
            id=resource.id, urn=resource.urn, properties=struct_of(resource.outputs), timeout=self.timeout_seconds
        )
        self.call("Delete", request)

    def invoke(self, token: str, **arguments: Any) -> Props:
        answer = self.call("Invoke", provider_pb2.InvokeRequest(tok=token, args=struct_of(arguments)))
        if answer.failures:
            raise Refused({failure.property: failure.reason for failure in answer.failures})
        return props_of(getattr(answer, "return"))
