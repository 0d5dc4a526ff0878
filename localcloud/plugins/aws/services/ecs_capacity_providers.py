# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""The capacity providers of an ECS cluster: a resource beside the cluster, which outlives it in nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import between
from localcloud.plugins.aws.model import REGION, Change, Failure, P, Props, ResourceType
from localcloud.plugins.aws.services.ecs import SERVICE, find_cluster
from localcloud.plugins.aws.session import Aws

_NO_CLUSTER: Final = ("ClusterNotFound",)
_SECONDS: Final = 600.0


def _put(aws: Aws, cluster: str, props: Props) -> None:
    strategies = [
        {name: value for name, value in one.items() if not name.startswith("__")}
        for one in props.get("defaultCapacityProviderStrategies") or []
    ]
    aws.find(
        SERVICE,
        "PutClusterCapacityProviders",
        _NO_CLUSTER,
        cluster=cluster,
        capacityProviders=props.get("capacityProviders") or [],
        defaultCapacityProviderStrategy=strategies,
    )


def _create(aws: Aws, props: Props) -> str:
    _put(aws, props["clusterName"], props)
    return str(props["clusterName"])


def _read(aws: Aws, cluster: str, props: Props) -> Props | None:
    found = find_cluster(aws, cluster)
    # A cluster that has none has no such resource: the real provider's delete leaves it so.
    if found is None or not found.get("capacityProviders"):
        return None
    strategies: list[dict[str, Any]] = found.get("defaultCapacityProviderStrategy") or []
    return {
        "clusterName": found["clusterName"],
        "capacityProviders": found["capacityProviders"],
        "defaultCapacityProviderStrategies": [{"base": 0, "weight": 0, **one} for one in strategies],
    }


def _update(aws: Aws, cluster: str, change: Change) -> None:
    _put(aws, cluster, change.new)


def _delete(aws: Aws, cluster: str, props: Props) -> None:
    _put(aws, cluster, {})


def _wait(aws: Aws, cluster: str, props: Props, timeout: float) -> None:
    def attached() -> bool | None:
        found = find_cluster(aws, cluster)
        return True if found is not None and found.get("attachmentsStatus") != "UPDATE_IN_PROGRESS" else None

    aws.wait(f"the capacity providers of the ECS cluster {cluster} to be attached", attached, _SECONDS)


def _validate(props: Props) -> Iterator[Failure]:
    strategies, listed = props.get("defaultCapacityProviderStrategies"), props.get("capacityProviders", [])
    for index, one in enumerate(strategies if isinstance(strategies, list) else []):
        name = one.get("capacityProvider") if isinstance(one, dict) else None
        if isinstance(name, str) and isinstance(listed, list) and name not in listed:
            # ECS refuses it; the emulator does not.
            yield Failure(f"defaultCapacityProviderStrategies[{index}].capacityProvider", "is not of the cluster")


TYPES: Final = [
    ResourceType(
        token="aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
        props={
            "clusterName": P(force_new=True),
            "capacityProviders": P(unordered=True),
            "defaultCapacityProviderStrategies": P(unordered=True),
            "defaultCapacityProviderStrategies[].capacityProvider": P(),
            "defaultCapacityProviderStrategies[].base": P(default=0, check=between(0, 100_000)),
            "defaultCapacityProviderStrategies[].weight": P(default=0, check=between(0, 1000)),
            "region": REGION,
        },
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        wait=_wait,
        validate=_validate,
        taggable=False,
    )
]
