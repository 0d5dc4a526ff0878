"""Writes `properties.json`: the property names that the installed `pulumi_kubernetes` SDK sends, at every level.

The SDK's modules are read, not imported: importing it takes seconds, and a plugin starts with every command.

    python -m localcloud.plugins.kubernetes.generate

What a property holds is written short: `.` a single value, `[T` a list, `{T` a map, `@Name` an object listed under
`objects`, `*` anything.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("properties.json")
_CLASS = re.compile(r"^class (\w+)Args:$(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_GETTER = re.compile(r'@pulumi\.getter(?:\(name="([^"]+)"\))?\n    def (\w+)\(self\) -> (.*):\n')
_TOKEN = re.compile(r"super\(\w+, __self__\)\.__init__\(\s*'(kubernetes:[^']+)'")
_SKIPPED = {"helm", "kustomize", "yaml"}


def _sdk() -> Path:
    spec = importlib.util.find_spec("pulumi_kubernetes")
    if spec is None or spec.origin is None:
        raise SystemExit("pulumi_kubernetes is not installed: pip install '.[kubernetes]'")
    return Path(spec.origin).parent


@cache
def _objects_of(module: str) -> dict[str, dict[str, str]]:
    """Every object of a module (`apps.v1`): its name -> its property names and what they hold."""
    path = _sdk() / module.replace(".", "/") / "_inputs.py"
    return dict(_classes(path.read_text(), module)) if path.is_file() else {}


def _classes(text: str, module: str) -> Iterator[tuple[str, dict[str, str]]]:
    for name, body in _CLASS.findall(text):
        yield name, {wire or python: _short(kind, module) for wire, python, kind in _GETTER.findall(body)}


def _short(kind: str, module: str) -> str:
    kind = kind.strip()
    for outer in ("pulumi.Input[", "Optional["):
        if kind.startswith(outer):
            return _short(kind[len(outer) : -1], module)
    if kind.startswith("Sequence["):
        return "[" + _short(kind[len("Sequence[") : -1], module)
    if kind.startswith("Mapping["):
        return "{" + _short(kind[len("Mapping[") : -1].split(",", 1)[1], module)
    if named := re.fullmatch(r"'(?:_(\w+)\.(\w+)\.)?(\w+)Args'", kind):
        package, version, name = named.groups()
        return f"@{package}.{version}.{name}" if package else f"@{module}.{name}"
    if kind in {"Any", "_builtins.str", "_builtins.int", "_builtins.bool", "_builtins.float"}:
        return "*" if kind == "Any" else "."
    if kind.startswith(("Literal[", "'")):  # one word of several
        return "."
    if kind.startswith("Union["):
        parts = [_short(part, module) for part in _parts(kind[len("Union[") : -1])]
        return parts[0] if len(set(parts)) == 1 else "*"
    raise ValueError(f"a type this generator does not know: {kind}")


def _parts(text: str) -> list[str]:
    parts, depth = [""], 0
    for char in text:
        depth += (char == "[") - (char == "]")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [part for part in map(str.strip, parts) if not part.endswith("ArgsDict'")]


def _kinds() -> Iterator[tuple[str, dict[str, str]]]:
    """Every kind with its properties. Patches have their kind's names, and lists cannot be created."""
    for path in sorted(_sdk().glob("*/*/*.py")):
        if path.name.startswith("_") or path.parts[-3] in _SKIPPED:
            continue
        text = path.read_text()
        match = _TOKEN.search(text)
        if match is None or match[1].endswith(("Patch", "List")):
            continue
        module = ".".join(path.parts[-3:-1])
        (declared,) = [names for name, names in _classes(text, module) if name in {path.stem, path.stem + "Init"}]
        yield match[1], declared


def build() -> dict[str, dict[str, dict[str, str]]]:
    """The whole table, from the SDK that is installed."""
    types = {token: dict(sorted(declared.items())) for token, declared in _kinds()}
    objects: dict[str, dict[str, str]] = {}
    wanted = _named(types)
    while missing := sorted(wanted - set(objects)):
        for name in missing:
            module, _, kind = name.rpartition(".")
            objects[name] = dict(sorted(_objects_of(module)[kind].items()))
        wanted |= _named(objects)
    return {"types": types, "objects": dict(sorted(objects.items()))}


def _named(entries: dict[str, dict[str, str]]) -> set[str]:
    """The objects that the properties of some entries hold."""
    return {kind.lstrip("[{@") for entry in entries.values() for kind in entry.values() if "@" in kind}


def text(table: dict[str, dict[str, dict[str, str]]]) -> str:
    """One entry a line, so that a new SDK version gives a readable diff."""
    sections = []
    for section, entries in table.items():
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items()]
        sections.append(f" {json.dumps(section)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(sections) + "\n}\n"


if __name__ == "__main__":
    TABLE.write_text(text(build()))
    print(f"wrote {TABLE}")
