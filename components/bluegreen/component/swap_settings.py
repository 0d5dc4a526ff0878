"""The settings that every component takes for its swaps, as programs give them.

This file is written by ``python dev/public_functions.py`` from the options of the classes themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from bluegreen.rollout.model import Strategy


class SwapSettings(TypedDict, total=False):
    """How a component's swaps go; every component takes these beside its own arguments.

    Attributes:
        bake_seconds: time with all traffic in which a failing gate still restores (0 to 86400, default 0).
        config_key: the key of the stack's config that this swap's active color comes from, with dots into an object;
            ``bluegreen promote`` and ``rollback`` change its line.
        converge_timeout_seconds: how long a written weight may take to take effect (1 to 604800, default the
            platform's).
        error_rate: whether promotions with steps have the gate ``error_rate`` by themselves, where a hold is long
            enough for the entry's metrics: ``offered``, and inactive where nothing counts requests or the permission is
            missing, or ``off`` (default ``offered``).
        event_log: a file to which every event is appended as a line of JSON.
        gates: checks that a color must pass, from ``bluegreen.gates``.
        idle_capacity_percent: the idle color's size at rest, of the live color's (0 to 100, default 0).
        notifications: who gets messages when a swap begins, waits and ends, from ``bluegreen.notifications``.
        on_held: what an update does whose promotion was refused or aborted before: ``succeed``, with nothing moved
            towards that color, or ``fail``, for jobs whose success is the promotion (default ``succeed``).
        promote_to_percent: where a promotion pauses until a later update raises it (1 to 100, default 100).
        propagation_seconds: how long requests may go the former way once the platform says that a weight has taken
            effect, which each shift waits for (0 to 86400, default the platform's: 3 for routes on Kubernetes (5 with
            ingress-nginx, 10 with the AWS Load Balancer Controller), 60 for Google's URL maps, 0 elsewhere).
        retry: any text; another one than before lets a promotion be tried again that was refused or aborted.
        retry_after_verdict: when a promotion that was refused or aborted is tried again: with ``another_release`` (or
            another ``retry``), or ``always``, by each update (default ``another_release``).
        scale_down_delay_seconds: how long the old color stays warm for a rollback (0 to 604800, default 600).
        steady_state_timeout_seconds: how long the new color may take to be ready (1 to 604800, default 600).
        strategy: how a promotion moves traffic; a preset's name will do, too (default all at once).
        swap_provider: who does the swap: ``dynamic``, the program's own Python, which needs no installation, or
            ``native``, the plugin; the stack's ``bluegreen:swapProvider`` by default, then ``dynamic``. Changing it
            replaces nothing and moves no traffic.
        write_order: of several routers or entries: ``declared``, one after the other, or ``any``, all side by side,
            where the order does not matter (default ``declared``).
    """

    bake_seconds: float
    config_key: str
    converge_timeout_seconds: float | None
    error_rate: str
    event_log: str | None
    gates: Sequence[Mapping[str, Any]]
    idle_capacity_percent: float
    notifications: Sequence[Mapping[str, Any]]
    on_held: str
    promote_to_percent: int
    propagation_seconds: float | None
    retry: str
    retry_after_verdict: str
    scale_down_delay_seconds: float
    steady_state_timeout_seconds: float
    strategy: Strategy | Mapping[str, Any] | str | None
    swap_provider: str | None
    write_order: str
