"""One declaration of an option: from it come parsing, problems, the public function, its help, schemas and tables.

A class of options is a frozen data class. Each option is a field whose default is made by ``option``::

    @declared
    class HttpGate(Options):
        path: str = option("the requested path, with its query", Text(fits=..., allowed="a path that begins with /"))
        count: int = option("requests each time", Number(1, 100, whole=True), default=1)
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from bluegreen.fields import REQUIRED, Fields
from bluegreen.options.kinds import Kind
from bluegreen.options.metadata import OPTION, SEVERAL

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """For type checkers alone, which Python 3.10 does not know yet."""
        return lambda decorator: decorator


T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Option:
    """The declaration of one option.

    Attributes:
        attribute: its name in the class.
        name: its name in the inputs.
        argument: its name in the public function.
        help: what it means, as a phrase without a full stop.
        kind: what it can be.
        default: what counts when it is absent; ``fields.REQUIRED`` where it may not be.
        positional: whether the public function takes it without its name.
        absent: what absence means, in words, where the default does not say it.
    """

    attribute: str
    name: str
    argument: str
    help: str
    kind: Kind
    default: Any
    positional: bool = False
    absent: str = ""

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is REQUIRED

    @property
    def text(self) -> str:
        """The help with what is allowed and the default, as a sentence."""
        told = [self.kind.bounds] if self.kind.bounds and not _says(self.help, self.kind.bounds) else []
        default = self.absent or _shown(self.default)
        facts = ", ".join([*told, *([f"default {default}"] if default else [])])
        if not facts:
            return f"{self.help}."
        # Behind a sentence that has ended a further one begins.
        return f"{self.help}. {facts[:1].upper()}{facts[1:]}." if ". " in self.help else f"{self.help} ({facts})."


def _shown(default: Any) -> str:
    """A default as the documentation shows it; empty for one that says nothing."""
    if default is REQUIRED or default == "" or not isinstance(default, (str, int, float)):
        return ""
    if isinstance(default, bool):
        return "true" if default else "false"
    return f"``{default}``" if isinstance(default, str) else f"{default:g}"


def _says(text: str, bounds: str) -> bool:
    """Whether a text names each of the choices already."""
    choices = re.findall(r"``[^`]+``", bounds)
    return bool(choices) and all(choice in text for choice in choices)


def option(
    help: str,  # noqa: A002 - the word that argparse and click have for it
    kind: Kind,
    *,
    default: Any = REQUIRED,
    name: str = "",
    argument: str = "",
    positional: bool = False,
    absent: str = "",
) -> Any:
    """Declare an option; the arguments are ``Option``'s."""
    about = {OPTION: (help, kind, default, name, argument, positional, absent)}
    if default is REQUIRED:
        return dataclasses.field(metadata=about)
    if isinstance(default, (Mapping, list)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=about)  # type: ignore[call-arg]
    return dataclasses.field(default=default, metadata=about)


def several(section: type) -> Any:
    """Declare options that stand in the same section and make one value: a dictionary of what they are.

    Args:
        section: the class that declares them, with ``parse``.
    """
    return dataclasses.field(metadata={SEVERAL: section})


@dataclass_transform(frozen_default=True, field_specifiers=(option, dataclasses.field))
def declared(cls: type[T]) -> type[T]:
    """Make a class of options a frozen data class."""
    return dataclasses.dataclass(frozen=True, slots=True)(cls)


class Options:
    """The base of every class of options."""

    __slots__ = ()

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check a section of the inputs.

        Returns:
            The constructor's keyword arguments. What is wrong stands in ``fields.problems``.
        """
        values = read_options(cls, fields)
        cls.check(fields, values)
        return values

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Note problems with options that depend on each other; put values made of several options in ``values``."""


def read_options(cls: type, fields: Fields) -> dict[str, Any]:
    """The values of a class' options in a section, by attribute. The problems are in ``fields.problems``."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if SEVERAL in field.metadata:
            values[field.name] = dict(field.metadata[SEVERAL].parse(fields))
        elif OPTION in field.metadata:
            value = _option(field)
            values[value.attribute] = value.kind.read(fields, value.name, value.default)
    return values


def options_of(cls: type) -> Iterator[Option]:
    """The options of a class, in the order in which they are declared."""
    for field in dataclasses.fields(cls):
        if SEVERAL in field.metadata:
            yield from options_of(field.metadata[SEVERAL])
        elif OPTION in field.metadata:
            yield _option(field)


def _option(field: dataclasses.Field[Any]) -> Option:
    text, kind, default, name, argument, positional, absent = field.metadata[OPTION]
    name = name or field.name
    return Option(field.name, name, argument or name, text, kind, default, positional, absent)
