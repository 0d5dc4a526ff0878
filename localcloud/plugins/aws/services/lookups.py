# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Lookups (Pulumi's functions): regions, accounts, networks, load balancers, clusters, services that exist already."""

from __future__ import annotations

from typing import Any, Final

from localcloud.plugins.aws.model import Props, ProviderError
from localcloud.plugins.aws.services import ecs, ecs_steady, elbv2_balancer, elbv2_listener, elbv2_targets
from localcloud.plugins.aws.services.ec2_common import main_route_table, vpc_attribute
from localcloud.plugins.aws.session import Aws, tag_map


def _filters(arguments: Props, **extra: Any) -> list[dict[str, Any]]:
    """EC2's filters from a lookup's arguments; without any there is nothing to look for."""
    filters = [{"Name": item["name"], "Values": item["values"]} for item in arguments.get("filters", [])]
    filters += [{"Name": f"tag:{key}", "Values": [text]} for key, text in arguments.get("tags", {}).items()]
    return filters + [
        {"Name": key.replace("_", "-"), "Values": [text]} for key, text in extra.items() if text is not None
    ]


def _has_tags(wanted: Props, have: Props) -> bool:
    return all(have.get(key) == text for key, text in wanted.items())


def _region(aws: Aws, arguments: Props) -> Props:
    name = arguments.get("region") or arguments.get("name") or aws.region
    endpoint = f"ec2.{name}.amazonaws.com"
    return {"id": name, "name": name, "region": name, "description": name, "endpoint": endpoint}


def _caller(aws: Aws, arguments: Props) -> Props:
    who = aws.caller()
    return {"accountId": who["Account"], "arn": who["Arn"], "userId": who["UserId"], "id": who["Account"]}


def _partition(aws: Aws, arguments: Props) -> Props:
    china, gov = aws.region.startswith("cn-"), aws.region.startswith("us-gov-")
    name = "aws-cn" if china else "aws-us-gov" if gov else "aws"
    suffix = "amazonaws.com.cn" if china else "amazonaws.com"
    return {
        "partition": name,
        "id": name,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


def _one(candidates: list[Any], what: str) -> Any:
    if len(candidates) != 1:
        raise ProviderError(f"{'no' if not candidates else 'multiple'} matching {what} found")
    return candidates[0]


def _vpc(aws: Aws, arguments: Props) -> Props:
    default = {True: "true", False: None, None: None}[arguments.get("default")]
    filters = _filters(
        arguments,
        cidr=arguments.get("cidrBlock"),
        dhcp_options_id=arguments.get("dhcpOptionsId"),
        isDefault=default,
        state=arguments.get("state"),
    )
    ids = [arguments["id"]] if arguments.get("id") else None
    vpcs = aws.call("ec2", "DescribeVpcs", Filters=filters or None, VpcIds=ids)["Vpcs"]
    vpc = _one(vpcs, "EC2 VPC")
    return {
        "arn": f"arn:aws:ec2:{aws.region}:{vpc['OwnerId']}:vpc/{vpc['VpcId']}",
        "cidrBlock": vpc["CidrBlock"],
        "cidrBlockAssociations": [
            {
                "associationId": entry["AssociationId"],
                "cidrBlock": entry["CidrBlock"],
                "state": entry["CidrBlockState"]["State"],
            }
            for entry in vpc.get("CidrBlockAssociationSet", [])
        ],
        "default": vpc["IsDefault"],
        "dhcpOptionsId": vpc["DhcpOptionsId"],
        "enableDnsHostnames": vpc_attribute(aws, vpc["VpcId"], "enableDnsHostnames"),
        "enableDnsSupport": vpc_attribute(aws, vpc["VpcId"], "enableDnsSupport"),
        "enableNetworkAddressUsageMetrics": False,
        "filters": arguments.get("filters"),
        "id": vpc["VpcId"],
        "instanceTenancy": vpc["InstanceTenancy"],
        "ipv6AssociationId": "",
        "ipv6CidrBlock": "",
        "ipv6CidrBlockAssociations": [],
        "mainRouteTableId": main_route_table(aws, vpc["VpcId"]) or "",
        "ownerId": vpc["OwnerId"],
        "state": vpc["State"],
        "tags": tag_map(vpc.get("Tags")),
    }


def _subnets(aws: Aws, arguments: Props) -> Props:
    filters = _filters(arguments)
    arguments_given = {"Filters": filters} if filters else {}
    subnets = aws.pages("ec2", "DescribeSubnets", "Subnets", **arguments_given)
    return {
        "id": aws.region,
        "ids": [subnet["SubnetId"] for subnet in subnets],
        "filters": arguments.get("filters"),
        "tags": arguments.get("tags", {}),
    }


def _by_tags(aws: Aws, operation: str, key: str, arn_key: str, tags: Props, what: str) -> str:
    """The ARN of the one load balancing resource with these tags."""
    arns = [entry[arn_key] for entry in aws.pages("elbv2", operation, key)]
    described = aws.call("elbv2", "DescribeTags", ResourceArns=arns)["TagDescriptions"] if arns else []
    return str(_one([one["ResourceArn"] for one in described if _has_tags(tags, tag_map(one["Tags"]))], what))


def _load_balancer(aws: Aws, arguments: Props) -> Props:
    arn = arguments.get("arn")
    if not arn and not arguments.get("name"):
        tags = arguments.get("tags", {})
        arn = _by_tags(aws, "DescribeLoadBalancers", "LoadBalancers", "LoadBalancerArn", tags, "ELBv2 Load Balancer")
    balancer = elbv2_balancer.lookup(aws, arn, arguments.get("name"))
    if balancer is None:
        raise ProviderError(f"no ELBv2 Load Balancer {arn or arguments.get('name')}")
    return {**elbv2_balancer.describe(aws, balancer), "id": balancer["LoadBalancerArn"]}


def _listener(aws: Aws, arguments: Props) -> Props:
    if arn := arguments.get("arn"):
        listener = elbv2_listener.lookup(aws, arn)
    else:
        balancer, port = arguments.get("loadBalancerArn"), arguments.get("port")
        if not balancer or port is None:
            raise ProviderError("getListener needs `arn`, or `loadBalancerArn` and `port`")
        listeners = aws.pages("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=balancer)
        listener = next((one for one in listeners if one.get("Port") == port), None)
    if listener is None:
        raise ProviderError(f"no ELBv2 Listener {arguments.get('arn') or 'on port ' + str(arguments.get('port'))}")
    answer = elbv2_listener.describe(aws, listener, None)
    return {**answer, "id": listener["ListenerArn"], "mutualAuthentications": []}


_CONDITIONS: Final = {
    "HostHeaderConfig": "hostHeaders",
    "HttpHeaderConfig": "httpHeaders",
    "HttpRequestMethodConfig": "httpRequestMethods",
    "PathPatternConfig": "pathPatterns",
    "QueryStringConfig": "queryStrings",
    "SourceIpConfig": "sourceIps",
}


def _listener_rule(aws: Aws, arguments: Props) -> Props:
    """In the lookup's own form: whatever a rule has one of is a list there. What actions do besides is left out."""
    arn = arguments.get("arn")
    if not arn:
        raise ProviderError("getListenerRule needs `arn`")
    answer = aws.find("elbv2", "DescribeRules", ("RuleNotFound",), RuleArns=[arn])
    rules: list[dict[str, Any]] = (answer or {}).get("Rules", [])
    if not rules:
        raise ProviderError(f"no ELBv2 Listener Rule {arn}")
    conditions = []
    for condition in rules[0]["Conditions"]:
        known = [(name, _camel(condition[key])) for key, name in _CONDITIONS.items() if key in condition]
        conditions.append({name: [value] for name, value in known})
    return {
        "arn": arn,
        "id": arn,
        "actions": [{"type": action["Type"], "order": action.get("Order")} for action in rules[0]["Actions"]],
        "conditions": conditions,
        "listenerArn": arn.replace(":listener-rule/", ":listener/").rpartition("/")[0],
        "priority": int(rules[0]["Priority"]),
        "tags": {},
        "transforms": [],
    }


def _camel(value: Any) -> Any:
    """An API's names as Pulumi has them."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _camel(item) for key, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value


def _target_group(aws: Aws, arguments: Props) -> Props:
    arn = arguments.get("arn")
    if not arn and not arguments.get("name"):
        tags = arguments.get("tags", {})
        arn = _by_tags(aws, "DescribeTargetGroups", "TargetGroups", "TargetGroupArn", tags, "ELBv2 Target Group")
    group = elbv2_targets.lookup(aws, arn, arguments.get("name"))
    if group is None:
        raise ProviderError(f"no ELBv2 Target Group {arn or arguments.get('name')}")
    answer = elbv2_targets.describe(aws, group)
    return {**answer, "id": group["TargetGroupArn"], "deregistrationDelay": str(answer["deregistrationDelay"])}


def _cluster(aws: Aws, arguments: Props) -> Props:
    cluster_found = ecs.find_cluster(aws, arguments["clusterName"])
    if cluster_found is None:
        raise ProviderError(f"no ECS Cluster {arguments['clusterName']}")
    return {
        "arn": cluster_found["clusterArn"],
        "id": cluster_found["clusterArn"],
        "clusterName": cluster_found["clusterName"],
        "pendingTasksCount": cluster_found.get("pendingTasksCount", 0),
        "registeredContainerInstancesCount": cluster_found.get("registeredContainerInstancesCount", 0),
        "runningTasksCount": cluster_found.get("runningTasksCount", 0),
        "serviceConnectDefaults": [],
        "settings": cluster_found.get("settings", []),
        "status": cluster_found["status"],
        "tags": ecs.tags_out(cluster_found),
    }


def _service(aws: Aws, arguments: Props) -> Props:
    cluster, name = arguments["clusterArn"], arguments["serviceName"]
    service = ecs_steady.find_service(aws, cluster, name)
    if service is None or service["status"] == "INACTIVE":
        raise ProviderError(f"no ECS Service {name} in cluster {cluster}")
    passed = ("desiredCount", "pendingCount", "runningCount", "launchType", "schedulingStrategy", "status")
    more = ("taskDefinition", "clusterArn", "serviceName", "platformVersion", "healthCheckGracePeriodSeconds")
    return {
        **{key: service.get(key) for key in (*passed, *more)},
        "arn": service["serviceArn"],
        "id": service["serviceArn"],
        "loadBalancers": service.get("loadBalancers", []),
        "enableEcsManagedTags": service.get("enableECSManagedTags", False),
        "enableExecuteCommand": service.get("enableExecuteCommand", False),
        "availabilityZoneRebalancing": service.get("availabilityZoneRebalancing", "DISABLED"),
        "propagateTags": service.get("propagateTags", "NONE"),
        "tags": ecs.tags_out(service),
    }


INVOKES: Final = {
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getPartition:getPartition": _partition,
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:ec2/getSubnets:getSubnets": _subnets,
    "aws:lb/getLoadBalancer:getLoadBalancer": _load_balancer,
    "aws:lb/getListener:getListener": _listener,
    "aws:lb/getListenerRule:getListenerRule": _listener_rule,
    "aws:lb/getTargetGroup:getTargetGroup": _target_group,
    "aws:ecs/getCluster:getCluster": _cluster,
    "aws:ecs/getService:getService": _service,
}
