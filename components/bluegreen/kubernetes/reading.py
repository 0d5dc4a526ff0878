"""YAML as kubectl reads it. Pure.

kubectl reads YAML as Go's library does, which is not YAML 1.1 as Python's library has it: a date, a time of day and
``=`` are texts, ``1e3`` and ``0o644`` are numbers, and every key is a text.
Source: https://github.com/kubernetes-sigs/yaml (``goyaml.v2/resolve.go``).
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

import yaml

_LONGEST_WHOLE = 1e21  # beyond it JSON has an exponent
_INT = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)\Z")
_NUMBER = r"(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?"
_FLOAT = re.compile(rf"[-+]?(?:{_NUMBER}|\.(?:inf|Inf|INF))\Z|\.(?:nan|NaN|NAN)\Z")
_TAG = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """Reads as kubectl does."""


_KEPT = (f"{_TAG}bool", f"{_TAG}null", f"{_TAG}merge")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag in _KEPT]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(f"{_TAG}int", _INT, list("-+0123456789"))
_Loader.add_implicit_resolver(f"{_TAG}float", _FLOAT, list("-+0123456789."))


def _int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "")
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if len(digits) > 1 and digits.startswith("0") and digits[1].isdigit():
        return sign * int(digits, 8)
    return sign * int(digits, 0)


def _float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float | int:
    text = str(loader.construct_scalar(node)).replace("_", "").lower()
    found = float(text.replace(".inf", "inf").replace(".nan", "nan"))
    return int(found) if found.is_integer() and abs(found) < _LONGEST_WHOLE else found


_Loader.add_constructor(f"{_TAG}int", _int)
_Loader.add_constructor(f"{_TAG}float", _float)


def objects_in(text: str) -> list[Any]:
    """The documents of a text, but for empty ones.

    Raises:
        yaml.YAMLError: it is no YAML.
        ValueError: it holds a number that there is not.
    """
    if text.lstrip()[:1] in ("{", "["):  # JSON most likely, whose escapes YAML reads in another way
        with contextlib.suppress(ValueError):
            return [_with_texts_as_keys(json.loads(text))]
    return [_with_texts_as_keys(found) for found in yaml.load_all(text, Loader=_Loader) if found is not None]


def _with_texts_as_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key): _with_texts_as_keys(item) for key, item in value.items()}
    return [_with_texts_as_keys(item) for item in value] if isinstance(value, list) else value


def _key(key: Any) -> str:
    """A key as JSON has it."""
    if isinstance(key, bool) or key is None:
        return {True: "true", False: "false", None: "null"}[key]
    return str(key)
