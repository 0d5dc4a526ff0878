"""Name to capacity class."""

from __future__ import annotations

from bluegreen.capacity.base import Capacity
from bluegreen.registry import Registry

CAPACITIES: Registry[Capacity] = Registry(
    "capacity",
    {
        "argo_rollouts": "bluegreen.capacity.argo_rollouts:ArgoRolloutsCapacity",
        "asg": "bluegreen.capacity.asg:AsgCapacity",
        "ecs": "bluegreen.capacity.ecs:EcsCapacity",
        "kubernetes": "bluegreen.capacity.kubernetes:KubernetesCapacity",
        "memory": "bluegreen.capacity.memory:MemoryCapacity",
    },
    "bluegreen.capacities",
)
