# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Launch templates: every change of what instances are is a version of its own."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, both, longest, matches, one_of
from localcloud.plugins.aws.model import REGION, TAGS, Change, P, Props, ResourceType
from localcloud.plugins.aws.services.appautoscaling import down, up
from localcloud.plugins.aws.services.ec2_common import SERVICE, new_tags, update_tags
from localcloud.plugins.aws.session import Aws, tag_list, tag_map

_MISSING: Final = ("InvalidLaunchTemplateId", "InvalidLaunchTemplateName")
_DATA: Final = (
    "blockDeviceMappings",
    "ebsOptimized",
    "iamInstanceProfile",
    "imageId",
    "instanceType",
    "keyName",
    "metadataOptions",
    "monitoring",
    "networkInterfaces",
    "tagSpecifications",
    "userData",
    "vpcSecurityGroupIds",
)
# Strings in Pulumi, so that they can be left out; booleans in the API.
_FLAGS: Final = ("associatePublicIpAddress", "deleteOnTermination", "ebsOptimized", "encrypted")


def _flags(value: Any, *, to_api: bool) -> Any:
    if isinstance(value, list):
        return [_flags(item, to_api=to_api) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: (item == "true" if to_api else str(item).lower()) if key in _FLAGS else _flags(item, to_api=to_api)
        for key, item in value.items()
    }


def _data(props: Props) -> dict[str, Any]:
    """The data of instances, as the API takes them."""
    instance_data = _flags({name: props[name] for name in _DATA if props.get(name)}, to_api=True)
    specifications = instance_data.pop("tagSpecifications", [])
    groups = instance_data.pop("vpcSecurityGroupIds", None)
    for interface in instance_data.get("networkInterfaces", []):
        interface["groups"] = interface.pop("securityGroups", None)
    data: dict[str, Any] = up(instance_data)
    if groups:
        data["SecurityGroupIds"] = groups
    if specifications:
        data["TagSpecifications"] = [
            {"ResourceType": one["resourceType"], "Tags": tag_list(one.get("tags"))} for one in specifications
        ]
    return data


def _props(data: dict[str, Any]) -> Props:
    props: Props = _flags(down(data), to_api=False)
    props["vpcSecurityGroupIds"] = props.pop("securityGroupIds", [])
    for interface in props.get("networkInterfaces", []):
        interface["securityGroups"] = interface.pop("groups", [])
    props["tagSpecifications"] = [
        {"resourceType": one["ResourceType"], "tags": tag_map(one.get("Tags"))}
        for one in data.get("TagSpecifications", [])
    ]
    return {name: props.get(name) for name in _DATA}


def _create(aws: Aws, props: Props) -> str:
    answer = aws.call(
        SERVICE,
        "CreateLaunchTemplate",
        LaunchTemplateName=props["name"],
        LaunchTemplateData=_data(props),
        VersionDescription=props.get("description"),
        TagSpecifications=new_tags(props, "launch-template"),
    )
    return str(answer["LaunchTemplate"]["LaunchTemplateId"])


def _read(aws: Aws, template: str, props: Props) -> Props | None:
    answer = aws.find(SERVICE, "DescribeLaunchTemplates", _MISSING, LaunchTemplateIds=[template])
    templates = (answer or {}).get("LaunchTemplates", [])
    if not templates:
        return None
    latest = aws.call(SERVICE, "DescribeLaunchTemplateVersions", LaunchTemplateId=template, Versions=["$Latest"])
    version = latest["LaunchTemplateVersions"][0]
    account = aws.caller()["Account"]
    return {
        **_props(version["LaunchTemplateData"]),
        "arn": f"arn:aws:ec2:{aws.region}:{account}:launch-template/{template}",
        "defaultVersion": templates[0]["DefaultVersionNumber"],
        "description": version.get("VersionDescription"),
        "latestVersion": templates[0]["LatestVersionNumber"],
        "name": templates[0]["LaunchTemplateName"],
        "tags": tag_map(templates[0].get("Tags")),
    }


def _update(aws: Aws, template: str, change: Change) -> None:
    if change.any_of(*_DATA):
        answer = aws.call(
            SERVICE,
            "CreateLaunchTemplateVersion",
            LaunchTemplateId=template,
            LaunchTemplateData=_data(change.new),
            VersionDescription=change.new.get("description"),
        )
        if change.new.get("updateDefaultVersion"):
            number = str(answer["LaunchTemplateVersion"]["VersionNumber"])
            aws.call(SERVICE, "ModifyLaunchTemplate", LaunchTemplateId=template, DefaultVersion=number)
    update_tags(aws, template, change)


def _delete(aws: Aws, template: str, props: Props) -> None:
    aws.find(SERVICE, "DeleteLaunchTemplate", _MISSING, LaunchTemplateId=template)


def _is_base64(value: Any) -> str | None:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return "expected base64-encoded user data"
    return None


_EBS: Final = "blockDeviceMappings[].ebs"
_INTERFACE: Final = "networkInterfaces[]"
_FLAG: Final = one_of("true", "false")

TYPES: Final = [
    ResourceType(
        token="aws:ec2/launchTemplate:LaunchTemplate",
        props={
            "name": P(
                force_new=True,
                check=both(longest(128, 3), matches(r"[\w().\-/]+", "letters, digits and any of ( ) . - / _")),
            ),
            "blockDeviceMappings": P(),
            "blockDeviceMappings[].deviceName": P(),
            _EBS: P(),
            f"{_EBS}.deleteOnTermination": P(check=_FLAG),
            f"{_EBS}.encrypted": P(check=_FLAG),
            **{f"{_EBS}.{name}": P() for name in ("iops", "kmsKeyId", "snapshotId", "throughput")},
            f"{_EBS}.volumeSize": P(computed=True),
            f"{_EBS}.volumeType": P(computed=True),
            "defaultVersion": P(computed=True),
            "description": P(check=longest(255, 0), state_only=True),
            "ebsOptimized": P(check=_FLAG),
            "iamInstanceProfile": P(),
            "iamInstanceProfile.arn": P(check=ARN),
            "iamInstanceProfile.name": P(),
            "imageId": P(),
            "instanceType": P(),
            "keyName": P(),
            "metadataOptions": P(computed=True),
            "metadataOptions.httpEndpoint": P(computed=True, check=one_of("enabled", "disabled")),
            "metadataOptions.httpPutResponseHopLimit": P(computed=True, check=between(1, 64)),
            "metadataOptions.httpTokens": P(computed=True, check=one_of("optional", "required")),
            "monitoring": P(),
            "monitoring.enabled": P(),
            "networkInterfaces": P(),
            f"{_INTERFACE}.associatePublicIpAddress": P(check=_FLAG),
            f"{_INTERFACE}.deleteOnTermination": P(check=_FLAG),
            f"{_INTERFACE}.deviceIndex": P(),
            f"{_INTERFACE}.securityGroups": P(unordered=True),
            f"{_INTERFACE}.subnetId": P(),
            "tagSpecifications": P(unordered=True),
            "tagSpecifications[].resourceType": P(),
            "tagSpecifications[].tags": P(),
            "updateDefaultVersion": P(state_only=True),
            "userData": P(check=_is_base64),
            "vpcSecurityGroupIds": P(unordered=True),
            "region": REGION,
            "tags": TAGS,
        },
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        name_max=125,
        renewed=("latestVersion",),
    )
]
