"""Writes `properties.json`: the property names and types that the installed `pulumi_aws` SDK sends and expects.

The SDK's modules are parsed, not imported: importing it takes seconds, and a plugin starts with every command.

    python -m localcloud.plugins.aws.generate

Types are written short: `s` string, `i` integer, `f` number, `b` boolean, `[T` list, `{T` map, `@Name` an object
listed under `objects`, `j` a JSON document as string or object, `*` anything. A trailing `!` on a name marks a required
property.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import keyword
import re
from functools import cache
from pathlib import Path

from localcloud.plugins.aws.registry import INVOKES, RESOURCES

TABLE = Path(__file__).with_name("properties.json")
_SCALARS = {"str": "s", "int": "i", "float": "f", "bool": "b", "Any": "*"}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def _folder(module: str) -> Path:
    """The folder of a module in the SDK: Python's own words get an underscore."""
    return _sdk() / (f"{module}_" if keyword.iskeyword(module) else module)


def _sdk() -> Path:
    spec = importlib.util.find_spec("pulumi_aws")
    if spec is None or spec.origin is None:
        raise SystemExit("pulumi_aws is not installed: pip install '.[aws]'")
    return Path(spec.origin).parent


@cache
def _classes(path: Path) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)}


def _short(node: ast.expr, module: str, objects: set[tuple[str, str]]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value.endswith("PolicyDocumentArgs"):
            return "j"
        if _is_enum(node):
            return "s"
        objects.add((module, node.value))
        return "@" + module + "." + node.value.removesuffix("Args")
    if isinstance(node, ast.Attribute):
        if node.attr in _SCALARS:
            return _SCALARS[node.attr]
        if isinstance(node.value, ast.Name) and node.value.id == "outputs":
            return "*"
        raise ValueError(ast.unparse(node))
    if isinstance(node, ast.Name):
        return _SCALARS[node.id]
    if isinstance(node, ast.Subscript):
        outer = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer in {"Input", "Optional"}:
            return _short(inner[0], module, objects)
        if outer in {"Sequence", "List"}:
            return "[" + _short(inner[0], module, objects)
        if outer in {"Mapping", "Dict"}:
            return "{" + _short(inner[1], module, objects)
        if outer == "Union":
            kinds = [_short(item, module, objects) for item in inner if not _is_enum(item)]
            return "j" if "j" in kinds else kinds[0]
    raise ValueError(f"a type this generator does not know: {ast.unparse(node)}")


def _is_enum(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and not node.value.endswith("Args")


def _getters(cls: ast.ClassDef, module: str, objects: set[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Python name -> (wire name, type) of the class's `@pulumi.getter` properties."""
    getters: dict[str, tuple[str, str]] = {}
    for node in cls.body:
        if not isinstance(node, ast.FunctionDef) or node.returns is None:
            continue
        for mark in node.decorator_list:
            wire = None
            if isinstance(mark, ast.Attribute) and mark.attr == "getter":
                wire = node.name
            elif isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == "getter":
                names = [k.value.value for k in mark.keywords if k.arg == "name" and isinstance(k.value, ast.Constant)]
                wire = str(names[0]) if names else node.name
            if wire is not None:
                getters[node.name] = (wire, _short(node.returns, module, objects))
    return getters


def _required(cls: ast.ClassDef) -> set[str]:
    for node in cls.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            return {arg.arg for arg, default in pairs if default is None}
    return set()


def inputs_of(cls: ast.ClassDef, module: str, objects: set[tuple[str, str]]) -> dict[str, str]:
    required = _required(cls)
    return {
        wire + ("!" if name in required else ""): kind
        for name, (wire, kind) in sorted(_getters(cls, module, objects).items())
    }


def _resource(token: str, objects: set[tuple[str, str]]) -> dict[str, object]:
    module, name = token.split(":")[1].split("/", maxsplit=1)[0], token.rsplit(":", 1)[1]
    classes = _classes(_folder(module) / f"{_snake(name)}.py")
    inputs = inputs_of(classes[name + "Args"], module, objects)
    known = {key.rstrip("!") for key in inputs}
    outputs = [wire for wire, _ in output_getters(classes[name]) if wire not in known]
    return {"in": inputs, "out": sorted(outputs)}


def output_getters(cls: ast.ClassDef) -> list[tuple[str, str]]:
    pairs = []
    for node in cls.body:
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Attribute) and mark.attr == "getter":
                    pairs.append((node.name, node.name))
                elif isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == "getter":
                    pairs.append((str(mark.keywords[0].value.value), node.name))  # type: ignore[attr-defined]
    return pairs


def _invoke(token: str) -> list[str]:
    """The argument names of a function: what its Python wrapper puts into `__args__`."""
    part, name = token.split(":")[1].split("/", maxsplit=1)[0], token.rsplit(":", 1)[1]
    path = _sdk() / (f"{_snake(name)}.py" if part == "index" else f"{part}/{_snake(name)}.py")
    names = re.findall(r"__args__\['(\w+)'\]", path.read_text())
    return sorted(set(names))


def build() -> dict[str, object]:
    """The whole table, from the SDK that is installed."""
    wanted: set[tuple[str, str]] = set()
    types = {token: _resource(token, wanted) for token in sorted(RESOURCES)}
    objects: dict[str, dict[str, str]] = {}
    while pending := [pair for pair in sorted(wanted) if object_name(*pair) not in objects]:
        for module, name in pending:
            cls = _classes(_folder(module) / "_inputs.py")[name]
            objects[object_name(module, name)] = inputs_of(cls, module, wanted)
    return {
        "types": types,
        "objects": dict(sorted(objects.items())),
        "invokes": {t: _invoke(t) for t in sorted(INVOKES)},
    }


def object_name(module: str, name: str) -> str:
    return module + "." + name.removesuffix("Args")


def text(table: dict[str, object]) -> str:
    """One entry a line, so that a new SDK version gives a readable diff."""
    sections = []
    for section, entries in table.items():
        assert isinstance(entries, dict)
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items()]
        sections.append(f" {json.dumps(section)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(sections) + "\n}\n"


if __name__ == "__main__":
    TABLE.write_text(text(build()))
    print(f"wrote {TABLE}")
