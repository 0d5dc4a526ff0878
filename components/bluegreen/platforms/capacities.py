"""Name to capacity class."""

from __future__ import annotations

from bluegreen.registry import Registry
from bluegreen.rollout.ports import Capacity

CAPACITIES: Registry[Capacity] = Registry(
    "capacity",
    {
        "argo_rollouts": "bluegreen.kubernetes.argo_engine.capacity:ArgoRolloutsCapacity",
        "asg": "bluegreen.aws.asg.capacity:AsgCapacity",
        "azure_container_app": "bluegreen.azure.container_apps.capacity:ContainerAppCapacity",
        "cloudfoundry": "bluegreen.cloudfoundry.apps.capacity:CloudFoundryCapacity",
        "azure_scale_sets": "bluegreen.azure.scale_sets.capacity:ScaleSetCapacity",
        "ecs": "bluegreen.aws.ecs.capacity:EcsCapacity",
        "instance_group": "bluegreen.google.instance_groups.capacity:InstanceGroupCapacity",
        "kubernetes": "bluegreen.kubernetes.workloads.capacity:KubernetesCapacity",
        "memory": "bluegreen.memory.capacity:MemoryCapacity",
    },
    "bluegreen.capacities",
)
