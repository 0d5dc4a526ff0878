"""Name to capacity class."""

from __future__ import annotations

from bluegreen.capacity.base import Capacity
from bluegreen.registry import Registry

CAPACITIES: Registry[Capacity] = Registry(
    "capacity",
    {
        "asg": "bluegreen.capacity.asg:AsgCapacity",
        "ecs": "bluegreen.capacity.ecs:EcsCapacity",
        "memory": "bluegreen.capacity.memory:MemoryCapacity",
    },
)
