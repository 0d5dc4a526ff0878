"""Reads a client package that Microsoft's generator wrote: what a request looks like, and what its types are.

The generator writes every package in one style. What does not look as it should is an error here, and not left out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from localcloud.azure.description import older
from localcloud.azure.description.model import Field, Model, Operation, Package, Parameter, Type
from localcloud.errors import LocalCloudError

_ALL = ("read", "create", "update", "delete", "query")
_SIMPLE = {"str": "str", "int": "int", "float": "float", "bool": "bool", "Any": "any", "bytes": "str", "object": "any"}
_QUALIFIED = {"datetime": "datetime", "date": "str", "time": "str", "timedelta": "str", "Decimal": "float"}


def read(home: Path) -> Package:
    """The description in a package's folder.

    Raises:
        LocalCloudError: the package is of another style.
    """
    if (home / "models" / "_models_py3.py").exists():
        text, enums = older.operations(home), {}
        models = older.models((home / "models" / "_models_py3.py").read_text())
    else:
        text = (home / "operations" / "_operations.py").read_text()
        enums = _enums(ast.parse((home / "models" / "_enums.py").read_text()))
        models = _models(ast.parse((home / "models" / "_models.py").read_text()), enums)
    operations = tuple(_operations(text, enums))
    if not operations or not models:
        raise LocalCloudError(f"{home} is no client package of Azure that can be read here")
    return Package(operations, models, enums)


# -- operations


def _operations(text: str, enums: dict[str, tuple[str, ...]]) -> Iterator[Operation]:
    first = re.search(r"^class \w+Operations", text, re.MULTILINE)
    if first is None:
        return
    builders = {
        one.name: _builder(one)
        for one in ast.parse(text[: first.start()]).body
        if isinstance(one, ast.FunctionDef) and one.name.startswith("build_")
    }
    for group, methods in _groups(text[first.start() :]):
        answers = {method.removeprefix("begin_"): found for method, code in methods if (found := _answer(code))}
        for method, code in methods:
            used = re.search(r"\b(build_\w+_request)\(", code)
            if used is None or used[1] not in builders:
                continue
            name = method.removeprefix("_").removesuffix("_initial")
            told = {**_call(code, enums), "answer": answers.get(name, ""), "long": name != method}
            yield replace(builders[used[1]], name=f"{group}.{name}", **told)


def _groups(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for part in re.split(r"^class ", text, flags=re.MULTILINE)[1:]:
        name = re.match(r"\w+", part)
        assert name is not None
        yield name[0].removesuffix("Operations"), list(_methods(part))


def _methods(text: str) -> Iterator[tuple[str, str]]:
    """Name and code, each overload, too."""
    for part in re.split(r"^    def ", text, flags=re.MULTILINE)[1:]:
        name = re.match(r"\w+", part)
        assert name is not None
        yield name[0], part


def _call(code: str, enums: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """The statuses and the body of a request, from the method that sends it."""
    statuses = re.search(r"response\.status_code not in \[([\d, ]+)\]", code)
    told: dict[str, Any] = {"statuses": tuple(int(one) for one in statuses[1].split(",")) if statuses else ()}
    signature = ast.parse(f"def {code[: code.index(') -> ')]}): ...").body[0]
    assert isinstance(signature, ast.FunctionDef)
    given = signature.args
    optional = given.args[len(given.args) - len(given.defaults) :] if given.defaults else []
    for one in given.args:
        if one.annotation is not None and "IO[bytes]" in ast.unparse(one.annotation):
            told |= {"body": _type(one.annotation, enums)[0], "body_required": one not in optional}
    return told


def _answer(code: str) -> str:
    """The model that the method makes of an answer, or of each one of a list."""
    found = re.search(r"_deserialize\(\s*(?:[Ll]ist\[)?_models\.(\w+)\]?,\s*(?:response\.json|deserialized\.get)", code)
    return found[1] if found else ""


def _builder(code: ast.FunctionDef) -> Operation:
    verb = url = version = ""
    query: list[Parameter] = []
    headers: list[str] = []
    for node, conditional in _statements(code.body, conditional=False):
        for call in (one for one in ast.walk(node) if isinstance(one, ast.Call)):
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            if name == "HttpRequest":
                verb = next(str(_constant(one.value)) for one in call.keywords if one.arg == "method")
        target = _target(node)
        if target == "_url" and isinstance(node, ast.Assign | ast.AnnAssign):
            url = url or _template(node.value)
        elif target == "api_version":
            version = next(
                str(one.value) for one in ast.walk(node) if isinstance(one, ast.Constant) and _is_version(one.value)
            )
        elif target.startswith("_params["):
            parameter = target[len("_params[") : -1]
            if parameter != "api-version":
                query.append(Parameter(parameter, not conditional, _kind(node)))
        elif target.startswith("_headers[") and target[len("_headers[") : -1].lower() not in ("accept", "content-type"):
            headers.append(target[len("_headers[") : -1].lower())
    if not (verb and url):
        raise LocalCloudError(f"{code.name} says no verb or no URL")
    return Operation("", verb, url, version, tuple(query), tuple(headers))


def _statements(body: list[ast.stmt], conditional: bool) -> Iterator[tuple[ast.stmt, bool]]:
    for node in body:
        if isinstance(node, ast.If):
            yield from _statements([*node.body, *node.orelse], conditional=True)
        else:
            yield node, conditional


def _target(node: ast.stmt) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        return f"{target.value.id}[{_constant(target.slice)}]"
    return ""


def _template(node: ast.expr | None) -> str:
    """A URL's, as it stands there or as the older generator takes it out of the arguments."""
    if isinstance(node, ast.Call) and len(node.args) == 2:
        node = node.args[1]
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _kind(node: ast.stmt) -> str:
    """How the client writes a parameter: `str`, `int`, `bool`, …: the last word that the serializer is given."""
    words = [
        one.args[2]
        for one in ast.walk(node)
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "query"
    ]
    return str(_constant(words[0])) if words else "str"


def _constant(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else ""


def _is_version(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}(-\w+)?", value) is not None


# -- types


def _enums(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    return {
        one.name: tuple(
            str(line.value.value)
            for line in one.body
            if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)
        )
        for one in tree.body
        if isinstance(one, ast.ClassDef)
    }


def _models(tree: ast.Module, enums: dict[str, tuple[str, ...]]) -> dict[str, Model]:
    classes = {one.name: one for one in tree.body if isinstance(one, ast.ClassDef)}
    own = {name: dict(_fields(one, enums)) for name, one in classes.items()}
    kinds: dict[str, dict[str, str]] = {}

    def bases(name: str) -> list[str]:
        found = [one.id for one in classes[name].bases if isinstance(one, ast.Name) and one.id in classes]
        return [*[inherited for one in found for inherited in bases(one)], *found]

    for name, one in classes.items():
        told = next((_constant(word.value) for word in one.keywords if word.arg == "discriminator"), "")
        for base in bases(name) if told else ():
            kinds.setdefault(base, {})[str(told)] = name
    return {
        name: Model(
            {field: told for one in (*bases(name), name) for field, told in own[one].items()},
            _discriminator(classes[name]),
            kinds.get(name, {}),
        )
        for name in classes
    }


def _fields(code: ast.ClassDef, enums: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, Field]]:
    for line in code.body:
        call = line.value if isinstance(line, ast.AnnAssign) else None
        if not (isinstance(line, ast.AnnAssign) and isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            continue
        if call.func.id not in ("rest_field", "rest_discriminator"):
            continue
        words = {word.arg: word.value for word in call.keywords}
        assert isinstance(line.target, ast.Name)
        wire = str(_constant(words["name"])) if "name" in words else line.target.id
        visibility = tuple(ast.literal_eval(words["visibility"])) if "visibility" in words else _ALL
        found, optional = _type(line.annotation, enums)
        yield wire, Field(found, not optional and visibility != ("read",), visibility)


def _discriminator(code: ast.ClassDef) -> str:
    for line in code.body:
        call = getattr(line, "value", None)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "rest_discriminator":
            return next((str(_constant(word.value)) for word in call.keywords if word.arg == "name"), "")
    return ""


def _type(node: ast.expr, enums: dict[str, tuple[str, ...]]) -> tuple[Type, bool]:
    """A type, and whether it may be left out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _type(ast.parse(node.value, mode="eval").body, enums)
    if isinstance(node, ast.Name) and node.id in _SIMPLE:
        return (_SIMPLE[node.id],), False
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if isinstance(node, ast.Attribute) and name in _QUALIFIED:
            return (_QUALIFIED[name],), False
        return ("enum" if name in enums else "model", name), False
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
        raise LocalCloudError(f"a type that cannot be read: {ast.unparse(node)}")
    inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    kind = node.value.id
    if kind == "Optional":
        return _type(inner[0], enums)[0], True
    if kind in ("list", "List"):
        return ("list", _type(inner[0], enums)[0]), False
    if kind in ("dict", "Dict"):
        return ("dict", _type(inner[1], enums)[0]), False
    if kind == "Literal":
        return ("any",), False  # the discriminator says which model it is
    if kind == "Union":
        # `Union[str, Enum]` is an enum; of a body the model comes first, and then what else the client takes it as.
        found = [_type(one, enums)[0] for one in inner if not _is_stream(one)]
        return next((one for one in found if one[0] == "enum"), found[0]), False
    raise LocalCloudError(f"a type that cannot be read: {ast.unparse(node)}")


def _is_stream(node: ast.expr) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "IO"
