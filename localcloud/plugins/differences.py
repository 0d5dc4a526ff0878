"""The results of a comparison, and those that the user wants ignored."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

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
