# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Route 53: hosted zones and health checks. Records are not among them: those of a swap are its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import between, longest, one_of
from localcloud.plugins.aws.model import TAGS, Change, Failure, P, Props, ProviderError, ResourceType
from localcloud.plugins.aws.session import Aws, tag_change, tag_list, tag_map

SERVICE: Final = "route53"
_NO_ZONE: Final = ("NoSuchHostedZone",)
_NO_CHECK: Final = ("NoSuchHealthCheck",)
_IN_SYNC_SECONDS: Final = 1800.0
_BATCH: Final = 100
# Pulumi's name -> the API's name, of what a health check is and keeps.
_CHECK_NAMES: Final = {
    "type": "Type",
    "fqdn": "FullyQualifiedDomainName",
    "ipAddress": "IPAddress",
    "port": "Port",
    "resourcePath": "ResourcePath",
    "searchString": "SearchString",
    "requestInterval": "RequestInterval",
    "failureThreshold": "FailureThreshold",
    "measureLatency": "MeasureLatency",
    "invertHealthcheck": "Inverted",
    "disabled": "Disabled",
    "enableSni": "EnableSNI",
    "regions": "Regions",
    "childHealthchecks": "ChildHealthChecks",
    "childHealthThreshold": "HealthThreshold",
    "insufficientDataHealthStatus": "InsufficientDataHealthStatus",
}
_FIXED: Final = ("Type", "RequestInterval", "MeasureLatency")


def _tags_of(aws: Aws, kind: str, resource_id: str) -> dict[str, str]:
    answer = aws.call(SERVICE, "ListTagsForResource", ResourceType=kind, ResourceId=resource_id)
    return tag_map(answer["ResourceTagSet"].get("Tags"))


def _write_tags(aws: Aws, kind: str, resource_id: str, added: dict[str, str], removed: list[str]) -> None:
    if added or removed:
        aws.call(
            SERVICE,
            "ChangeTagsForResource",
            ResourceType=kind,
            ResourceId=resource_id,
            AddTags=tag_list(added) or None,
            RemoveTagKeys=removed or None,
        )


def _update_tags(aws: Aws, kind: str, resource_id: str, change: Change) -> None:
    if "tags" in change.changed:
        _write_tags(aws, kind, resource_id, *tag_change(change.old.get("tags"), change.new.get("tags")))


def _reference() -> str:
    return f"pulumi-{time.time_ns()}"


# -- zones


def _vpc(entry: Props, aws: Aws) -> dict[str, str]:
    return {"VPCId": entry["vpcId"], "VPCRegion": entry.get("vpcRegion") or aws.region}


def _in_sync(aws: Aws, change: dict[str, Any] | None) -> None:
    if not change:
        return

    def done() -> bool | None:
        status = aws.call(SERVICE, "GetChange", Id=change["Id"])["ChangeInfo"]["Status"]
        return True if status == "INSYNC" else None

    aws.wait(f"Route 53 change {change['Id']} to be INSYNC", done, _IN_SYNC_SECONDS)


def _create_zone(aws: Aws, props: Props) -> str:
    first, *others = props.get("vpcs") or [None]
    answer = aws.call(
        SERVICE,
        "CreateHostedZone",
        Name=props["name"],
        CallerReference=_reference(),
        HostedZoneConfig={"Comment": props["comment"], "PrivateZone": first is not None},
        VPC=first and _vpc(first, aws),
        DelegationSetId=props.get("delegationSetId"),
    )
    zone_id = str(answer["HostedZone"]["Id"]).rpartition("/")[2]
    _in_sync(aws, answer["ChangeInfo"])
    _write_tags(aws, "hostedzone", zone_id, props.get("tags") or {}, [])
    for entry in others:
        made = aws.call(SERVICE, "AssociateVPCWithHostedZone", HostedZoneId=zone_id, VPC=_vpc(entry, aws))
        _in_sync(aws, made["ChangeInfo"])
    return zone_id


def _read_zone(aws: Aws, zone_id: str, props: Props) -> Props | None:
    answer = aws.find(SERVICE, "GetHostedZone", _NO_ZONE, Id=zone_id)
    if answer is None:
        return None
    zone, vpcs = answer["HostedZone"], answer.get("VPCs") or []
    servers = sorted(answer.get("DelegationSet", {}).get("NameServers", []))
    return {
        "arn": f"arn:aws:route53:::hostedzone/{zone_id}",
        "zoneId": zone_id,
        "name": zone["Name"].rstrip("."),
        "comment": zone.get("Config", {}).get("Comment", ""),
        "nameServers": servers,
        "primaryNameServer": servers[0] if servers else "",
        "vpcs": [{"vpcId": vpc["VPCId"], "vpcRegion": vpc["VPCRegion"]} for vpc in vpcs],
        "tags": _tags_of(aws, "hostedzone", zone_id),
    }


def _update_zone(aws: Aws, zone_id: str, change: Change) -> None:
    if "comment" in change.changed:
        aws.call(SERVICE, "UpdateHostedZoneComment", Id=zone_id, Comment=change.new.get("comment", ""))
    if "vpcs" in change.changed:
        before = {entry["vpcId"]: entry for entry in change.old.get("vpcs") or []}
        after = {entry["vpcId"]: entry for entry in change.new.get("vpcs") or []}
        # A private zone keeps one VPC at least: new ones come first.
        moves = [("AssociateVPCWithHostedZone", after[vpc]) for vpc in after.keys() - before.keys()]
        moves += [("DisassociateVPCFromHostedZone", before[vpc]) for vpc in before.keys() - after.keys()]
        for operation, entry in moves:
            answer = aws.call(SERVICE, operation, HostedZoneId=zone_id, VPC=_vpc(entry, aws))
            _in_sync(aws, answer["ChangeInfo"])
    _update_tags(aws, "hostedzone", zone_id, change)


def _delete_zone(aws: Aws, zone_id: str, props: Props) -> None:
    if props.get("forceDestroy"):
        _remove_records(aws, zone_id)
    answer = aws.find(SERVICE, "DeleteHostedZone", _NO_ZONE, Id=zone_id)
    _in_sync(aws, (answer or {}).get("ChangeInfo"))


def _remove_records(aws: Aws, zone_id: str) -> None:
    if aws.find(SERVICE, "GetHostedZone", _NO_ZONE, Id=zone_id) is None:
        return
    records = aws.pages(SERVICE, "ListResourceRecordSets", "ResourceRecordSets", HostedZoneId=zone_id)
    changes = [
        {"Action": "DELETE", "ResourceRecordSet": record} for record in records if record["Type"] not in ("NS", "SOA")
    ]
    for start in range(0, len(changes), _BATCH):
        batch = {"Changes": changes[start : start + _BATCH]}
        answer = aws.call(SERVICE, "ChangeResourceRecordSets", HostedZoneId=zone_id, ChangeBatch=batch)
        _in_sync(aws, answer["ChangeInfo"])


def _validate_zone(props: Props) -> Iterator[Failure]:
    if "delegationSetId" in props and props.get("vpcs"):
        yield Failure("delegationSetId", "conflicts with `vpcs`")


# -- health checks


def _check_config(props: Props) -> dict[str, Any]:
    return {api: props[name] for name, api in _CHECK_NAMES.items() if props.get(name) is not None}


def _create_check(aws: Aws, props: Props) -> str:
    if props.get("cloudwatchAlarmName") or props.get("routingControlArn"):
        raise ProviderError("this stand-in makes no health checks of alarms or routing controls")
    name = props.get("referenceName")
    reference = f"{name}-{time.time_ns()}"[:64] if name else _reference()
    made = aws.call(SERVICE, "CreateHealthCheck", CallerReference=reference, HealthCheckConfig=_check_config(props))
    check_id = str(made["HealthCheck"]["Id"])
    _write_tags(aws, "healthcheck", check_id, props.get("tags") or {}, [])
    return check_id


def _read_check(aws: Aws, check_id: str, props: Props) -> Props | None:
    answer = aws.find(SERVICE, "GetHealthCheck", _NO_CHECK, HealthCheckId=check_id)
    if answer is None:
        return None
    config = answer["HealthCheck"]["HealthCheckConfig"]
    return {
        "arn": f"arn:aws:route53:::healthcheck/{check_id}",
        **{name: config.get(api) for name, api in _CHECK_NAMES.items()},
        "tags": _tags_of(aws, "healthcheck", check_id),
    }


def _update_check(aws: Aws, check_id: str, change: Change) -> None:
    if change.any_of(*_CHECK_NAMES):
        config = {key: value for key, value in _check_config(change.new).items() if key not in _FIXED}
        aws.call(SERVICE, "UpdateHealthCheck", HealthCheckId=check_id, **config)
    _update_tags(aws, "healthcheck", check_id, change)


def _delete_check(aws: Aws, check_id: str, props: Props) -> None:
    aws.find(SERVICE, "DeleteHealthCheck", _NO_CHECK, HealthCheckId=check_id)


_CHECK_TYPES: Final = (
    "HTTP",
    "HTTPS",
    "HTTP_STR_MATCH",
    "HTTPS_STR_MATCH",
    "TCP",
    "CALCULATED",
    "CLOUDWATCH_METRIC",
    "RECOVERY_CONTROL",
)


TYPES: Final = [
    ResourceType(
        token="aws:route53/zone:Zone",
        props={
            "name": P(force_new=True, check=longest(1024)),
            "comment": P(default="Managed by Pulumi", check=longest(256, 0)),
            "delegationSetId": P(force_new=True),
            "enableAcceleratedRecovery": P(computed=True),
            "forceDestroy": P(default=False, state_only=True),
            "vpcs": P(unordered=True),
            "vpcs[].vpcId": P(),
            "vpcs[].vpcRegion": P(computed=True),
            "tags": TAGS,
        },
        create=_create_zone,
        read=_read_zone,
        update=_update_zone,
        delete=_delete_zone,
        validate=_validate_zone,
        name_max=1024,
        regional=False,
    ),
    ResourceType(
        token="aws:route53/healthCheck:HealthCheck",
        props={
            "type": P(force_new=True, check=one_of(*_CHECK_TYPES)),
            "fqdn": P(check=longest(255)),
            "ipAddress": P(),
            "port": P(check=between(1, 65535)),
            "resourcePath": P(check=longest(255)),
            "searchString": P(check=longest(255)),
            "requestInterval": P(computed=True, force_new=True, check=between(10, 30)),
            "failureThreshold": P(computed=True, check=between(1, 10)),
            "measureLatency": P(default=False, force_new=True),
            "invertHealthcheck": P(),
            "disabled": P(default=False),
            "enableSni": P(computed=True),
            "regions": P(unordered=True),
            "childHealthchecks": P(unordered=True),
            "childHealthThreshold": P(check=between(0, 256)),
            "insufficientDataHealthStatus": P(check=one_of("Healthy", "LastKnownStatus", "Unhealthy")),
            "cloudwatchAlarmName": P(),
            "cloudwatchAlarmRegion": P(),
            "routingControlArn": P(force_new=True),
            "referenceName": P(force_new=True, state_only=True),
            "triggers": P(computed=True, state_only=True),
            "tags": TAGS,
        },
        create=_create_check,
        read=_read_check,
        update=_update_check,
        delete=_delete_check,
        regional=False,
    ),
]
