"""YAML as kubectl reads it: the values of a file that an API server would get.

kubectl makes JSON of YAML before anybody knows what a field is. What a plain scalar is taken for is decided by the
library that it does so with, which is neither YAML 1.1 as Python's library has it nor the core schema of 1.2: a date, a
time of day and ``=`` are texts, ``1e3`` and ``0o644`` are numbers, ``y`` and ``on`` are booleans, and every key is a
text. Of two equal keys the last one counts, a merge too; numbers beyond 64 bits lose digits, as JSON's do.
Source: https://github.com/kubernetes-sigs/yaml (``goyaml.v2/resolve.go``, ``goyaml.v2/decode.go``, ``yaml.go``).
"""

from __future__ import annotations

import base64
import contextlib
import json
import math
import re
import struct
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_TAG = "tag:yaml.org,2002:"
_QUOTED = "!"  # the tag that says: this is a text
_PLAIN = ""
_WORDS: dict[str, Any] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], math.nan),
    **{f"{sign}{word}": math.inf for sign in ("", "+") for word in (".inf", ".Inf", ".INF")},
    **{f"-{word}": -math.inf for word in (".inf", ".Inf", ".INF")},
}
_INT = re.compile(r"[-+]?(?:0[bB][01]+|0[oO]?[0-7]+|0[xX][0-9a-fA-F]+|0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_LONGEST_WHOLE = 1e21  # beyond it JSON has an exponent
_SURROGATE = re.compile("[\ud800-\udfff]")
# Of texts that say little and mean endlessly much by aliases: what kubectl refuses, too.
_MANY, _TIMES = 1_000, 100


class _Loader(yaml.SafeLoader):
    """Composes nodes; their meaning is for ``_Reader``."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - the library declares it like that

    def scan_to_next_token(self) -> None:
        """Continue to the next token: a tab is a space, too, where no indentation can be meant."""
        super().scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
            self.forward()
            super().scan_to_next_token()

    def compose_scalar_node(self, anchor: Any) -> ScalarNode:
        """Make a scalar that knows whether it has an explicit tag."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        said = event.tag
        node = super().compose_scalar_node(anchor)
        node.tag = said if said is not None else _PLAIN if event.style is None else _QUOTED
        return node


def objects_in(text: str) -> list[Any]:
    """The documents of a text, but for empty ones.

    Raises:
        yaml.YAMLError: it is no YAML.
        ValueError: it holds what JSON cannot say: a number that there is not, a key that is none.
    """
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):  # JSON most likely, whose escapes YAML reads in another way
        with contextlib.suppress(json.JSONDecodeError):
            return [_of_json(value) for value in _json_values(text)]
    try:
        nodes = list(yaml.compose_all(text, Loader=_Loader))
        values = [_Reader().value(node) for node in nodes if node is not None]
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return [one for one in values if one is not None]


def _json_values(text: str) -> Iterator[Any]:
    """One value after the other: a file may hold several without anything between them."""

    def no_number(word: str) -> Any:
        raise ValueError(f"{word} is no number in JSON")

    decoder = json.JSONDecoder(parse_constant=no_number)
    rest = text.lstrip("\ufeff \t\r\n")
    while rest:
        value, end = decoder.raw_decode(rest)
        yield value
        rest = rest[end:].lstrip()


def _of_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _of_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_of_json(item) for item in value]
    return _number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else _text_of(value)


class _Reader:
    """Makes values of one document's nodes."""

    def __init__(self) -> None:
        self._within: set[int] = set()
        self._seen: set[int] = set()
        self._made = 0

    def value(self, node: Node) -> Any:
        """A node's value, as JSON has it."""
        self._made += 1
        self._seen.add(id(node))
        if self._made > max(_MANY, _TIMES * len(self._seen)):
            raise ValueError("most of it is aliases of aliases")
        if isinstance(node, ScalarNode):
            return _as_json(_scalar(node))
        if id(node) in self._within:
            raise ValueError(f"{_line(node)}: a value contains itself")
        self._within.add(id(node))
        try:
            if isinstance(node, SequenceNode):
                return [self.value(item) for item in node.value]
            return self._mapping(node)
        finally:
            self._within.discard(id(node))

    def _mapping(self, node: Node) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, item in node.value:
            if isinstance(key, ScalarNode) and key.value == "<<" and key.tag in (_PLAIN, f"{_TAG}merge"):
                self._merge(item, made)
            elif isinstance(key, ScalarNode):
                made[_key(_scalar(key), key)] = self.value(item)
            else:
                raise ValueError(f"{_line(key)}: a key that is a list or an object")
        return made

    def _merge(self, node: Node, made: dict[str, Any]) -> None:
        """Merge other objects in: of several keys the later one in a text wins, in a list the first one."""
        several = list(reversed(node.value)) if isinstance(node, SequenceNode) else [node]
        if not all(isinstance(one, MappingNode) for one in several):
            raise ValueError(f"{_line(node)}: << takes an object, or a list of objects")
        for one in several:
            made.update(self.value(one))


def _line(node: Node) -> str:
    return f"line {node.start_mark.line + 1}"


def _scalar(node: ScalarNode) -> Any:
    """A scalar's value in YAML: a number may be one that JSON does not have.

    Raises:
        ValueError: it is not what its tag says.
    """
    text, tag = str(node.value), str(node.tag)
    if tag == f"{_TAG}binary":
        return base64.b64decode(text, validate=False).decode()
    kinds: dict[str, tuple[type, ...]] = {"bool": (bool,), "float": (float, int), "int": (int,), "null": (type(None),)}
    if tag == _PLAIN:
        return _resolved(text)
    allowed = kinds.get(tag.removeprefix(_TAG)) if tag.startswith(_TAG) else None
    if allowed is None:
        return text  # of a tag that nobody knows it is a text
    value = _resolved(text)
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        raise ValueError(f"{_line(node)}: {text!r} is no {tag.removeprefix(_TAG)}")
    return value


def _resolved(text: str) -> Any:
    """The value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    plain = text.replace("_", "")
    if text.startswith("._") or not (text[:1].isdecimal() or text[:1] in ("+", "-", ".")):
        return text
    if _INT.match(plain):
        whole = _whole(plain)
        if -(2**63) <= whole < 2**64:
            return whole
    if _FLOAT.match(plain) and math.isfinite(number := float(plain)):
        return number
    return text


def _whole(text: str) -> int:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if len(digits) > 1 and digits.startswith("0") and digits[1].isdigit():
        return sign * int(digits, 8)
    return sign * int(digits, 0)


# -- as JSON has it


def _as_json(value: Any) -> Any:
    return _number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else _text_of(value)


def _number(value: float) -> float | int:
    """A number as JSON has it: 64 bits, and a whole one without a point.

    Raises:
        ValueError: it is none.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number in JSON")
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < _LONGEST_WHOLE else number


def _text_of(value: Any) -> Any:
    if isinstance(value, str) and _SURROGATE.search(value):
        raise ValueError(f"{value!r} has half a character in it")
    return value


def _key(key: Any, node: Node) -> str:
    """A key as JSON has it."""
    if key is None or (isinstance(key, int) and key >= 2**63):
        raise ValueError(f"{_line(node)}: {node.value or 'null'} is no key")
    if isinstance(key, bool):
        return "true" if key else "false"
    return _key_of_float(key) if isinstance(key, float) else str(_text_of(key))


def _key_of_float(key: float) -> str:
    """A number with the digits that 32 bits tell apart, as the library says a key."""
    if not math.isfinite(key):
        return ".nan" if math.isnan(key) else ".inf" if key > 0 else "-.inf"
    try:
        kept = struct.pack("f", key)
    except OverflowError:
        raise ValueError(f"{key} is no key") from None
    digits = next(count for count in range(9) if struct.pack("f", float(f"{key:.{count}e}")) == kept)
    shown = f"{key:.{digits}e}"
    exponent = int(shown.partition("e")[2])
    return f"{float(shown):.{max(digits - exponent, 0)}f}" if -5 < exponent < 6 else shown
