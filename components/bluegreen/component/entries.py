"""Several entries of one component: their names, their order, and the problems with both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from bluegreen.component.declaration import refuse
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

E = TypeVar("E")

NAMES = "entry_names"


def named(
    name: str,
    entry: E | None,
    entries: Sequence[E] | None,
    names: Sequence[str] | None,
    kind: Callable[[E], str],
) -> list[tuple[str, E]]:
    """Each entry with its name, in the order in which the swap writes them; ``entry`` is the first, and has none.

    Args:
        name: the component's.
        entry: what has the component's own name.
        entries: the others.
        names: what they are called; ``None``: by their kinds.
        kind: an entry's kind.

    Raises:
        pulumi.RunError: naming what is wrong. Nothing was written.
    """
    given = list(entries or ())
    called = [kind(one) for one in given] if names is None else list(names)
    problems = []
    if len(called) != len(given):
        problems.append(Problem(NAMES, called, f"a name for each of the {len(given)} entries"))
    for index, one in enumerate(called):
        if one in called[:index] or not one:
            allowed = "a name of its own for each of the entries: it is part of the names of what they make"
            problems.append(Problem(f"{NAMES}[{index}]", one, allowed))
    if problems:
        refuse(name, problems)
    first = [("", entry)] if entry is not None else []
    return [*first, *zip(called, given, strict=True)]


def one_of(named_entries: Sequence[tuple[str, E]], default: E, several: Callable[[Sequence[tuple[str, E]]], E]) -> E:
    """The entry that a component declares: the default, its only one, or several as one.

    Args:
        named_entries: from ``named``.
        default: where none is given.
        several: makes one of several; also of a single one that has a name.
    """
    if not named_entries:
        return default
    return named_entries[0][1] if len(named_entries) == 1 and not named_entries[0][0] else several(named_entries)


def reached(
    entry_name: str,
    url: object,
    preview_urls: Mapping[Color, object],
    preview_headers: Mapping[Color, object],
) -> dict[str, Any]:
    """An item of the output ``entry_urls``: an entry's name, and the URLs of production and of each color there."""
    return {
        "name": entry_name,
        "url": url,
        "preview_urls": dict(preview_urls),
        "preview_headers": dict(preview_headers),
    }


def problems_at(index: int, entry_name: str, problems: Sequence[Problem]) -> list[Problem]:
    """The problems of one of several entries, each by where it stands."""
    path = "entry" if not entry_name else f"entries[{index}]"
    return [Problem(f"{path}.{problem.field}", problem.value, problem.allowed) for problem in problems]


def suffixed(name: str, entry_name: str) -> str:
    """The name that an entry's own resources are called after."""
    return f"{name}-{entry_name}" if entry_name else name


def owner_for(owner: str, entry_name: str) -> str:
    """The owner of an entry's object: two of them may stand on one listener."""
    return f"{owner}/{entry_name}" if entry_name else owner
