"""Every kind of a registry has all that the core calls: kinds are looked up by name, unseen by a type checker."""

from __future__ import annotations

import pytest

from bluegreen.gates.registry import GATES
from bluegreen.metrics.base import MetricSource
from bluegreen.metrics.registry import METRICS
from bluegreen.notifications.base import Notifier
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.ports import Capacity, Gate, TrafficRouter

PORTS = (
    (ROUTERS, TrafficRouter),
    (CAPACITIES, Capacity),
    (GATES, Gate),
    (METRICS, MetricSource),
    (NOTIFIERS, Notifier),
)
KINDS = [pytest.param(registry, port, kind, id=kind) for registry, port in PORTS for kind in registry.kinds()]


@pytest.mark.parametrize(("registry", "port", "kind"), KINDS)
def test_a_kind_has_all_that_the_core_calls(registry, port, kind):
    found = registry.load(kind)
    called = [name for name, what in vars(port).items() if name[0] != "_" and (callable(what) or hasattr(what, "fget"))]
    assert called
    fields = getattr(found, "__dataclass_fields__", {})
    assert [name for name in called if not hasattr(found, name) and name not in fields] == []
