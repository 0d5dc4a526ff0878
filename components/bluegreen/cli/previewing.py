"""`bluegreen plan` and `bluegreen comment`: what an update would do to traffic, for people and for pull requests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bluegreen.cli import comment as comments
from bluegreen.cli import posting, stack
from bluegreen.cli.exits import Exit
from bluegreen.cli.moves import Move, moves_in, shows_all
from bluegreen.cli.stack import CommandFailed, Place
from bluegreen.cli.view import VERSION
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.plan import duration
from bluegreen.secrets import redact

_PREVIEW_SECONDS = 1800


def plan(place: Place, swap: str | None, *, json_wanted: bool) -> Exit:
    """Preview the stack, and show each swap's move.

    Raises:
        CommandFailed: the preview failed; with its own words.
    """
    command = ["pulumi", "preview", "--json", "--show-sames", *place.words]
    moves = moves_in(parsed(stack.said(command, stack.run(command, _PREVIEW_SECONDS))))
    chosen = [move for move in moves if swap in (None, move.name)]
    if not chosen:
        known = ", ".join(move.name for move in moves) or "none"
        raise CommandFailed(f"the stack has no swap{f' called {swap}' if swap else ''}; it has: {known}")
    if json_wanted:
        print(redact(json.dumps({"version": VERSION, "moves": [move.as_dict() for move in chosen]}, indent=2)))
    else:
        print(redact("\n".join(line for move in chosen for line in lines(move))))
    return Exit.DONE


def lines(move: Move) -> list[str]:
    """One move for people."""
    weights = str(move.after) if move.before is None else f"{move.before} -> {move.after}"
    moved = {True: f": {weights}" if move.after is not None else "", False: f": {move.before}"}[move.moves]
    said = [f"{move.name}: {move.does}{moved}"]
    said += [f"  warning: {warning}" for warning in move.warnings]
    said += [f"  {number}. {step}" for number, step in enumerate(move.steps, 1)]
    if move.longest_seconds:
        planned = duration(round(move.planned_seconds or 0, 1))
        said.append(f"  takes {planned}, {duration(round(move.longest_seconds, 1))} at most (a restore is not in it)")
    return [*said, *(f"  {note}" for note in move.notes)]


def comment(text: str, key: str, clock: Clock, *, post_wanted: bool) -> Exit:
    """Make a preview's JSON into a comment; print it, or post it.

    Raises:
        CommandFailed: it is no preview's JSON, or the comment could not be posted.
    """
    preview = parsed(text)
    body = comments.markdown(moves_in(preview), key or _key_of(preview), all_shown=shows_all(preview))
    if not post_wanted:
        print(body, end="")
        return Exit.DONE
    print(f"comment {posting.post(posting.host_of(), body, clock)}")
    return Exit.DONE


def parsed(text: str) -> Mapping[str, Any]:
    """The JSON of `pulumi preview --json`, with whatever a program printed before it.

    Raises:
        CommandFailed: it is none.
    """
    start = text.find("{")
    try:
        preview = json.JSONDecoder().raw_decode(text[start:])[0] if start >= 0 else None
    except ValueError:
        preview = None
    if not isinstance(preview, Mapping) or "steps" not in preview:
        shown = redact(" ".join(text.split())[:200]) or "nothing"
        raise CommandFailed(f"this is not what `pulumi preview --json` prints: {shown}")
    return preview


def _key_of(preview: Mapping[str, Any]) -> str:
    """Project and stack, from the URNs."""
    urns: Sequence[str] = [str(step.get("urn", "")) for step in preview.get("steps") or ()]
    parts = next((urn.split("::") for urn in urns if urn.startswith("urn:pulumi:")), [])
    return f"{parts[1]}/{parts[0].removeprefix('urn:pulumi:')}" if len(parts) > 1 else "stack"
