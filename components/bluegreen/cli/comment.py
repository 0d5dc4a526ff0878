"""A preview as Markdown for a pull request: what moves first, details folded. Pure.

What others wrote (names, releases, what a platform says) stands in code spans, so that nobody is mentioned by it, no
link comes of it and no HTML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bluegreen.cli.moves import Move
from bluegreen.rollout.plan import duration

LIMIT_CHARACTERS = 65_536
"""GitHub's own for a comment's body; GitLab allows more."""
_LEFT_OUT = "\n\n{} left out: a comment holds {:,} characters.\n"
_ROOM = 200


def marker(key: str) -> str:
    """The line by which the command finds its own comment again; a browser shows nothing of it.

    Args:
        key: what tells two comments of one pull request apart, such as project and stack.
    """
    return f"<!-- bluegreen:{re.sub(r'[^A-Za-z0-9._/-]', '-', key)} -->"


def markdown(
    moves: Sequence[Move], key: str, limit_characters: int = LIMIT_CHARACTERS, *, all_shown: bool = True
) -> str:
    """The comment.

    Args:
        moves: of the preview, those that do something first.
        key: see ``marker``.
        limit_characters: how long it may be; details go first where it is too long, then rows.
        all_shown: whether the preview lists unchanged resources, too: a stack without moves may have a swap otherwise.
    """
    moving = [move for move in moves if move.moves]
    head = f"{marker(key)}\n### Traffic: {_counted(moving, moves, all_shown=all_shown)}\n"
    parts = [_warnings(moves), _table([move for move in moves if move.moves or move.changed or move.warnings])]
    quiet = sum(not (move.moves or move.changed or move.warnings) for move in moves)
    tail = f"\n\n{_services(quiet)} unchanged." if quiet and quiet != len(moves) else ""
    details = [text for move in moves if (text := _details(move))]
    room = limit_characters - _ROOM - len(head) - len(tail)
    body = "".join(_fitting(parts, room))
    kept = _fitting(details, room - len(body))
    left = len(details) - len(kept)
    note = _LEFT_OUT.format(f"The details of {_services(left)} are", limit_characters) if left else ""
    return f"{head}{body}{''.join(kept)}{note}{tail}\n"


def _counted(moving: Sequence[Move], moves: Sequence[Move], *, all_shown: bool) -> str:
    if not moves:
        return "this stack has no swap" if all_shown else "nothing changes"
    if not moving:
        return f"nothing moves ({_services(len(moves))})"
    rest = len(moves) - len(moving)
    stays = f", {rest} {'stays' if rest == 1 else 'stay'} as {'it is' if rest == 1 else 'they are'}" if rest else ""
    return f"{_services(len(moving))} {'moves' if len(moving) == 1 else 'move'}{stays}"


def _services(count: int) -> str:
    return f"{count} service" if count == 1 else f"{count} services"


def _warnings(moves: Sequence[Move]) -> str:
    said = [f"> - {code(move.name)}: {code(warning)}\n" for move in moves for warning in move.warnings]
    return f"\n> [!WARNING]\n{''.join(_fitting(said, LIMIT_CHARACTERS // 4))}" if said else ""


def _table(moves: Sequence[Move]) -> str:
    if not moves:
        return ""
    rows = []
    for move in moves:
        cells = [code(move.name), _traffic(move), code(move.release) if move.release else "", move.does, _takes(move)]
        rows.append(f"| {' | '.join(cells)} |\n")
    kept = _fitting(rows, LIMIT_CHARACTERS // 2)
    left = len(rows) - len(kept)
    more = f"\n{_services(left)} more.\n" if left else ""
    return f"\n| Service | Traffic | Release | | Takes |\n| --- | --- | --- | --- | --- |\n{''.join(kept)}{more}"


def _traffic(move: Move) -> str:
    before = str(move.before) if move.before is not None else "as the warning says" if move.warnings else "nothing yet"
    if move.does == "destroyed":
        return f"{before} → nothing"
    after = "known during the update" if move.after is None else str(move.after)
    return before if before == after else f"{before} → **{after}**"


def _takes(move: Move) -> str:
    if not move.planned_seconds and not move.longest_seconds:
        return ""
    planned, longest = (duration(round(seconds or 0, 1)) for seconds in (move.planned_seconds, move.longest_seconds))
    return f"{planned}, {longest} at most"


def _details(move: Move) -> str:
    if not (move.steps or move.notes):
        return ""
    steps = "".join(f"{number}. {code(step)}\n" for number, step in enumerate(move.steps, 1))
    notes = "".join(f"- {code(note)}\n" for note in move.notes)
    count = f"{len(move.steps)} step{'s' if len(move.steps) != 1 else ''}" if move.steps else "notes"
    summary = f"<summary>{_escaped(move.name)}: {count}</summary>"
    return f"\n<details>{summary}\n\n{steps}{chr(10) if steps and notes else ''}{notes}\n</details>\n"


def code(text: str) -> str:
    """Text of somebody else's as a code span, on one line, also within a table."""
    seen = " ".join(text.split()).replace("|", "\\|")
    ticks = max((len(run) for run in re.findall(r"`+", seen)), default=0) + 1
    fence, pad = "`" * ticks, " " if ticks > 1 else ""
    return f"{fence}{pad}{seen}{pad}{fence}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")


def _fitting(texts: Sequence[str], room: int) -> list[str]:
    """As many of the first ones as fit."""
    kept: list[str] = []
    for text in texts:
        room -= len(text)
        if room < 0:
            break
        kept.append(text)
    return kept
