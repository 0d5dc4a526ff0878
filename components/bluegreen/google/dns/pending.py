"""A change on its way: first to Cloud DNS's name servers, then out of the resolvers' caches."""

from __future__ import annotations

from dataclasses import dataclass, field

from bluegreen.google.client import Session
from bluegreen.google.dns.zone import READ_CHANGE
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.model import Weights

_FIRST_LOOK_SECONDS, _LONGEST_PAUSE_SECONDS = 2.0, 20.0
SERVERS_SECONDS = 60.0
"""How long name servers may continue with an answer from before once a change is ``done``.

That word says that the change was sent to them, not that each of them has it, and Google names no time; this one is
ours. https://cloud.google.com/dns/docs/reference/rest/v1/changes
"""
MARGIN_SECONDS = 60.0
"""The time beside both for Cloud DNS to say ``done``."""


@dataclass(slots=True)
class Pending:
    """A change that this process made.

    Attributes:
        weights: what it was made for.
        path: where it is, below the API's address; empty where its answer was lost, and it was found done.
        kept_seconds: how long anybody may keep an answer from before, once it is done.
        session: whom to ask.
        clock: time.
    """

    weights: Weights
    path: str
    kept_seconds: float
    session: Session
    clock: Clock
    _look_at: float = field(init=False)
    _pause_seconds: float = field(default=_FIRST_LOOK_SECONDS, init=False)
    _done_at: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        now = self.clock.monotonic_seconds()
        self._look_at = now + _FIRST_LOOK_SECONDS
        if not self.path:
            self._done_at = now

    @property
    def progress(self) -> str:
        """The reason to wait, as of the last look."""
        if self._done_at is None:
            return "Cloud DNS is telling its name servers of it"
        if self.clock.monotonic_seconds() - self._done_at >= self.kept_seconds:
            return ""
        return f"done; waiting {self.kept_seconds:g} s until no name server and no resolver has an answer from before"

    def in_effect(self) -> bool:
        """Whether it is done, and has been for as long as answers are kept: one call at most, often none."""
        now = self.clock.monotonic_seconds()
        if self._done_at is None and now >= self._look_at:
            change = self.session.get(self.path, READ_CHANGE)
            # One that is not listed any more was done long ago.
            if change is None or change.get("status") == "done":
                self._done_at = now
            self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
            self._look_at = now + self._pause_seconds
        return self._done_at is not None and now - self._done_at >= self.kept_seconds
