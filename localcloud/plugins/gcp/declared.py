"""A type that the stand-in serves, as its table has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Declared:
    """A type.

    Attributes:
        api: its service's address, the word of the variable that leads elsewhere, how the paths there begin, and the
            name of the description.
        schema: what it is in the description.
        id: its identifier, which is its path, too.
        id_query: the query parameter that names it when it is made; without one the body does.
        update: the verb of an update.
        forces: inputs that cannot be changed, beside those in the identifier.
        kept: inputs that go as the state has them where a program gives none: Google sets them otherwise.
        beside: inputs that are the provider's own and not sent, as `Object.name` of the SDK's or `token.name`.
        guarded: whether it has `deletionProtection`, which is on unless a program says otherwise.
        renamed: inputs with another name on the wire than the SDK's or its singular: `Object.name` of the SDK's. With
            a dot it is in an object of its own there.
        made_first: whether one that takes another's place is made before that one goes.
        wrap: the object on the wire that all inputs but the name are in.
    """

    api: tuple[str, str, str, str]
    schema: str
    id: str
    id_query: str = ""
    update: str = "PATCH"
    forces: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    beside: frozenset[str] = frozenset()
    guarded: bool = False
    renamed: Mapping[str, str] = field(default_factory=dict)
    wrap: str = ""
    made_first: bool = False
