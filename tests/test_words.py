"""Words that shall not come back: docstrings have a subject, and names say what they hold."""

from __future__ import annotations

import ast
import re
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
def definitions() -> tuple[tuple[str, str, str], ...]:
    """Where each module, class and function stands, its name and its docstring."""
    listed = []
    for path in (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                name = getattr(node, "name", "")
                where = f"{path.relative_to(ROOT).as_posix()}: {name or 'the module'}"
                listed.append((where, name, ast.get_docstring(node) or ""))
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
    "shall": "must, or the present tense",
    "nobody's": "has no owner",
    "told by": "identified by, reported by",
    "goes on": "runs, continues",
    "is told": "is reported, gets a message",
    "are told": "are reported",
    "asks no gates": "runs no gates",
    "whoever builds": "your build",
    "gate is asked": "the gate runs",
    "gates are asked": "the gates run",
    "none of this stack's business": "managed outside this stack",
}
"""Words that stopped readers of the pages, and what is said instead."""


def test_pages_say_who_does_what():
    """A page about a table's column, or what a program prints, keeps the words of the code."""
    back = [
        f"{page.name}:{number}: {word!r}: say {RIDDLES[word]}"
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        for number, line in enumerate(re.sub(r"`[^`\n]*`", "``", page.read_text()).splitlines(), 1)
        for word in RIDDLES
        if re.search(rf"\b{word}\b", line)
    ]
    assert not back, "\n".join(back)
