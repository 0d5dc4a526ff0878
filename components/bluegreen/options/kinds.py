"""The kinds of options: how each is read from a section of the inputs, and its type in Python programs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bluegreen.fields import REQUIRED, UNKNOWN, Fields
from bluegreen.options.metadata import names_of
from bluegreen.rollout.model import COLORS
from bluegreen.secrets import SecretRef, parse_url, refuse_credentials


class Kind(Protocol):
    """One kind of value."""

    @property
    def hint(self) -> str:
        """The type of the argument in the public function, as it is written there."""
        ...

    @property
    def bounds(self) -> str:
        """The allowed values, for the documentation; empty where the type says it all."""
        ...

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """Read the value from a section; note the problems with it.

        Args:
            fields: the section.
            name: the option's name in it.
            default: what counts when it is absent; ``fields.REQUIRED`` where it may not be.
        """
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is not empty.

    Attributes:
        choices: the texts that are allowed, or a function that finds them out; ``None``: any.
        fits: whether a text is one that is allowed.
        allowed: what is allowed, in words.
        later: whether it may be a value that only an update knows.
        address: whether it is a URL, in which no user's name and password may stand: it is kept in the state.
        any_text: whether the public function takes whatever text, since programs have it from their configuration: the
            choices are for the check alone then.
    """

    choices: Iterable[str] | Callable[[], Iterable[str] | None] | None = None
    fits: Callable[[str], object] | None = None
    allowed: str = ""
    later: bool = False
    address: bool = False
    any_text: bool = False

    @property
    def hint(self) -> str:
        """A literal where the choices are known without asking."""
        if self.choices is not None and not callable(self.choices) and not self.any_text:
            return f"Literal[{', '.join(repr(choice) for choice in self.choices)}]".replace("'", '"')
        return "pulumi.Input[str]" if self.later else "str"

    @property
    def bounds(self) -> str:
        """Empty: the hint has the choices."""
        return ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """Read one text."""
        choices = self.choices() if callable(self.choices) else self.choices
        value = fields.text(name, default, choices=choices, allowed=self.allowed if choices is None else "")
        if self.address and refuse_credentials(fields, name, value):
            return UNKNOWN
        if self.fits is not None and isinstance(value, str) and value is not default and not self.fits(value):
            fields.problem(name, value, self.allowed)
            return UNKNOWN
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """A number within limits.

    Attributes:
        least: the smallest that is allowed.
        most: the largest.
        unit: for messages; names have their unit in them.
        whole: whether it has no fraction.
    """

    least: float = 0
    most: float = math.inf
    unit: str = ""
    whole: bool = False

    @property
    def hint(self) -> str:
        """The type in Python: ``int`` or ``float``."""
        return "int" if self.whole else "float"

    @property
    def bounds(self) -> str:
        """The smallest and the largest value."""
        if self.most < math.inf:
            return f"{_plain(self.least)} to {_plain(self.most)}"
        return f"{_plain(self.least)} or more" if self.least > 0 else ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """Read one number."""
        if self.whole:
            limits = {"most": int(self.most)} if self.most < math.inf else {}
            return fields.whole(name, default, least=int(self.least), **limits)
        return fields.number(name, default, least=self.least, most=self.most, unit=self.unit)


@dataclass(frozen=True, slots=True)
class AnyNumber:
    """A finite number of any sign."""

    hint: str = "float"
    bounds: str = ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """Read one number; the default when it is absent."""
        value = fields.raw(name)
        if value is None or value is UNKNOWN:
            return default if value is None else value
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            fields.problem(name, value, "a number")
            return UNKNOWN
        return value


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    hint: str = "bool"
    bounds: str = ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """Read one flag; an unknown value counts as the default."""
        value = fields.raw(name, default)
        if isinstance(value, bool):
            return value
        if value is not UNKNOWN:
            fields.problem(name, value, "true or false")
        return default


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts.

    Attributes:
        least: how many there are at least.
        most: how many at most.
        allowed: what is allowed, in words.
        fits: whether a text is one that is allowed.
        each: what each may be, in words.
        choices: the texts that are allowed; ``None``: any.
        or_one: whether the public function's type names a single text, too.
    """

    least: int = 0
    most: float = math.inf
    allowed: str = "a list of texts"
    fits: Callable[[str], object] | None = None
    each: str = ""
    choices: tuple[str, ...] | None = None
    or_one: bool = False

    @property
    def hint(self) -> str:
        """A list, or a text."""
        return "str | Sequence[str]" if self.or_one else "Sequence[str]"

    @property
    def bounds(self) -> str:
        """The choices, or the number of texts."""
        if self.choices is not None:
            return ", ".join(f"``{choice}``" for choice in self.choices)
        return f"{self.least} to {self.most:g}" if self.most < math.inf else ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:  # noqa: ARG002 - absent is empty
        """Read all texts."""
        texts = fields.texts(name)
        given = fields.raw(name)
        none = given is None or given == []
        count = len(given) if isinstance(given, (list, tuple)) else 0
        counted = none or isinstance(given, (list, tuple))
        if counted and not fields.unknown and not self.least <= count <= self.most:
            fields.problem(name, given, self.allowed)
        for index, item in enumerate(texts):
            if self.choices is not None and item not in self.choices:
                fields.problem(f"{name}[{index}]", item, ", ".join(self.choices))
            if self.fits is not None and not self.fits(item):
                fields.problem(f"{name}[{index}]", item, self.each)
        return texts


@dataclass(frozen=True, slots=True)
class TextMap:
    """An object of texts.

    Attributes:
        later: whether its values may be ones that only an update knows.
    """

    later: bool = False
    bounds: str = ""

    @property
    def hint(self) -> str:
        """Texts by name."""
        return f"Mapping[str, {'pulumi.Input[str]' if self.later else 'str'}]"

    def read(self, fields: Fields, name: str, default: Any) -> Any:  # noqa: ARG002 - absent is empty
        """Read all entries."""
        return fields.mapping(name)


@dataclass(frozen=True, slots=True)
class Objects:
    """An object of values of any kind.

    Attributes:
        allowed: what is allowed, in words.
    """

    allowed: str = "an object with named fields"
    hint: str = "Mapping[str, object]"
    bounds: str = ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:  # noqa: ARG002 - absent is empty
        """Read all entries."""
        value = fields.raw(name)
        if value is not None and value is not UNKNOWN and not isinstance(value, Mapping):
            fields.problem(name, value, self.allowed)
        return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Anything:
    """A value of any kind, which is passed on.

    Attributes:
        hint: its type in the public function.
        fits: whether a value is one that is allowed.
        allowed: what is allowed, in words.
    """

    hint: str = "object"
    fits: Callable[[object], object] | None = None
    allowed: str = ""
    bounds: str = ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """Read the value."""
        value = fields.raw(name, default)
        if self.fits is not None and value is not UNKNOWN and not self.fits(value):
            fields.problem(name, value, self.allowed)
        return value


@dataclass(frozen=True, slots=True)
class Secret:
    """A reference to a secret; the secret itself is never an input."""

    hint: str = "Reference"
    bounds: str = ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """Read the reference; ``None`` when it is absent, not known yet or refused."""
        return SecretRef.parse(fields.section(name, default))


@dataclass(frozen=True, slots=True)
class Address:
    """A URL as text, or a reference to it."""

    hint: str = "str | Reference"
    bounds: str = ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """Read the text or the reference."""
        return parse_url(fields, name, required=default is REQUIRED)


@dataclass(frozen=True, slots=True)
class Made:
    """A value that a function of its own reads.

    Attributes:
        hint: its type in the public function.
        take: reads it from the section that it stands in, by its name.
    """

    hint: str
    take: Callable[[Fields, str], Any]
    bounds: str = ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:  # noqa: ARG002 - the function knows what is absent
        """Read the value with the function."""
        return self.take(fields, name)


@dataclass(frozen=True, slots=True)
class Both:
    """One value for each color.

    Attributes:
        each: what each is.
        differs: what green's has to be where blue's will not do, in words; empty where both may be one.
    """

    each: Kind
    differs: str = ""

    @property
    def hint(self) -> str:
        """A mapping by color."""
        return f"Mapping[Color, {self.each.hint}]"

    @property
    def bounds(self) -> str:
        """The bounds of each value."""
        return self.each.bounds

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """Read both values; the default when the section is absent."""
        section = fields.section(name, REQUIRED if default is REQUIRED else None)
        if section is None:
            return default
        by_color = {color: self.each.read(section, color, REQUIRED) for color in COLORS}
        if self.differs and by_color["blue"] == by_color["green"] and by_color["blue"] is not UNKNOWN:
            section.problem("green", by_color["green"], self.differs)
        section.done()
        return by_color


@dataclass(frozen=True, slots=True)
class Nested:
    """An object whose fields are options of a class of their own.

    Attributes:
        of: the class, whose ``parse`` makes one of a section, and refuses what it does not know.
        hint: its type in the public function.
    """

    of: Any
    hint: str = "Mapping[str, Any]"

    @property
    def bounds(self) -> str:
        """The names of its fields."""
        return ", ".join(f"``{name}``" for name in names_of(self.of))

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """Read an instance of the class; the default when the section is absent."""
        section = fields.section(name, REQUIRED if default is REQUIRED else None)
        if section is None:
            return default
        made = self.of.parse(section)
        section.done()
        return made


def _plain(number: float) -> str:
    """A number as text, without an exponent."""
    return f"{number:.10f}".rstrip("0").rstrip(".")
