"""What every component takes of its swaps: the swap's own settings, and those that are the component's.

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
    "Balancer Controller), 0 elsewhere",
}


@declared
class OwnSettings(Options):
    """What a component makes inputs of the swap of, or does itself."""

    strategy: Any = option(
        "how a promotion moves traffic; a preset's name will do, too",
        Anything("Strategy | Mapping[str, Any] | str | None"),
        default=None,
        absent="all at once",
    )
    gates: Sequence[Mapping[str, Any]] = option(
        "checks that a color must pass, from ``bluegreen.gates``", Anything("Sequence[Mapping[str, Any]]"), default=[]
    )
    notifications: Sequence[Mapping[str, Any]] = option(
        "who is told how a swap ended, from ``bluegreen.notifications``",
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
    """The settings, each with what counts where it is absent."""
    yield from options_of(OwnSettings)
    for found in settings.all_of_them():
        if found.name in _ABSENT:
            yield dataclasses.replace(found, default=None, absent=_ABSENT[found.name])
        elif found.name not in _NOT_HERE:
            yield found


def hint_of(found: Option) -> str:
    """A setting's type in programs."""
    hint = "str" if isinstance(found.kind, Text) else found.kind.hint
    return f"{hint} | None" if found.default is None and "None" not in hint else hint
