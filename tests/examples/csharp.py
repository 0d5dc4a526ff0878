"""The C# example held against the generated SDK where no .NET is to compile it: both are parsed, names compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import tree_sitter_c_sharp
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_c_sharp.language()))
_OURS = "Pulumi.Bluegreen"
_OTHERS = {"Config", "Dictionary<string, object?>"}
_LITERALS = {
    "string_literal": ("string",),
    "integer_literal": ("int", "double"),
    "real_literal": ("double",),
    "boolean_literal": ("bool",),
}


@dataclasses.dataclass
class Class:
    """A class of the SDK: its public properties with their types as they are written, and those that must be set."""

    properties: dict[str, str]
    required: set[str]


def text(node: Node | None) -> str:
    """The source of a node."""
    assert node is not None
    assert node.text is not None
    return node.text.decode()


def nodes(node: Node, kind: str) -> Iterator[Node]:
    """Every node of a kind, from the top down."""
    if node.type == kind:
        yield node
    for child in node.children:
        yield from nodes(child, kind)


def parse(source: bytes) -> Node:
    """The syntax tree; an assertion fails at what is no C#."""
    root = _PARSER.parse(source).root_node
    wrong = next((node.start_point for node in _all(root) if node.is_error or node.is_missing), None)
    assert wrong is None, f"line {wrong[0] + 1}, column {wrong[1] + 1} is not C#"
    return root


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)


def classes(sdk: Path) -> dict[tuple[str, str], Class]:
    """The SDK's classes by namespace and name."""
    by_name = {}
    for path in sorted(sdk.rglob("*.cs")):
        root = _PARSER.parse(path.read_bytes()).root_node
        namespace = next((text(node.child_by_field_name("name")) for node in nodes(root, "namespace_declaration")), "")
        for declared in nodes(root, "class_declaration"):
            one = Class({}, set())
            for member in nodes(declared, "property_declaration"):
                if "public" in text(member).split("{")[0]:
                    name = text(member.child_by_field_name("name"))
                    one.properties[name] = text(member.child_by_field_name("type"))
                    if "required: true" in text(member):
                        one.required.add(name)
            by_name[namespace, text(declared.child_by_field_name("name"))] = one
    return by_name


def problems(source: bytes, sdk: dict[tuple[str, str], Class]) -> list[str]:
    """The names in a program that the SDK does not have."""
    root = parse(source)
    used = {text(node.named_children[0]) for node in nodes(root, "using_directive")}
    known = {namespace for namespace, _ in sdk}
    missing = [f"no namespace {name}" for name in sorted(used) if name.startswith(_OURS) and name not in known]
    variables: dict[str, Class] = {}
    for made in nodes(root, "object_creation_expression"):
        name = text(made.child_by_field_name("type"))
        meant = [sdk[namespace, name] for namespace in used if (namespace, name) in sdk]
        if not meant and name in _OTHERS:
            continue
        if len(meant) != 1:
            missing.append(f"{len(meant)} classes are named {name}")
            continue
        if made.parent is not None and made.parent.type == "variable_declarator":
            variables[text(made.parent.child_by_field_name("name"))] = meant[0]
        if name.endswith("Args"):
            missing += _set(name, meant[0], made.child_by_field_name("initializer"))
    for access in nodes(root, "member_access_expression"):
        owner, member = text(access.child_by_field_name("expression")), text(access.child_by_field_name("name"))
        if owner in variables and member not in variables[owner].properties:
            missing.append(f"{owner} has no {member}")
    return missing


def _set(name: str, of: Class, initializer: Node | None) -> list[str]:
    """An object's initializer against its class."""
    missing, given = [], set()
    for child in initializer.named_children if initializer is not None else []:
        key, value = text(child.child_by_field_name("left")), child.child_by_field_name("right")
        assert value is not None
        given.add(key)
        if key not in of.properties:
            missing.append(f"{name} has no {key}")
            continue
        declared = of.properties[key]
        if value.type == "object_creation_expression":
            wanted = text(value.child_by_field_name("type"))
            if wanted not in declared:
                missing.append(f"{name}.{key} is {declared}, not {wanted}")
        elif value.type in _LITERALS and not any(kind in declared for kind in _LITERALS[value.type]):
            missing.append(f"{name}.{key} is {declared}, not {text(value)}")
    return missing + [f"{name} lacks {key}" for key in sorted(of.required - given)]
