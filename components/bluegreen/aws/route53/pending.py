"""A change of Route 53 records on its way: first to all of its name servers, then out of the resolvers' caches."""

from __future__ import annotations

from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from bluegreen.aws.client import AwsConnection, called, error_code
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.model import Weights

# All swaps of an account share 5 requests a second: a change is looked at some 5 times in the 60 s that it may take.
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
_FIRST_LOOK_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 20.0
_THROTTLED = ("Throttling", "ThrottlingException", "PriorRequestNotComplete")


@dataclass(slots=True)
class Pending:
    """A change that this process made.

    Attributes:
        weights: what it was made for.
        change_id: Route 53's id of it.
        kept_seconds: how long resolvers may keep an answer from before.
        aws: where and as whom to ask.
        clock: time.
    """

    weights: Weights
    change_id: str
    kept_seconds: float
    aws: AwsConnection
    clock: Clock
    _look_at: float = field(init=False)
    _pause_seconds: float = field(default=_FIRST_LOOK_SECONDS, init=False)
    _in_sync_at: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._look_at = self.clock.monotonic_seconds() + _FIRST_LOOK_SECONDS

    @property
    def progress(self) -> str:
        """The step that is waited for, as of the last look."""
        if self._in_sync_at is None:
            return "Route 53 is telling its name servers of it (INSYNC within 60 s)"
        if self.clock.monotonic_seconds() - self._in_sync_at >= self.kept_seconds:
            return ""
        return f"INSYNC; waiting {self.kept_seconds:g} s until no resolver keeps an answer from before"

    def in_effect(self) -> bool:
        """Whether it is in sync, and has been for as long as resolvers keep answers: one call at most, often none."""
        now = self.clock.monotonic_seconds()
        if self._in_sync_at is None and now >= self._look_at:
            if self._in_sync():
                self._in_sync_at = now
            self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
            self._look_at = now + self._pause_seconds
        return self._in_sync_at is not None and now - self._in_sync_at >= self.kept_seconds

    def _in_sync(self) -> bool:
        with called("route53:GetChange"):
            try:
                return bool(
                    self.aws.client("route53").get_change(Id=self.change_id)["ChangeInfo"]["Status"] == "INSYNC"
                )
            except ClientError as error:
                if error_code(error) in _THROTTLED:  # no answer is no proof, and no failure: it is read again later
                    return False
                raise
