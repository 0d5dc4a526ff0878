"""Reading untrusted input: each field is checked by kind and range, and every problem is collected with its path.

Values that are not known yet (a preview of resources that do not exist) are ``UNKNOWN`` and pass every check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from bluegreen.rollout.errors import Problem
from bluegreen.secret_names import sounds_secret


class _Unknown:
    def __repr__(self) -> str:
        return "<not known yet>"


UNKNOWN = _Unknown()
"""Stands for a value that only an update will know."""

REQUIRED: Any = object()
"""The default of a field that must be given."""
T = TypeVar("T")


class Fields:
    """One section of the input: ask for each field by name and kind, then call ``done``."""

    def __init__(self, data: object, path: str = "", problems: list[Problem] | None = None) -> None:
        self.path = path
        self.problems: list[Problem] = [] if problems is None else problems
        self._seen: set[str] = set()
        self._data: Mapping[str, object] = {}
        #: A section that is not known yet has no problems of its own.
        self.unknown = data is UNKNOWN
        if isinstance(data, Mapping):
            self._data = {str(key): value for key, value in data.items() if value is not None}
        elif not self.unknown:
            self.problem("", data, "an object with named fields")

    def _name(self, name: str) -> str:
        return ".".join(part for part in (self.path, name) if part)

    def problem(self, name: str, value: object, allowed: str) -> None:
        """Note the problem with a field."""
        self.problems.append(Problem(self._name(name), value, allowed))

    def _take(self, name: str, default: T, allowed: str) -> object | T:
        self._seen.add(name)
        if name in self._data:
            return self._data[name]
        if default is REQUIRED and not self.unknown:
            self.problem(name, None, f"{allowed}; it is required")
        return UNKNOWN if default is REQUIRED else default

    def text(
        self, name: str, default: Any = REQUIRED, *, choices: Iterable[str] | None = None, allowed: str = ""
    ) -> Any:
        """A string that is not empty, one of ``choices`` where given."""
        options = None if choices is None else sorted(choices)
        allowed = allowed or (", ".join(options) if options is not None else "a text that is not empty")
        value = self._take(name, default, allowed)
        if value is UNKNOWN or value is default:
            return value
        if not isinstance(value, str) or not value or (options is not None and value not in options):
            self.problem(name, value, allowed)
            return UNKNOWN
        return value

    def number(
        self, name: str, default: Any = REQUIRED, *, least: float = 0, most: float = float("inf"), unit: str = ""
    ) -> Any:
        """A number from ``least`` to ``most``."""
        limits = f"{least:g} or more" if most == float("inf") else f"{least:g} to {most:g}"
        allowed = f"a number{' of ' + unit if unit else ''}, {limits}"
        value = self._take(name, default, allowed)
        if value is UNKNOWN or value is default:
            return value
        # NaN fails both comparisons and is refused with the rest.
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            self.problem(name, value, allowed)
            return UNKNOWN
        return value

    def whole(self, name: str, default: Any = REQUIRED, *, least: int = 0, most: int = 2**31 - 1) -> Any:
        """A whole number; ``10.0`` is one, since the engine sends every number as a float."""
        value = self.number(name, default, least=least, most=most)
        if value is UNKNOWN or value is default:
            return value
        if int(value) != value:
            self.problem(name, value, f"a whole number, {least} to {most}")
            return UNKNOWN
        return int(value)

    def section(self, name: str, default: Any = REQUIRED) -> Fields | None:
        """A nested object; ``None`` when it may be absent and is."""
        value = self._take(name, default, "an object with named fields")
        return None if value is None else Fields(value, self._name(name), self.problems)

    def sections(self, name: str) -> list[Fields]:
        """A list of nested objects; absent is an empty list."""
        return [
            Fields(item, f"{self._name(name)}[{index}]", self.problems)
            for index, item in enumerate(self._list(name, "a list of objects"))
        ]

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings; absent is an empty list."""
        texts = []
        for index, item in enumerate(self._list(name, "a list of texts")):
            if isinstance(item, str) and item:
                texts.append(item)
            elif item is not UNKNOWN:
                self.problem(f"{name}[{index}]", item, "a text that is not empty")
        return tuple(texts)

    def _list(self, name: str, allowed: str) -> Sequence[object]:
        value = self._take(name, (), allowed)
        if value is UNKNOWN:
            return ()
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            self.problem(name, value, allowed)
            return ()
        return value

    def mapping(self, name: str) -> dict[str, str]:
        """An object of strings; absent is empty."""
        value = self._take(name, None, "an object of texts")
        if value is None or value is UNKNOWN:
            return {}
        if not isinstance(value, Mapping):
            self.problem(name, value, "an object of texts")
            return {}
        for key, item in value.items():
            if not isinstance(item, str) and item is not UNKNOWN:
                self.problem(f"{name}.{key}", item, "a text")
        return {str(key): item for key, item in value.items() if isinstance(item, str)}

    def raw(self, name: str, default: object = None) -> object:
        """A value of any kind."""
        return self._take(name, default, "any value")

    def all_texts(self) -> Iterator[tuple[str, str]]:
        """Every text of the section, also within objects and lists, by its path below it. None of them is requested."""
        return _texts_in("", self._data)

    def done(self) -> None:
        """Refuse fields that nobody requested: a misspelt option must not be silently without effect.

        The value of one that is called as secrets are (``password``) is not shown.
        """
        for name in self._data:
            if name not in self._seen and not name.startswith("__"):
                allowed = f"no such field; known here: {', '.join(sorted(self._seen))}"
                self.problem(name, "<hidden>" if sounds_secret(str(name)) else self._data[name], allowed)


def _texts_in(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts_in(f"{path}.{key}" if path else str(key), one)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for index, one in enumerate(value):
            yield from _texts_in(f"{path}[{index}]", one)
