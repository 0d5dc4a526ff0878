"""Swaps at once and Ctrl-C, as figures: what is compared, what is too slow, the tables, the JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

MORE_SECONDS_LIMIT = 15.0
"""How much longer than one swap the largest number of swaps may take."""
RESTORED_SECONDS_LIMIT = 5.0
"""From Ctrl-C until all traffic is where it was."""
PROVIDERS = ("dynamic", "native")


@dataclasses.dataclass(frozen=True)
class AtOnce:
    """One promotion of every service by one `pulumi up`.

    Attributes:
        services: how many there are.
        provider: ``dynamic`` or ``native``.
        up_seconds: the command.
        swaps_seconds: from the start of the first swap to the end of the last.
        requests: made meanwhile.
        failed: of them.
    """

    services: int
    provider: str
    up_seconds: float
    swaps_seconds: float
    requests: int
    failed: int


@dataclasses.dataclass(frozen=True)
class Interrupted:
    """One Ctrl-C while promotions are in a hold. Times count from it.

    Attributes:
        services: how many there are.
        provider: ``dynamic`` or ``native``.
        hold_seconds: of the step that it came into.
        held: services in that step when it came.
        restored_seconds: until every service's rule said what it had said before; ``None``: it never did.
        ended_seconds: until the command had ended.
        begun_afterwards: services whose traffic moved towards the new color only then.
        promoted: services that were on the new color in the end.
        pending: operations that the state calls unfinished.
        state_differs: services whose weights in the state are not those of their rule.
        last_new_seconds: until the last answer of the new color, as clients saw it; ``None``: none came.
        requests: made from the start of the command to its end.
        failed: of them.
    """

    services: int
    provider: str
    hold_seconds: float
    held: int
    restored_seconds: float | None
    ended_seconds: float
    begun_afterwards: int
    promoted: int
    pending: int
    state_differs: int
    last_new_seconds: float | None
    requests: int
    failed: int


@dataclasses.dataclass
class Report:
    """Everything that was measured, in the order in which it was."""

    at_once: list[AtOnce] = dataclasses.field(default_factory=list)
    interrupted: list[Interrupted] = dataclasses.field(default_factory=list)
    seconds: float = 0.0

    @property
    def figures(self) -> dict[str, Any]:
        """The figures, as `--json` writes them, numbers of services as texts."""
        swaps: dict[str, dict[str, float | int]] = {}
        for one in self.at_once:
            swaps.setdefault(str(one.services), {}).update(
                {
                    f"{one.provider}_seconds": round(one.up_seconds, 3),
                    f"{one.provider}_swaps_seconds": round(one.swaps_seconds, 3),
                    f"{one.provider}_failed": one.failed,
                }
            )
        ctrl_c: dict[str, dict[str, Any]] = {}
        for cut in self.interrupted:
            values = {name: _rounded(value) for name, value in dataclasses.asdict(cut).items()}
            ctrl_c.setdefault(str(values.pop("services")), {})[values.pop("provider")] = values
        return {"swaps_at_once": swaps, "ctrl_c": ctrl_c}

    @property
    def misses(self) -> list[str]:
        """The results that are not as they should be; empty when all are."""
        return [*self._slow(), *self._not_restored(), *self._failed()]

    def _slow(self) -> Iterable[str]:
        for provider in PROVIDERS:
            seconds = _seconds(self, provider)
            more = more_seconds(seconds)
            if more is not None and more > MORE_SECONDS_LIMIT:
                limit = f"limit {MORE_SECONDS_LIMIT:g} s"
                yield f"{max(seconds)} {provider} swaps took {more:.1f} s more than {min(seconds)}: {limit}"

    def _not_restored(self) -> Iterable[str]:
        for cut in self.interrupted:
            what = f"Ctrl-C, {cut.services} {cut.provider}"
            if cut.restored_seconds is None:
                yield f"{what}: traffic was not restored"
            elif cut.restored_seconds > RESTORED_SECONDS_LIMIT:
                yield f"{what}: restored after {cut.restored_seconds:.1f} s: limit {RESTORED_SECONDS_LIMIT:g} s"
            if cut.begun_afterwards:
                yield f"{what}: {cut.begun_afterwards} swaps began afterwards"
            if cut.pending:
                yield f"{what}: the state has {cut.pending} operations pending"
            if cut.state_differs:
                yield f"{what}: the state has other weights than {cut.state_differs} of the rules"

    def _failed(self) -> Iterable[str]:
        kinds = ((self.at_once, "at once"), (self.interrupted, "after a Ctrl-C"))
        for measured, what in kinds:
            for one in measured:
                if one.failed:
                    lost = f"{one.failed} of {one.requests} requests failed"
                    yield f"{one.services} {one.provider} {what}: {lost}"


def more_seconds(seconds: Mapping[int, float]) -> float | None:
    """The seconds that the largest number of services took more than the smallest; ``None`` if there is only one."""
    return seconds[max(seconds)] - seconds[min(seconds)] if len(seconds) > 1 else None


def _seconds(report: Report, provider: str) -> dict[int, float]:
    return {one.services: one.up_seconds for one in report.at_once if one.provider == provider}


def show(report: Report, console: Console | None = None) -> None:
    """Everything for people."""
    console = console or Console()
    for table in (_at_once(report), _interrupted(report)):
        if table.row_count:
            console.print(table)
    lines = [_holds(report)] if report.interrupted else []
    for provider in PROVIDERS:
        seconds = _seconds(report, provider)
        more = more_seconds(seconds)
        if more is not None:
            ratio = seconds[max(seconds)] / seconds[min(seconds)]
            lines.append(
                f"{provider}: {max(seconds)} take {more:.1f} s more than {min(seconds)} "
                f"(limit {MORE_SECONDS_LIMIT:g}), {ratio:.2f} times as long"
            )
    measured = [*report.at_once, *report.interrupted]
    requests, failed = (sum(getattr(one, name) for one in measured) for name in ("requests", "failed"))
    lines.append(
        f"requests meanwhile, to the first and the last service: {requests}, {failed} failed; "
        f"the measurement took {report.seconds:.0f} s"
    )
    for line in lines:
        console.print(line, highlight=False)
    for miss in report.misses:
        console.print(f"  {miss}", style="red", highlight=False, markup=False)


def _at_once(report: Report) -> Table:
    table = _table(
        "Swaps at once, each 50 % for 5 s, then 100 %: seconds of `pulumi up`, and of the swaps in it",
        ("services", "dynamic up", "its swaps", "native up", "its swaps"),
    )
    by_size = {(one.services, one.provider): one for one in report.at_once}
    for services in sorted({one.services for one in report.at_once}):
        cells = []
        for provider in PROVIDERS:
            one = by_size.get((services, provider))
            cells += ["", ""] if one is None else [f"{one.up_seconds:.1f}", f"{one.swaps_seconds:.1f}"]
        table.add_row(str(services), *cells)
    return table


def _interrupted(report: Report) -> Table:
    table = _table(
        "One Ctrl-C in mid-hold at 10 %: seconds until traffic was restored, until `pulumi up` ended",
        ("services", "adapter", "held", "restored", "ended", "begun", "promoted", "pending"),
    )
    for cut in report.interrupted:
        restored = "never" if cut.restored_seconds is None else f"{cut.restored_seconds:.2f}"
        numbers = (cut.begun_afterwards, cut.promoted, cut.pending)
        times = (str(cut.held), restored, f"{cut.ended_seconds:.1f}")
        table.add_row(str(cut.services), cut.provider, *times, *map(str, numbers))
    return table


def _holds(report: Report) -> str:
    """The lengths of the holds that the Ctrl-C came into."""
    holds = sorted({cut.hold_seconds for cut in report.interrupted})
    return f"holds of {', '.join(f'{seconds:g} s' for seconds in holds)}; begun: swaps that began after the Ctrl-C"


def _table(title: str, columns: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
