"""Compute Engine's types beside those of a global load balancer: regional ones, HTTPS, network endpoint groups."""

from __future__ import annotations

from collections.abc import Mapping

from localcloud.plugins.gcp.compute_types import COMPUTE_TYPES, compute_type
from localcloud.plugins.gcp.declared import Declared

_GLOBAL, _REGIONAL = "projects/{project}/global", "projects/{project}/regions/{region}"
_ZONAL = "projects/{project}/zones/{zone}"
_Names = Mapping[str, tuple[str, ...]]
_Renamed = Mapping[str, Mapping[str, str]]
# Certificate Manager's go the way of Compute Engine's own, by another name.
_OF_A_PROXY: _Names = {"": ("certificateManagerCertificates",)}
_OF_A_CERTIFICATE: _Names = {"": ("namePrefix", "privateKeyWo", "privateKeyWoVersion")}


def _like(token: str, of_the_zone: str, more: _Names, renamed: _Renamed) -> Declared:
    """A region's type of what a zone has, too: the same schema."""
    schema = COMPUTE_TYPES[of_the_zone].schema
    collection = COMPUTE_TYPES[of_the_zone].id.split("/")[-2]
    return compute_type(token, schema, f"{_REGIONAL}/{collection}/{{name}}", more, renamed)


BALANCER_TYPES = {
    "gcp:compute/address:Address": compute_type(
        "gcp:compute/address:Address", "Address", f"{_REGIONAL}/addresses/{{name}}", {"": ()}
    ),
    "gcp:compute/forwardingRule:ForwardingRule": compute_type(
        "gcp:compute/forwardingRule:ForwardingRule",
        "ForwardingRule",
        f"{_REGIONAL}/forwardingRules/{{name}}",
        {"": ("recreateClosedPsc",)},
        {"": {"ipAddress": "IPAddress", "ipProtocol": "IPProtocol"}},
    ),
    "gcp:compute/managedSslCertificate:ManagedSslCertificate": compute_type(
        "gcp:compute/managedSslCertificate:ManagedSslCertificate",
        "SslCertificate",
        f"{_GLOBAL}/sslCertificates/{{name}}",
        {"": ()},
        forces=("managed", "type"),
    ),
    "gcp:compute/networkEndpointGroup:NetworkEndpointGroup": compute_type(
        "gcp:compute/networkEndpointGroup:NetworkEndpointGroup",
        "NetworkEndpointGroup",
        f"{_ZONAL}/networkEndpointGroups/{{name}}",
        {"": ()},
    ),
    "gcp:compute/regionAutoscaler:RegionAutoscaler": _like(
        "gcp:compute/regionAutoscaler:RegionAutoscaler",
        "gcp:compute/autoscaler:Autoscaler",
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
    "gcp:compute/regionBackendService:RegionBackendService": _like(
        "gcp:compute/regionBackendService:RegionBackendService",
        "gcp:compute/backendService:BackendService",
        {
            "": (),
            "CircuitBreakers": ("connectTimeout",),
            "HaPolicy": ("fastIpMove",),
            "LogConfig": ("requestHeaders", "responseHeaders"),
            "Subsetting": ("subsetSize",),
        },
        {"": {"connectionDrainingTimeoutSec": "connectionDraining.drainingTimeoutSec", "enableCdn": "enableCDN"}},
    ),
    "gcp:compute/regionHealthCheck:RegionHealthCheck": _like(
        "gcp:compute/regionHealthCheck:RegionHealthCheck", "gcp:compute/healthCheck:HealthCheck", {"": ()}, {}
    ),
    "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager": _like(
        "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager",
        "gcp:compute/instanceGroupManager:InstanceGroupManager",
        {
            "": (
                "distributionPolicyTargetShape",
                "distributionPolicyZones",
                "params",
                "statefulDisks",
                "statefulExternalIps",
                "statefulInternalIps",
                "waitForInstances",
                "waitForInstancesStatus",
            ),
            "AllInstancesConfig": ("labels", "metadata"),
            "InstanceFlexibilityPolicyInstanceSelection": ("name",),
            "InstanceFlexibilityPolicyInstanceSelectionDisk": (
                "diskName",
                "diskType",
                "labels",
                "provisionedIops",
                "provisionedThroughput",
                "resourceManagerTags",
                "resourcePolicies",
                "sourceImage",
                "sourceImageEncryptionKey",
                "sourceSnapshot",
                "sourceSnapshotEncryptionKey",
                "storagePool",
            ),
            "InstanceFlexibilityPolicyInstanceSelectionDiskDiskEncryptionKey": ("kmsKeySelfLink",),
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
    "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup": compute_type(
        "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup",
        "NetworkEndpointGroup",
        f"{_REGIONAL}/networkEndpointGroups/{{name}}",
        {"": ("serverlessDeployment",)},
        # https://cloud.google.com/compute/docs/reference/rest/v1/regionNetworkEndpointGroups: one is never changed.
        forces=("appEngine", "cloudFunction", "cloudRun", "networkEndpointType"),
    ),
    "gcp:compute/regionSslCertificate:RegionSslCertificate": compute_type(
        "gcp:compute/regionSslCertificate:RegionSslCertificate",
        "SslCertificate",
        f"{_REGIONAL}/sslCertificates/{{name}}",
        _OF_A_CERTIFICATE,
        forces=("certificate", "privateKey"),
    ),
    "gcp:compute/regionTargetHttpProxy:RegionTargetHttpProxy": _like(
        "gcp:compute/regionTargetHttpProxy:RegionTargetHttpProxy",
        "gcp:compute/targetHttpProxy:TargetHttpProxy",
        {"": ()},
        {},
    ),
    "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy": compute_type(
        "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy",
        "TargetHttpsProxy",
        f"{_REGIONAL}/targetHttpsProxies/{{name}}",
        _OF_A_PROXY,
    ),
    "gcp:compute/regionUrlMap:RegionUrlMap": _like(
        "gcp:compute/regionUrlMap:RegionUrlMap",
        "gcp:compute/uRLMap:URLMap",
        {"": (), "PathMatcherRouteRule": ("httpFilterConfigs", "httpFilterMetadatas")},
        {},
    ),
    "gcp:compute/sSLCertificate:SSLCertificate": compute_type(
        "gcp:compute/sSLCertificate:SSLCertificate",
        "SslCertificate",
        f"{_GLOBAL}/sslCertificates/{{name}}",
        _OF_A_CERTIFICATE,
        forces=("certificate", "privateKey"),
    ),
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": compute_type(
        "gcp:compute/targetHttpsProxy:TargetHttpsProxy",
        "TargetHttpsProxy",
        f"{_GLOBAL}/targetHttpsProxies/{{name}}",
        _OF_A_PROXY,
    ),
}
