"""The settings that every component takes for its swaps: the swap's own, and the component's.

``SwapSettings`` is written from this by ``python dev/public_functions.py``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bluegreen.options.declared import Option, Options, declared, option, options_of
from bluegreen.options.kinds import Anything, Text
from bluegreen.swap import settings

_NOT_HERE = frozenset({"name", "poll_interval_seconds"})
# What goes without saying depends on the platform.
_ABSENT = {
    "converge_timeout_seconds": "the platform's",
    "propagation_seconds": "the platform's: 3 for routes on Kubernetes (5 with ingress-nginx, 10 with the AWS Load "
    "Balancer Controller), 60 for Google's URL maps, 0 elsewhere",
}


@declared
class OwnSettings(Options):
    """The settings that a component turns into inputs of the swap, or uses itself."""

    strategy: Any = option(
        "how a promotion moves traffic; a preset's name will do, too",
        Anything("Strategy | Mapping[str, Any] | str | None"),
        default=None,
        absent="all at once",
    )
    gates: Sequence[Mapping[str, Any]] = option(
        "checks that a color must pass, from ``bluegreen.gates``", Anything("Sequence[Mapping[str, Any]]"), default=[]
    )
    error_rate: str = option(
        "whether promotions with steps have the gate ``error_rate`` by themselves, where a hold is long enough for the "
        "entry's metrics: ``offered``, and inactive where nothing counts requests or the permission is "
        "missing, or ``off``",
        Text(choices=("offered", "off")),
        default="offered",
    )
    notifications: Sequence[Mapping[str, Any]] = option(
        "who gets messages when a swap begins, waits and ends, from ``bluegreen.notifications``",
        Anything("Sequence[Mapping[str, Any]]"),
        default=[],
    )
    swap_provider: str | None = option(
        "who does the swap: ``dynamic``, the program's own Python, which needs no installation, or ``native``, the "
        "plugin; the stack's ``bluegreen:swapProvider`` by default, then ``dynamic``. Changing it replaces nothing and "
        "moves no traffic",
        Text(),
        default=None,
    )


def all_of_them() -> Iterator[Option]:
    """The settings, each with its default."""
    yield from options_of(OwnSettings)
    for setting in settings.all_of_them():
        if setting.name in _ABSENT:
            yield dataclasses.replace(setting, default=None, absent=_ABSENT[setting.name])
        elif setting.name not in _NOT_HERE:
            yield setting


def hint_of(setting: Option) -> str:
    """A setting's type in programs."""
    hint = "str" if isinstance(setting.kind, Text) else setting.kind.hint
    return f"{hint} | None" if setting.default is None and "None" not in hint else hint
