"""A map of HAProxy's with one line: green's share of the requests. As a file, and as the runtime API shows it. Pure.

``green 10`` is 10 %. Without that line there is no live color: HAProxy's configuration answers 503 then.
"""

from __future__ import annotations

from bluegreen.rollout.model import Weights

KEY = "green"
_TITLE = "# The percent of requests for green, which a swap of bluegreen writes."


class Unfit(Exception):
    """Why a map is not one of the swap's, as the end of a sentence that begins with its name."""


def parsed(content: bytes | None) -> Weights:
    """The weights in the file.

    Raises:
        Unfit: it has something else in it.
    """
    lines = [] if content is None else content.decode("utf-8", "replace").splitlines()
    return _weights([line.split() for line in lines if not _is_comment(line)])


def shown(answer: str) -> Weights:
    """The weights in the answer of ``show map``: each line begins with where it is kept.

    Raises:
        Unfit: it has something else in it.
    """
    return _weights([line.split()[1:] for line in answer.splitlines() if line.strip()])


def text(weights: Weights, former: bytes | None = None) -> bytes:
    """The file. Both colors have all of the requests, or none has any.

    Args:
        weights: of both.
        former: what it has; comments stay.
    """
    kept = [line for line in (former or b"").decode("utf-8", "surrogateescape").splitlines() if _is_comment(line)]
    lines = [*(kept or [_TITLE]), *([] if weights == Weights() else [f"{KEY} {weights.green}"])]
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


def command(name: str, running: Weights, weights: Weights) -> str:
    """The command that changes the map in a running HAProxy.

    Args:
        name: the map's.
        running: what HAProxy goes by.
        weights: what it is to go by.
    """
    if weights == Weights():
        return f"clear map {name}"
    return f"{'add' if running == Weights() else 'set'} map {name} {KEY} {weights.green}"


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _weights(lines: list[list[str]]) -> Weights:
    if not lines:
        return Weights()
    if len(lines) > 1 or len(lines[0]) != 2 or lines[0][0] != KEY:
        raise Unfit(f"has other lines than one `{KEY} PERCENT`: it is somebody else's")
    percent = lines[0][1]
    if not percent.isdigit() or int(percent) > 100:
        raise Unfit(f"says `{KEY} {percent}`; allowed: a percent from 0 to 100")
    return Weights.split("green", int(percent))
