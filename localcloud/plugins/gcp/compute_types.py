"""Compute Engine's types of an instance group behind a global load balancer; see `balancer_types` for the others."""

from __future__ import annotations

from collections.abc import Mapping

from localcloud.plugins.gcp.declared import Declared

_COMPUTE = ("compute.googleapis.com", "COMPUTE", "/compute/v1/", "compute.v1")
_GLOBAL, _ZONAL = "projects/{project}/global", "projects/{project}/zones/{zone}"


def compute_type(
    token: str,
    schema: str,
    path: str,
    beside: Mapping[str, tuple[str, ...]],
    renamed: Mapping[str, Mapping[str, str]] | None = None,
    wrap: str = "",
    forces: tuple[str, ...] = (),
) -> Declared:
    """A type; names of its own objects are without what all of them begin with, and its own are under ``""``."""
    name = token.rpartition(":")[2]

    def full(part: str, one: str) -> str:
        return f"compute.{name}{part}.{one}" if part else f"{token}.{one}"

    given = {part: (*names, "deletionPolicy") if not part and not wrap else names for part, names in beside.items()}
    return Declared(
        _COMPUTE,
        schema,
        path,
        beside=frozenset(full(part, one) for part, names in given.items() for one in names),
        renamed={full(part, one): wire for part, names in (renamed or {}).items() for one, wire in names.items()},
        wrap=wrap,
        forces=forces,
        made_first=bool(forces),
    )


COMPUTE_TYPES = {
    "gcp:compute/autoscaler:Autoscaler": compute_type(
        "gcp:compute/autoscaler:Autoscaler",
        "Autoscaler",
        f"{_ZONAL}/autoscalers/{{name}}",
        {
            "": (),
            "AutoscalingPolicy": ("metrics", "scaleDownControl", "stabilizationPeriod"),
            "AutoscalingPolicyLoadBalancingUtilization": ("target",),
            "AutoscalingPolicyScalingSchedule": ("name",),
        },
        {
            "AutoscalingPolicy": {
                "minReplicas": "minNumReplicas",
                "maxReplicas": "maxNumReplicas",
                "cooldownPeriod": "coolDownPeriodSec",
            },
            "AutoscalingPolicyCpuUtilization": {"target": "utilizationTarget"},
        },
    ),
    "gcp:compute/backendService:BackendService": compute_type(
        "gcp:compute/backendService:BackendService",
        "BackendService",
        f"{_GLOBAL}/backendServices/{{name}}",
        {
            "": (),
            "CircuitBreakers": ("connectTimeout",),
            "Iap": (
                "oauth2ClientIdWo",
                "oauth2ClientIdWoVersion",
                "oauth2ClientSecretWo",
                "oauth2ClientSecretWoVersion",
            ),
            "LogConfig": ("requestHeaders", "responseHeaders"),
        },
        {"": {"connectionDrainingTimeoutSec": "connectionDraining.drainingTimeoutSec", "enableCdn": "enableCDN"}},
    ),
    "gcp:compute/globalAddress:GlobalAddress": compute_type(
        "gcp:compute/globalAddress:GlobalAddress", "Address", f"{_GLOBAL}/addresses/{{name}}", {"": ()}
    ),
    "gcp:compute/globalForwardingRule:GlobalForwardingRule": compute_type(
        "gcp:compute/globalForwardingRule:GlobalForwardingRule",
        "ForwardingRule",
        f"{_GLOBAL}/forwardingRules/{{name}}",
        {"": ()},
        {"": {"ipAddress": "IPAddress", "ipProtocol": "IPProtocol"}},
    ),
    "gcp:compute/healthCheck:HealthCheck": compute_type(
        "gcp:compute/healthCheck:HealthCheck", "HealthCheck", f"{_GLOBAL}/healthChecks/{{name}}", {"": ()}
    ),
    "gcp:compute/instanceGroupManager:InstanceGroupManager": compute_type(
        "gcp:compute/instanceGroupManager:InstanceGroupManager",
        "InstanceGroupManager",
        f"{_ZONAL}/instanceGroupManagers/{{name}}",
        {
            "": (
                "params",
                "statefulDisks",
                "statefulExternalIps",
                "statefulInternalIps",
                "waitForInstances",
                "waitForInstancesStatus",
            ),
            "AllInstancesConfig": ("labels", "metadata"),
            "UpdatePolicy": ("minReadySec",),
        },
        {
            "UpdatePolicy": {
                "maxSurgeFixed": "maxSurge.fixed",
                "maxSurgePercent": "maxSurge.percent",
                "maxUnavailableFixed": "maxUnavailable.fixed",
                "maxUnavailablePercent": "maxUnavailable.percent",
            }
        },
    ),
    "gcp:compute/instanceTemplate:InstanceTemplate": compute_type(
        "gcp:compute/instanceTemplate:InstanceTemplate",
        "InstanceProperties",
        f"{_GLOBAL}/instanceTemplates/{{name}}",
        {
            "": (
                "enableDisplay",
                "instanceDescription",
                "metadataStartupScript",
                "namePrefix",
                "partnerMetadata",
                "region",
            ),
            "Disk": (
                "diskName",
                "provisionedIops",
                "provisionedThroughput",
                "resourceManagerTags",
                "resourcePolicies",
                "sourceImageEncryptionKey",
                "sourceSnapshot",
                "sourceSnapshotEncryptionKey",
                "storagePool",
            ),
            "DiskDiskEncryptionKey": ("kmsKeySelfLink",),
            "GuestAccelerator": ("count", "type"),
            "NetworkInterface": ("subnetworkProject",),
            "ReservationAffinity": ("specificReservation", "type"),
            "Scheduling": ("maintenanceInterval",),
        },
        {
            "": {
                "metadata": "metadata.items=",
                "serviceAccount": "serviceAccounts",
                "tags": "tags.items",
            },
            "Disk": {
                "diskType": "initializeParams.diskType",
                "labels": "initializeParams.labels",
                "sourceImage": "initializeParams.sourceImage",
            },
            "NetworkInterface": {"networkIp": "networkIP"},
            "NetworkInterfaceAccessConfig": {"natIp": "natIP"},
        },
        wrap="properties",
        # https://cloud.google.com/compute/docs/instance-templates: one is never changed.
        forces=("disks", "labels", "machineType", "metadata", "networkInterfaces", "serviceAccount", "tags"),
    ),
    "gcp:compute/targetHttpProxy:TargetHttpProxy": compute_type(
        "gcp:compute/targetHttpProxy:TargetHttpProxy",
        "TargetHttpProxy",
        f"{_GLOBAL}/targetHttpProxies/{{name}}",
        {"": ()},
    ),
    "gcp:compute/uRLMap:URLMap": compute_type(
        "gcp:compute/uRLMap:URLMap",
        "UrlMap",
        f"{_GLOBAL}/urlMaps/{{name}}",
        {"": (), "PathMatcherRouteRule": ("httpFilterConfigs", "httpFilterMetadatas")},
    ),
}
