"""The properties that cannot be changed in place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from localcloud.plugins.kubernetes.objects import Object, type_of

IDENTITY: Final = ("metadata.name", "metadata.namespace", "apiVersion", "kind")

_CONTAINER = (
    *("args", "command", "env", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "ports", "readinessProbe"),
    *("resources", "securityContext", "stdin", "stdinOnce", "terminationMessagePath", "terminationMessagePolicy"),
    *("tty", "volumeDevices", "volumeMounts", "workingDir"),
)
_POD = (
    *("affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases"),
    *("hostIPC", "hostNetwork", "hostPID", "hostname", "imagePullSecrets", "nodeName", "nodeSelector", "overhead"),
    *("preemptionPolicy", "priority", "priorityClassName", "readinessGates", "restartPolicy", "runtimeClassName"),
    *("schedulerName", "securityContext", "serviceAccount", "serviceAccountName", "shareProcessNamespace"),
    *("subdomain", "terminationGracePeriodSeconds", "volumes"),
)
_VOLUME = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume", "flocker"),
    *("gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk"),
    *("portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"),
)
_BY_TYPE: Final[dict[str, tuple[str, ...]]] = {
    "apps/v1/Deployment": ("spec.selector",),
    "apps/v1/DaemonSet": ("spec.selector",),
    "apps/v1/ReplicaSet": ("spec.selector",),
    "apps/v1/StatefulSet": tuple(
        f"spec.{name}"
        for name in ("podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates")
    ),
    "batch/v1/Job": tuple(f"spec.{name}" for name in ("completions", "parallelism", "selector", "template")),
    "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ("roleRef",),
    "rbac.authorization.k8s.io/v1/RoleBinding": ("roleRef",),
    "storage.k8s.io/v1/StorageClass": ("parameters", "provisioner"),
    "v1/ConfigMap": ("binaryData", "data"),
    "v1/Secret": ("type", "stringData", "data"),
    "v1/PersistentVolume": tuple(f"spec.{name}" for name in _VOLUME),
    "v1/PersistentVolumeClaim": ("spec",),
    "v1/Pod": tuple(
        [f"spec.{name}" for name in _POD]
        + [f"spec.{kind}[*].{name}" for kind in ("containers", "initContainers") for name in _CONTAINER]
    ),
    "v1/ResourceQuota": ("spec.scopes",),
    "v1/Service": ("spec.clusterIP",),
}
_MUTABLE_DATA: Final = {"v1/ConfigMap": ("binaryData", "data"), "v1/Secret": ("stringData", "data")}


def forcing(obj: Object, *, patch: bool, mutable: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    """The properties whose change replaces the object, as paths.

    Args:
        obj: the wanted object.
        patch: whether it is only a patch of an object of someone else's.
        mutable: `v1/ConfigMap` and `v1/Secret`, where the provider knows that their data may change in place.
    """
    own = () if patch else _BY_TYPE.get(type_of(obj), ())
    if type_of(obj) in mutable and obj.get("immutable") is not True:
        own = tuple(path for path in own if path not in _MUTABLE_DATA.get(type_of(obj), ()))
    return tuple(tuple(_steps(path)) for path in (*IDENTITY, *own))


def _steps(path: str) -> Iterator[str]:
    for step in path.split("."):
        yield step.removesuffix("[*]")
        if step.endswith("[*]"):
            yield "*"


def forces(paths: tuple[tuple[str, ...], ...], path: tuple[str | int, ...], value: object) -> bool:
    """Whether a change at `path`, to or from `value`, touches one of the paths: below it, or with it inside."""
    return any(_touches(one, path, value) for one in paths)


def _touches(forcing_path: tuple[str, ...], path: tuple[str | int, ...], value: object) -> bool:
    for place, step in enumerate(forcing_path):
        if place >= len(path):
            return _has(value, forcing_path[place:])
        if not _same(step, path[place]):
            return False
    return True


def _same(step: str, other: str | int) -> bool:
    return isinstance(other, int) if step == "*" else step == other


def _has(value: object, path: tuple[str, ...]) -> bool:
    if not path:
        return True
    if path[0] == "*":
        return isinstance(value, list) and any(_has(item, path[1:]) for item in value)
    return isinstance(value, dict) and path[0] in value and _has(value[path[0]], path[1:])
