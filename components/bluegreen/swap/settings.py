"""The swap's own settings, each declared once: its parsing, its text in the schema and its default."""

from __future__ import annotations

from collections.abc import Iterator

from bluegreen.options.declared import Option, Options, declared, option, options_of
from bluegreen.options.kinds import Number, Text
from bluegreen.rollout.limits import Limits

_ONE_DAY_SECONDS = 86_400
_ONE_WEEK_SECONDS = 604_800
_USUAL = Limits()


@declared
class Settings(Options):
    """The settings of a swap that do not depend on its router."""

    name: str = option("what the service is called in messages", Text(), default="")
    promote_to_percent: int = option(
        "where a promotion pauses until a later update raises it", Number(1, 100, "percent", whole=True), default=100
    )
    bake_seconds: float = option(
        "time with all traffic in which a failing gate still restores",
        Number(0, _ONE_DAY_SECONDS, "seconds"),
        default=0,
    )
    scale_down_delay_seconds: float = option(
        "how long the old color stays warm for a rollback", Number(0, _ONE_WEEK_SECONDS, "seconds"), default=600
    )
    idle_capacity_percent: float = option(
        "the idle color's size at rest, of the live color's", Number(0, 100, "percent"), default=0
    )
    steady_state_timeout_seconds: float = option(
        "how long the new color may take to be ready",
        Number(1, _ONE_WEEK_SECONDS, "seconds"),
        default=_USUAL.steady_state_timeout_seconds,
    )
    converge_timeout_seconds: float = option(
        "how long a written weight may take to take effect",
        Number(1, _ONE_WEEK_SECONDS, "seconds"),
        default=_USUAL.converge_timeout_seconds,
    )
    propagation_seconds: float | None = option(
        "how long requests may go the former way once the platform says that a weight has taken effect, which each "
        "shift waits for",
        Number(0, _ONE_DAY_SECONDS, "seconds"),
        default=None,
        absent="the router's own, 0 where the platform's word is enough",
    )
    retry: str = option(
        "any text; another one than before lets a promotion be tried again that was refused or aborted",
        Text(),
        default="",
    )
    on_held: str = option(
        "what an update does whose promotion was refused or aborted before: `succeed`, with nothing moved towards that "
        "color, or `fail`, for jobs whose success is the promotion",
        Text(choices=("succeed", "fail")),
        default="succeed",
    )
    retry_after_verdict: str = option(
        "when a promotion that was refused or aborted is tried again: with `another_release` (or another `retry`), or "
        "`always`, by each update",
        Text(choices=("another_release", "always")),
        default="another_release",
    )
    write_order: str = option(
        "of several routers or entries: `declared`, one after the other, or `any`, all side by side, where the order "
        "does not matter",
        Text(choices=("declared", "any")),
        default="declared",
    )
    poll_interval_seconds: float = option(
        "the time between two looks", Number(0.05, 60, "seconds"), default=_USUAL.poll_interval_seconds
    )
    config_key: str = option(
        "the key of the stack's config that this swap's active color comes from, with dots into an object; "
        "`bluegreen promote` and `rollback` change its line",
        Text(),
        default="",
    )
    event_log: str | None = option("a file to which every event is appended as a line of JSON", Text(), default=None)


def all_of_them() -> Iterator[Option]:
    """The settings, in the order in which they are declared."""
    return options_of(Settings)
