"""Words that shall not come back: docstrings have a subject, and names say what they hold."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("components/bluegreen", "localcloud", "dev", "demo", "stacks", "policies")
GONE = {
    "Ground": "EntryContext",
    "Entered": "EntryResources",
    "Asked": "the name of what is asked for",
    "Told": "the name of what is told",
    "Piece": "the name of the part",
    "Stand": "the name of the state",
    "outlook": "predicted_outputs",
    "rehearse": "preflight",
    "refuse_what_is_never_asked": "validate_reachable_gates",
}
"""Names of classes and functions, and what is said instead; a ``_`` before them makes no difference."""


@cache
def files(folder: str) -> tuple[tuple[str, str], ...]:
    """Where each Python file of a folder is, and its text."""
    paths = (path for path in sorted((ROOT / folder).rglob("*.py")) if path != Path(__file__))
    return tuple((path.relative_to(ROOT).as_posix(), path.read_text()) for path in paths)


@cache
def tree(text: str) -> ast.Module:
    """The meaning of a file."""
    return ast.parse(text)


@cache
def definitions() -> tuple[tuple[str, str, str], ...]:
    """Where each module, class and function stands, its name and its docstring."""
    listed = []
    for path, text in (file for folder in FOLDERS for file in files(folder)):
        for node in ast.walk(tree(text)):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                name = getattr(node, "name", "")
                listed.append((f"{path}: {name or 'the module'}", name, ast.get_docstring(node) or ""))
    return tuple(listed)


def test_docstrings_say_what_a_thing_is_and_not_what_it_is_about():
    """ "What a color runs" leaves open what one has in hand; "The release of a color" says it."""
    assert len(definitions()) > 5000
    riddles = [where for where, _, text in definitions() if text.startswith("What ")]
    assert not riddles, "\n".join(['begin with a noun or a verb ("The weights of …", "Return …"):', *riddles])


@pytest.mark.parametrize("word", GONE)
def test_a_name_that_was_a_riddle_is_not_back(word):
    back = [where for where, name, _ in definitions() if name.lstrip("_") == word]
    assert not back, "\n".join([f"say {GONE[word]}:", *back])


def test_pages_call_a_preflight_by_its_name():
    """The changelog alone knows what it was called before."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    assert len(pages) > 20
    assert not [page.name for page in pages if "rehears" in page.read_text().lower()]


RIDDLES = {
    r"told(?! (by|apart|from))": "is reported, gets, is called with",
    r"told (by|apart|from)": "identified by, distinguished from",
    r"asked": "runs (a gate), is read or called (a platform), is requested",
    r"(go|goes|going|went) on(?! (a|an|the|every|each|top|its|strike))": "runs, continues",
    r"shall": "must, should, is to, or the present tense",
    r"nobody's": "has no owner",
    r"bears?|bore": "has",
    r"is none of (the|this|a|it)\b": "is not part of, is managed outside",
    r"for good": "always, finally",
    r"holds itself to": "guarantees",
    r"whoever builds": "your build",
    r"asks no gates": "runs no gates",
}
"""Words that stopped readers, as patterns, and what is said instead."""

RIDDLE = re.compile("|".join(rf"\b(?:{word})\b" for word in RIDDLES), re.IGNORECASE)
NAMES = re.compile(r"``[^`]*``|`[^`\n]*`|^\s*\*{0,2}\w+(?= ?[:(])", re.MULTILINE)
"""Code within a text, and the names of arguments at the beginning of a line: they are what they are."""

DOCSTRING = re.compile(r'^ *r?"""(.*?)"""', re.MULTILINE | re.DOTALL)

AT_MOST_ON_PAGES = 4
"""Riddles that a new section may bring before somebody rewords it."""

AT_MOST = 40
"""Riddles in private docstrings and comments of everything, tests too, until somebody sweeps them again."""


def riddles(text: str) -> list[str]:
    """The words of a text that stopped readers."""
    return [found[0] for found in RIDDLE.finditer(NAMES.sub("", text))]


def instead(word: str) -> str:
    """The words that do for a riddle."""
    return next(better for pattern, better in RIDDLES.items() if re.fullmatch(pattern, word, re.IGNORECASE))


def suspects(*folders: str) -> list[tuple[str, str]]:
    """The files with a riddle anywhere, be it in a name: only these are worth a closer look."""
    return [(path, text) for folder in folders for path, text in files(folder) if RIDDLE.search(text)]


def strings(text: str) -> Iterator[tuple[int, str]]:
    """The texts of a file with a blank in them, and in which line each is; docstrings are none."""
    statements = {id(node.value) for node in ast.walk(tree(text)) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree(text)):
        said = node.value if isinstance(node, ast.Constant) and id(node) not in statements else None
        if isinstance(said, str) and " " in said.strip():
            yield node.lineno, said


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the gate is asked once", ["asked"]),
        ("A swap GOES ON beside it", ["GOES ON"]),
        ("a rule goes on the listener; `told` and ``asked`` are names", []),
        ("    told: whether it is fresh", []),
        ("it is nobody's, and none of the rest", ["nobody's"]),
    ],
)
def test_a_riddle_is_found_and_a_name_is_none(text, found):
    assert riddles(text) == found
    assert all(map(instead, found))


def test_pages_say_who_does_what():
    back = [
        f"{page.name}:{number}: {word!r}: say {instead(word)}"
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        for number, line in enumerate(page.read_text().splitlines(), 1)
        for word in riddles(line)
    ]
    assert len(back) <= AT_MOST_ON_PAGES, "\n".join(back)


def test_errors_and_events_say_who_does_what():
    """All texts that the package and the programs have, whatever prints them."""
    back = [
        f"{path}:{line}: {word!r}: say {instead(word)}"
        for path, text in suspects("components/bluegreen", "stacks", "policies", "demo")
        for line, said in strings(text)
        for word in riddles(said)
    ]
    assert not back, "\n".join(back)


def test_texts_of_a_file_are_found():
    text = '"""It was told."""\nraise E(f"nobody\'s {x} was told", "told")  # told\n'
    assert [said for _, said in strings(text)] == [" was told"]


def descriptions(schema: object) -> Iterator[str]:
    """Every description in a schema."""
    if isinstance(schema, dict):
        if isinstance(text := schema.get("description"), str):
            yield text
        for value in schema.values():
            yield from descriptions(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from descriptions(value)


def test_what_all_languages_read_says_who_does_what():
    """The schema has the public docstrings and each option's text."""
    texts = list(descriptions(json.loads((ROOT / "components" / "schema.json").read_text())))
    assert len(texts) > 500
    assert not [f"{text}: say {instead(word)}" for text in dict.fromkeys(texts) for word in riddles(text)]


def test_docstrings_and_comments_say_who_does_what_too():
    """Those that only developers read, of the tests as well: a few may come back before somebody sweeps them."""
    back = []
    for path, text in suspects(*FOLDERS, "tests"):
        said = [*DOCSTRING.findall(text), *re.findall(r"(?:^|\s)# .*", text)]
        back += [f"{path}: {word}: {one}" for one in said for word in riddles(one)]
    assert len(back) <= AT_MOST, "\n".join(back)
