"""The parts of a description."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Type = tuple[Any, ...]
"""`("str",)`, `("int",)`, `("float",)`, `("bool",)`, `("datetime",)`, `("any",)`, `("list", Type)`, `("dict", Type)`,
`("model", NAME)`, `("enum", NAME)`, `("literal", VALUE)`."""


@dataclass(frozen=True)
class Parameter:
    """One of a query: its name there, whether it has to be given, and the kind that the client writes it as."""

    name: str
    required: bool
    kind: str


@dataclass(frozen=True)
class Operation:
    """One call.

    Attributes:
        name: group and method, as the client has them: `ContainerApps.update`.
        verb: in capitals.
        url: a template: `/subscriptions/{subscriptionId}/…`.
        api_version: the one that the client speaks.
        query: what may be requested, beside the api-version.
        headers: those that mean something to it, in lower case, beside what every call has.
        body: its type; None if it takes none.
        body_required: whether it has to be there.
        statuses: those of an answer that is no error.
        answer: the model of a final answer, if there is one.
        long: whether the client polls for its end.
    """

    name: str
    verb: str
    url: str
    api_version: str
    query: tuple[Parameter, ...] = ()
    headers: tuple[str, ...] = ()
    body: Type | None = None
    body_required: bool = True
    statuses: tuple[int, ...] = ()
    answer: str = ""
    long: bool = False


@dataclass(frozen=True)
class Field:
    """One of a model; `visibility` is when it may be sent: `create`, `update`, …, and `read` for what is answered."""

    type: Type
    required: bool
    visibility: tuple[str, ...]

    @property
    def read_only(self) -> bool:
        return self.visibility == ("read",)


@dataclass(frozen=True)
class Model:
    """Wire name -> field, with those of its bases.

    Attributes:
        discriminator: the wire name of the field that says which of `kinds` a value is, if it has kinds.
        kinds: that field's value -> model.
    """

    fields: dict[str, Field]
    discriminator: str = ""
    kinds: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Package:
    """The description in one client package."""

    operations: tuple[Operation, ...]
    models: dict[str, Model]
    enums: dict[str, tuple[str, ...]]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Package:
        return Package(
            operations=tuple(_operation(one) for one in data["operations"]),
            models={name: _model(one) for name, one in data["models"].items()},
            enums={name: tuple(values) for name, values in data["enums"].items()},
        )


def _operation(data: dict[str, Any]) -> Operation:
    changed = {
        "query": tuple(Parameter(**one) for one in data["query"]),
        "headers": tuple(data["headers"]),
        "body": None if data["body"] is None else _type(data["body"]),
        "statuses": tuple(data["statuses"]),
    }
    return Operation(**{**data, **changed})


def _model(data: dict[str, Any]) -> Model:
    fields = {
        name: Field(_type(one["type"]), one["required"], tuple(one["visibility"]))
        for name, one in data["fields"].items()
    }
    return Model(fields, data["discriminator"], data["kinds"])


def _type(data: list[Any]) -> Type:
    return tuple(_type(one) if isinstance(one, list) else one for one in data)
