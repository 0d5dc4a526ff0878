"""The results of a comparison, and those that the user wants ignored."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from localcloud.plugins.values import UNKNOWN, Props

ADD, DELETE, UPDATE = "add", "delete", "update"


@dataclass(frozen=True)
class Difference:
    """One property that differs; `path` as the engine writes it: `spec.ports[0].port`, `metadata.labels["a.b"]`."""

    path: str
    kind: str
    replaces: bool

    @property
    def top(self) -> str:
        return self.path.split(".", 1)[0].split("[", 1)[0]


def covers(pattern: str, path: str) -> bool:
    """Whether an `ignoreChanges` path (`tags`, `actions[*].weight`, `*`) names the path or something above it."""
    pattern = pattern.replace('["', ".").replace('"]', "")
    path = path.replace('["', ".").replace('"]', "")
    if pattern in {"*", path} or path.startswith((pattern + ".", pattern + "[")):
        return True
    escaped = pattern.replace("[*]", "\0").replace("[", "[[]").replace("\0", "[[]*]")
    return fnmatchcase(path, escaped) or fnmatchcase(path, escaped + ".*")


def compared(olds: Props, news: Props, forces: Collection[str], ignore: tuple[str, ...]) -> list[Difference]:
    """How new inputs differ from old ones.

    Args:
        olds, news: the inputs.
        forces: those that cannot be changed.
        ignore: paths that the user wants ignored.
    """
    return [
        Difference(one.path, one.kind, one.top in forces)
        for one in _objects(olds, news, "")
        if not any(covers(pattern, one.path) for pattern in ignore)
    ]


def _objects(olds: Props, news: Props, path: str) -> Iterator[Difference]:
    for name in sorted({*olds, *news}):
        if name.startswith("__"):
            continue
        here = f'{path}["{name}"]' if "." in name else f"{path}.{name}" if path else name
        if name not in news:
            yield Difference(here, DELETE, replaces=False)
        elif name not in olds:
            yield Difference(here, ADD, replaces=False)
        else:
            yield from _values(olds[name], news[name], here)


def _values(old: Any, new: Any, path: str) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _objects(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        for number in range(max(len(old), len(new))):
            at = f"{path}[{number}]"
            if number >= len(new):
                yield Difference(at, DELETE, replaces=False)
            elif number >= len(old):
                yield Difference(at, ADD, replaces=False)
            else:
                yield from _values(old[number], new[number], at)
    elif new is UNKNOWN or old != new:
        yield Difference(path, UPDATE, replaces=False)
