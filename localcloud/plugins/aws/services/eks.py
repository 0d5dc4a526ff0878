# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""EKS clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, both, longest, matches, one_of
from localcloud.plugins.aws.model import REGION, TAGS, Change, Failure, P, Props, ProviderError, ResourceType
from localcloud.plugins.aws.session import Aws

SERVICE: Final = "eks"
MISSING: Final = ("ResourceNotFoundException",)
_IN_USE: Final = ("ResourceInUseException",)
_DELETE_SECONDS: Final = 15 * 60.0
_NAME: Final = both(longest(100), matches(r"[0-9A-Za-z][0-9A-Za-z_-]*", "letters, digits, hyphens and underscores"))
# How the API writes what Pulumi has in other words.
_VPC: Final = {
    "subnetIds": "subnetIds",
    "securityGroupIds": "securityGroupIds",
    "endpointPrivateAccess": "endpointPrivateAccess",
    "endpointPublicAccess": "endpointPublicAccess",
    "publicAccessCidrs": "publicAccessCidrs",
}


def find_cluster(aws: Aws, name: str) -> dict[str, Any] | None:
    answer = aws.find(SERVICE, "DescribeCluster", MISSING, name=name)
    return None if answer is None else answer["cluster"]


def describe(cluster: dict[str, Any]) -> Props:
    """A cluster in Pulumi's names."""
    network, vpc = cluster.get("kubernetesNetworkConfig") or {}, cluster["resourcesVpcConfig"]
    return {
        "arn": cluster["arn"],
        "name": cluster["name"],
        "version": cluster["version"],
        "roleArn": cluster["roleArn"],
        "endpoint": cluster.get("endpoint"),
        "status": cluster["status"],
        "platformVersion": cluster.get("platformVersion"),
        "createdAt": cluster["createdAt"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "identities": [{"oidcs": [cluster["identity"]["oidc"]]}] if cluster.get("identity") else [],
        "certificateAuthority": cluster.get("certificateAuthority"),
        "certificateAuthorities": [cluster.get("certificateAuthority")],
        "accessConfig": cluster.get("accessConfig"),
        "computeConfig": cluster.get("computeConfig"),
        "storageConfig": cluster.get("storageConfig"),
        "kubernetesNetworkConfig": {
            "ipFamily": network.get("ipFamily"),
            "serviceIpv4Cidr": network.get("serviceIpv4Cidr"),
            "elasticLoadBalancing": network.get("elasticLoadBalancing"),
        },
        "vpcConfig": {
            **{name: vpc.get(key) for name, key in _VPC.items()},
            "clusterSecurityGroupId": vpc.get("clusterSecurityGroupId"),
            "vpcId": vpc.get("vpcId"),
        },
        "tags": cluster.get("tags") or {},
    }


def _create_cluster(aws: Aws, props: Props) -> str:
    if (props.get("computeConfig") or {}).get("enabled") and props.get("bootstrapSelfManagedAddons", True):
        # The API's own refusal, which the emulator does not have.
        raise ProviderError("eks CreateCluster: Auto Mode needs `bootstrapSelfManagedAddons` to be false")
    answer = aws.call(
        SERVICE,
        "CreateCluster",
        name=props["name"],
        roleArn=props["roleArn"],
        version=props.get("version"),
        resourcesVpcConfig=_vpc(props),
        accessConfig=props.get("accessConfig"),
        computeConfig=props.get("computeConfig"),
        storageConfig=props.get("storageConfig"),
        kubernetesNetworkConfig=props.get("kubernetesNetworkConfig"),
        bootstrapSelfManagedAddons=props.get("bootstrapSelfManagedAddons"),
        tags=props.get("tags") or None,
    )
    return str(answer["cluster"]["name"])


def _vpc(props: Props) -> dict[str, Any]:
    return {key: props["vpcConfig"][name] for name, key in _VPC.items() if props["vpcConfig"].get(name) is not None}


def _read_cluster(aws: Aws, name: str, props: Props) -> Props | None:
    cluster = find_cluster(aws, name)
    if cluster is None:
        return None
    shown = describe(cluster)
    return {key: value for key, value in shown.items() if key != "certificateAuthorities"}


def _wait_cluster(aws: Aws, name: str, props: Props, timeout: float) -> None:
    def active() -> bool | None:
        cluster = find_cluster(aws, name)
        if cluster is not None and cluster["status"] == "FAILED":
            raise ProviderError(f"EKS cluster {name}: {cluster.get('health')}")
        return True if cluster is not None and cluster["status"] == "ACTIVE" else None

    aws.wait(f"EKS cluster {name} to become ACTIVE", active, timeout)


def _update_cluster(aws: Aws, name: str, change: Change) -> None:
    """One kind of change at a time, each waited for: the API takes no second one meanwhile."""
    if "version" in change.changed:
        _updated(aws, name, "UpdateClusterVersion", version=change.new["version"])
    if "vpcConfig" in change.changed:
        _updated(aws, name, "UpdateClusterConfig", resourcesVpcConfig=_vpc(change.new))
    if "accessConfig" in change.changed:
        mode = {"authenticationMode": change.new["accessConfig"]["authenticationMode"]}
        _updated(aws, name, "UpdateClusterConfig", accessConfig=mode)
    if change.any_of("computeConfig", "storageConfig", "kubernetesNetworkConfig"):
        network = change.new.get("kubernetesNetworkConfig") or {}
        _updated(
            aws,
            name,
            "UpdateClusterConfig",
            computeConfig=change.new.get("computeConfig"),
            storageConfig=change.new.get("storageConfig"),
            kubernetesNetworkConfig={"elasticLoadBalancing": network.get("elasticLoadBalancing")},
        )
    update_tags(aws, change)


def _updated(aws: Aws, name: str, operation: str, **given: Any) -> None:
    update = aws.call(SERVICE, operation, name=name, **given)["update"]

    def done() -> bool | None:
        answer = aws.call(SERVICE, "DescribeUpdate", name=name, updateId=update["id"])["update"]
        if answer["status"] in ("Failed", "Cancelled"):
            raise ProviderError(f"EKS cluster {name}: {operation} {answer['status']}: {answer.get('errors')}")
        return True if answer["status"] == "Successful" else None

    aws.wait(f"{operation} of EKS cluster {name}", done, 3600)


def update_tags(aws: Aws, change: Change) -> None:
    if "tags" not in change.changed:
        return
    before, after = change.old.get("tags") or {}, change.new.get("tags") or {}
    added = {key: value for key, value in after.items() if before.get(key) != value}
    removed = [key for key in before if key not in after]
    if added:
        aws.call(SERVICE, "TagResource", resourceArn=change.old["arn"], tags=added)
    if removed:
        aws.call(SERVICE, "UntagResource", resourceArn=change.old["arn"], tagKeys=removed)


def _delete_cluster(aws: Aws, name: str, props: Props) -> None:
    def act() -> None:
        aws.find(SERVICE, "DeleteCluster", MISSING, name=name)

    aws.retry(_IN_USE, _DELETE_SECONDS, act)
    gone(aws, f"EKS cluster {name}", lambda: find_cluster(aws, name), _DELETE_SECONDS)


def gone(aws: Aws, what: str, find: Callable[[], object | None], seconds: float) -> None:
    aws.wait(f"{what} to be deleted", lambda: True if find() is None else None, seconds)


def _validate_cluster(props: Props) -> Iterator[Failure]:
    """Auto Mode is its three parts together: the provider refuses one without the others."""
    parts = {
        "computeConfig": ("enabled",),
        "kubernetesNetworkConfig": ("elasticLoadBalancing", "enabled"),
        "storageConfig": ("blockStorage", "enabled"),
    }
    failures = []
    for name, path in parts.items():
        value: Any = props.get(name)
        for key in path:
            value = value.get(key) if isinstance(value, dict) else value
        failures.append(value if isinstance(value, bool) else False)
    if len(set(failures)) > 1:
        paths = ", ".join(".".join((name, *path)) for name, path in parts.items())
        yield Failure("computeConfig", f"{paths} must all be set to either true or false")


def lookup(aws: Aws, arguments: Props) -> Props:
    """`aws.eks.get_cluster`."""
    cluster = find_cluster(aws, arguments["name"])
    if cluster is None:
        raise ProviderError(f"no EKS Cluster {arguments['name']}")
    shown = describe(cluster)
    single = ("accessConfig", "computeConfig", "storageConfig", "kubernetesNetworkConfig")
    compute = shown["computeConfig"] or {"enabled": False, "nodePools": [], "nodeRoleArn": ""}
    shown["computeConfig"] = compute
    return {
        **{key: value for key, value in shown.items() if key not in (*single, "certificateAuthority")},
        **{f"{name}s": [shown[name]] if shown[name] else [] for name in single},
        "id": cluster["name"],
        "clusterId": "",
        "enabledClusterLogTypes": [],
        "deletionProtection": False,
    }


TYPES: Final = [
    ResourceType(
        token="aws:eks/cluster:Cluster",
        props={
            "name": P(force_new=True, check=_NAME),
            "roleArn": P(force_new=True, check=ARN),
            "version": P(computed=True),
            "vpcConfig": P(),
            "vpcConfig.subnetIds": P(unordered=True),
            "vpcConfig.securityGroupIds": P(unordered=True),
            "vpcConfig.endpointPrivateAccess": P(default=False),
            "vpcConfig.endpointPublicAccess": P(default=True),
            "vpcConfig.publicAccessCidrs": P(computed=True, unordered=True),
            "vpcConfig.clusterSecurityGroupId": P(computed=True),
            "vpcConfig.vpcId": P(computed=True),
            "accessConfig": P(computed=True),
            "accessConfig.authenticationMode": P(
                computed=True, check=one_of("API", "API_AND_CONFIG_MAP", "CONFIG_MAP")
            ),
            "accessConfig.bootstrapClusterCreatorAdminPermissions": P(force_new=True, state_only=True),
            "bootstrapSelfManagedAddons": P(default=True, force_new=True, state_only=True),
            "computeConfig": P(computed=True),
            "computeConfig.enabled": P(),
            "computeConfig.nodePools": P(unordered=True),
            "computeConfig.nodePools[]": P(check=one_of("general-purpose", "system")),
            "computeConfig.nodeRoleArn": P(check=ARN),
            "storageConfig": P(computed=True),
            "storageConfig.blockStorage": P(),
            "storageConfig.blockStorage.enabled": P(),
            "kubernetesNetworkConfig": P(computed=True),
            "kubernetesNetworkConfig.elasticLoadBalancing": P(computed=True),
            "kubernetesNetworkConfig.elasticLoadBalancing.enabled": P(),
            "kubernetesNetworkConfig.ipFamily": P(computed=True, force_new=True, check=one_of("ipv4", "ipv6")),
            "kubernetesNetworkConfig.serviceIpv4Cidr": P(computed=True, force_new=True),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_cluster,
        read=_read_cluster,
        update=_update_cluster,
        delete=_delete_cluster,
        wait=_wait_cluster,
        validate=_validate_cluster,
        name_max=100,
        create_timeout=30 * 60.0,
    ),
]
INVOKES: Final = {"aws:eks/getCluster:getCluster": lookup}
