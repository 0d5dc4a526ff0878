"""Writes that toggle: what is live and what is idle change places, so that the same request sent twice undoes itself.

Such a request is never sent again on the strength of an answer. Who is live is identified by a marker that travels
with the
content, and what came of a request by what the platform itself records: this is also how a process that was killed in
the middle is followed by the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bluegreen.rollout.calls import locked, pause
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Color

# How long an exchange whose answer says nothing, or of which nothing is seen, may take to show.
SHOWS_WITHIN_SECONDS = 30.0
_UNSEEN = "it could not be looked at"
_PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Standing:
    """The present content of two places that can be exchanged, as a platform reports it.

    Attributes:
        live: the color whose content has production; ``None`` where the content does not say.
        busy: the operation that is open on either of the two; empty where none is.
        last: the platform's record of the last exchange, as a text that another exchange changes; empty without one.
        failed: why the exchange that this process requested last came to nothing; empty as long as that is not known.
    """

    live: Color | None
    busy: str = ""
    last: str = ""
    failed: str = ""


class Exchanges(Protocol):
    """A port of its own beside ``write``: what a router needs to move all traffic where a platform can only exchange.

    Such a router has a class variable ``exchanges = True``: its first write is not rehearsed.
    """

    def standing(self) -> Standing:
        """Who is live, and whether something is open. A read, which may be repeated.

        Raises:
            PlatformError: the platform could not be reached.
        """
        ...

    def before_exchange(self, wanted: Color) -> None:
        """Find what would keep ``wanted`` from being live after an exchange. Reads alone; ``standing`` comes after it.

        Raises:
            PlatformError: naming it.
        """
        ...

    def exchange(self, wanted: Color) -> bool:
        """Ask for the exchange that makes ``wanted`` live: one request, which nothing sends again.

        Returns:
            Whether it was accepted; ``False`` where the answer does not say, or there is none.

        Raises:
            PlatformError: it was refused, and nothing was done.
        """
        ...


def bring_live(
    port: Exchanges, wanted: Color, *, limit_seconds: float, call: str = "exchange", seen: Standing | None = None
) -> None:
    """Exchange once if ``wanted`` is not live, and wait until the platform is done with it.

    Args:
        port: what exchanges.
        wanted: the color that is to have production.
        limit_seconds: how long the platform may be at it. The object takes no marks meanwhile.
        call: what is said to have failed, where something does.
        seen: what was read a moment ago; read anew where it is absent.

    Raises:
        LeaseLost: another swap took over; nothing was sent.
        PlatformError: something else is open there, or nobody knows who is live (nothing was sent in either case); or
            it was sent and did not come about.
    """
    if seen is None:
        seen = port.standing()
    if not _is_due(seen, wanted, call):
        return
    # The lease comes first: from the request on the object may be locked, also for the tags that say who holds it.
    with locked(limit_seconds):
        port.before_exchange(wanted)
        before = port.standing()
        if _is_due(before, wanted, call):
            _follow(port, wanted, before, port.exchange(wanted), limit_seconds, call)


def _is_due(standing: Standing, wanted: Color, call: str) -> bool:
    if standing.busy:
        raise PlatformError(call, f"another operation is open there: {standing.busy}; nothing was exchanged")
    if standing.live is None:
        raise PlatformError(call, "what is in production does not say which color it is; nothing was exchanged")
    return standing.live != wanted


def _follow(port: Exchanges, wanted: Color, before: Standing, accepted: bool, limit_seconds: float, call: str) -> None:
    """Only look, whatever the answer was."""
    waited_seconds, looks, begun = 0.0, 0, False
    while True:
        now = _looked(port)
        begun = begun or (bool(now.busy) and not now.busy.startswith(_UNSEEN))
        if not now.busy:
            if now.live == wanted:
                return
            if now.failed:
                raise PlatformError(call, now.failed)
            if now.last != before.last:
                raise PlatformError(call, f"{wanted} is not live after an exchange: somebody else has exchanged, too")
            if begun:
                raise PlatformError(call, f"the platform ended it without making {wanted} live")
        limit = limit_seconds if now.busy else min(SHOWS_WITHIN_SECONDS, limit_seconds)
        if waited_seconds >= limit:
            raise PlatformError(call, _late(now, wanted, limit, accepted=accepted))
        seconds = _PAUSES_SECONDS[min(looks, len(_PAUSES_SECONDS) - 1)]
        pause(seconds)
        waited_seconds, looks = waited_seconds + seconds, looks + 1


def _looked(port: Exchanges) -> Standing:
    """The present content; a look that fails says nothing of the request, so that nothing is undone for it."""
    try:
        return port.standing()
    except NotOwned:
        raise
    except PlatformError as error:
        return Standing(None, busy=f"{_UNSEEN}: {error}")


def _late(now: Standing, wanted: Color, limit: float, *, accepted: bool) -> str:
    if now.busy:
        return f"{wanted} was not live after {limit:g} s: the platform still works on it ({now.busy})"
    if accepted:
        return f"the platform accepted it, and nothing of it was seen within {limit:g} s"
    return f"the answer did not say whether it was accepted, and nothing of it was seen within {limit:g} s"
