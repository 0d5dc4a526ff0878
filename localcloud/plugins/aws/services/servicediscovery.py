# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Cloud Map: namespaces and services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import between, longest, matches, one_of
from localcloud.plugins.aws.model import REGION, TAGS, Change, Failure, P, Props, ProviderError, ResourceType
from localcloud.plugins.aws.session import Aws, tag_change, tag_list, tag_map

SERVICE: Final = "servicediscovery"
_NO_NAMESPACE: Final = ("NamespaceNotFound",)
_NO_SERVICE: Final = ("ServiceNotFound",)
_OPERATION_SECONDS: Final = 300.0
_DNS_NAME: Final = matches(r"[A-Za-z0-9!-~]{1,253}", "a domain name")


def _finished(aws: Aws, operation_id: str) -> dict[str, Any]:
    """Cloud Map works in the background: the real provider waits for the end, and so does this one."""

    def ended() -> dict[str, Any] | None:
        operation: dict[str, Any] = aws.call(SERVICE, "GetOperation", OperationId=operation_id)["Operation"]
        return operation if operation["Status"] in ("SUCCESS", "FAIL") else None

    operation = aws.wait(f"Cloud Map operation {operation_id}", ended, _OPERATION_SECONDS)
    if operation["Status"] == "FAIL":
        raise ProviderError(f"{operation['Type']}: {operation.get('ErrorCode')}: {operation.get('ErrorMessage')}")
    return operation


def _tags_of(aws: Aws, arn: str) -> dict[str, str]:
    return tag_map(aws.call(SERVICE, "ListTagsForResource", ResourceARN=arn)["Tags"])


def _update_tags(aws: Aws, arn: str, change: Change) -> None:
    if "tags" in change.changed:
        added, removed = tag_change(change.old.get("tags"), change.new.get("tags"))
        if added:
            aws.call(SERVICE, "TagResource", ResourceARN=arn, Tags=tag_list(added))
        if removed:
            aws.call(SERVICE, "UntagResource", ResourceARN=arn, TagKeys=removed)


# -- namespaces


def _create_namespace(kind: str) -> Any:
    def create(aws: Aws, props: Props) -> str:
        answer = aws.call(
            SERVICE,
            f"Create{kind}Namespace",
            Name=props["name"],
            Description=props.get("description"),
            Vpc=props.get("vpc"),
            Tags=tag_list(props.get("tags")) or None,
        )
        return str(_finished(aws, answer["OperationId"])["Targets"]["NAMESPACE"])

    return create


def _read_namespace(aws: Aws, namespace_id: str, props: Props) -> Props | None:
    answer = aws.find(SERVICE, "GetNamespace", _NO_NAMESPACE, Id=namespace_id)
    if answer is None:
        return None
    namespace = answer["Namespace"]
    return {
        "arn": namespace["Arn"],
        "name": namespace["Name"],
        "description": namespace.get("Description"),
        **_found_by(namespace),
        "vpc": props.get("vpc"),  # the API does not say it: the real provider keeps what the program wrote
        "tags": _tags_of(aws, namespace["Arn"]),
    }


def _found_by(namespace: dict[str, Any]) -> Props:
    """The zone of a DNS namespace, the name of any other."""
    properties = namespace.get("Properties", {})
    if namespace["Type"] == "HTTP":
        return {"httpName": properties.get("HttpProperties", {}).get("HttpName", namespace["Name"])}
    return {"hostedZone": properties.get("DnsProperties", {}).get("HostedZoneId")}


def _update_namespace(kind: str) -> Any:
    def update(aws: Aws, namespace_id: str, change: Change) -> None:
        if "description" in change.changed:
            wanted = {"Description": change.new.get("description", "")}
            operation = aws.call(SERVICE, f"Update{kind}Namespace", Id=namespace_id, Namespace=wanted)
            _finished(aws, operation["OperationId"])
        _update_tags(aws, change.old["arn"], change)

    return update


def _delete_namespace(aws: Aws, namespace_id: str, props: Props) -> None:
    answer = aws.find(SERVICE, "DeleteNamespace", _NO_NAMESPACE, Id=namespace_id)
    if answer is not None:
        _finished(aws, answer["OperationId"])


def _namespace(kind: str, **more: P) -> ResourceType:
    return ResourceType(
        token=f"aws:servicediscovery/{kind[0].lower()}{kind[1:]}Namespace:{kind}Namespace",
        props={"name": P(force_new=True, check=_DNS_NAME), "description": P(), "tags": TAGS, "region": REGION, **more},
        create=_create_namespace(kind),
        read=_read_namespace,
        update=_update_namespace(kind),
        delete=_delete_namespace,
        name_max=253,
    )


# -- services


def _dns(props: Props) -> dict[str, Any] | None:
    config = props.get("dnsConfig")
    if not config:
        return None
    return {
        "NamespaceId": config["namespaceId"],
        "RoutingPolicy": config["routingPolicy"],
        "DnsRecords": _records(config),
    }


def _records(config: Props) -> list[dict[str, Any]]:
    return [{"Type": record["type"], "TTL": record["ttl"]} for record in config["dnsRecords"]]


def _create_service(aws: Aws, props: Props) -> str:
    check, custom = props.get("healthCheckConfig"), props.get("healthCheckCustomConfig")
    answer = aws.call(
        SERVICE,
        "CreateService",
        Name=props["name"],
        Description=props.get("description"),
        NamespaceId=props.get("namespaceId"),
        DnsConfig=_dns(props),
        HealthCheckConfig=check and _health_check(check),
        # No longer a choice of the caller's: the API takes an empty object, and the threshold is always 1.
        HealthCheckCustomConfig=None if custom is None else {"FailureThreshold": custom.get("failureThreshold", 1)},
        Type=props.get("type"),
        Tags=tag_list(props.get("tags")) or None,
    )
    return str(answer["Service"]["Id"])


def _health_check(check: Props) -> dict[str, Any]:
    names = {"failureThreshold": "FailureThreshold", "resourcePath": "ResourcePath", "type": "Type"}
    return {api: check[name] for name, api in names.items() if check.get(name) is not None}


def _read_service(aws: Aws, service_id: str, props: Props) -> Props | None:
    answer = aws.find(SERVICE, "GetService", _NO_SERVICE, Id=service_id)
    if answer is None:
        return None
    service = answer["Service"]
    dns, check = service.get("DnsConfig"), service.get("HealthCheckConfig")
    custom = service.get("HealthCheckCustomConfig")
    return {
        "arn": service["Arn"],
        "name": service["Name"],
        "description": service.get("Description"),
        "namespaceId": service.get("NamespaceId"),
        "type": service.get("Type"),
        "dnsConfig": dns
        and {
            "namespaceId": dns.get("NamespaceId") or service.get("NamespaceId"),
            "routingPolicy": dns.get("RoutingPolicy", "MULTIVALUE"),
            "dnsRecords": [{"type": record["Type"], "ttl": record["TTL"]} for record in dns["DnsRecords"]],
        },
        "healthCheckConfig": check
        and {
            "failureThreshold": check.get("FailureThreshold"),
            "resourcePath": check.get("ResourcePath"),
            "type": check.get("Type"),
        },
        "healthCheckCustomConfig": custom and {"failureThreshold": custom.get("FailureThreshold")},
        "tags": _tags_of(aws, service["Arn"]),
    }


def _update_service(aws: Aws, service_id: str, change: Change) -> None:
    new = change.new
    if change.any_of("description", "dnsConfig", "healthCheckConfig"):
        wanted: dict[str, Any] = {"Description": new.get("description", "")}
        if new.get("dnsConfig"):
            wanted["DnsConfig"] = {"DnsRecords": _records(new["dnsConfig"])}
        if new.get("healthCheckConfig"):
            wanted["HealthCheckConfig"] = _health_check(new["healthCheckConfig"])
        _finished(aws, aws.call(SERVICE, "UpdateService", Id=service_id, Service=wanted)["OperationId"])
    _update_tags(aws, change.old["arn"], change)


def _delete_service(aws: Aws, service_id: str, props: Props) -> None:
    if props.get("forceDestroy"):
        answer = aws.find(SERVICE, "ListInstances", _NO_SERVICE, ServiceId=service_id)
        for instance in (answer or {}).get("Instances", []):
            gone = ("InstanceNotFound", *_NO_SERVICE)
            left = aws.find(SERVICE, "DeregisterInstance", gone, ServiceId=service_id, InstanceId=instance["Id"])
            if left is not None:
                _finished(aws, left["OperationId"])
    aws.find(SERVICE, "DeleteService", _NO_SERVICE, Id=service_id)


def _validate_service(props: Props) -> Iterator[Failure]:
    if "healthCheckConfig" in props and "healthCheckCustomConfig" in props:
        yield Failure("healthCheckCustomConfig", "conflicts with `healthCheckConfig`")
    config = props.get("dnsConfig")
    if isinstance(config, dict) and "namespaceId" not in config:
        yield Failure("dnsConfig.namespaceId", "missing")


TYPES: Final = [
    _namespace("Http"),
    _namespace("PrivateDns", vpc=P(force_new=True)),
    _namespace("PublicDns"),
    ResourceType(
        token="aws:servicediscovery/service:Service",
        props={
            "name": P(force_new=True, check=longest(127)),
            "description": P(),
            "namespaceId": P(computed=True, force_new=True),
            "type": P(computed=True, force_new=True, check=one_of("HTTP")),
            "dnsConfig": P(),
            "dnsConfig.namespaceId": P(force_new=True),
            "dnsConfig.routingPolicy": P(default="MULTIVALUE", force_new=True, check=one_of("MULTIVALUE", "WEIGHTED")),
            "dnsConfig.dnsRecords": P(),
            "dnsConfig.dnsRecords[].type": P(force_new=True, check=one_of("SRV", "A", "AAAA", "CNAME")),
            "dnsConfig.dnsRecords[].ttl": P(check=between(0, 2**31 - 1)),
            "healthCheckConfig": P(),
            "healthCheckConfig.failureThreshold": P(check=between(1, 10)),
            "healthCheckConfig.resourcePath": P(),
            "healthCheckConfig.type": P(force_new=True, check=one_of("HTTP", "HTTPS", "TCP")),
            "healthCheckCustomConfig": P(force_new=True),
            "healthCheckCustomConfig.failureThreshold": P(computed=True, force_new=True, check=between(1, 10)),
            "forceDestroy": P(default=False, state_only=True),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_service,
        read=_read_service,
        update=_update_service,
        delete=_delete_service,
        validate=_validate_service,
        name_max=127,
    ),
]
