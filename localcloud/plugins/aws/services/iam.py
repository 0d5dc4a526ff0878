# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""IAM roles and their policies."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, both, longest, matches
from localcloud.plugins.aws.model import TAGS, Change, P, Props, ResourceType
from localcloud.plugins.aws.session import Aws, tag_change, tag_list, tag_map

_SERVICE: Final = "iam"
_MISSING: Final = ("NoSuchEntity",)
_NAME: Final = matches(r"[\w+=,.@-]+", "letters, digits and +=,.@-_")


def _document(value: Any) -> str:
    """IAM answers URL-encoded documents, which botocore decodes into objects."""
    return json.dumps(value) if isinstance(value, dict) else urllib.parse.unquote(str(value))


def _create_role(aws: Aws, props: Props) -> str:
    aws.call(
        _SERVICE,
        "CreateRole",
        RoleName=props["name"],
        AssumeRolePolicyDocument=props["assumeRolePolicy"],
        Description=props.get("description"),
        MaxSessionDuration=props["maxSessionDuration"],
        Path=props["path"],
        PermissionsBoundary=props.get("permissionsBoundary"),
        Tags=tag_list(props.get("tags")) or None,
    )
    return str(props["name"])


def _read_role(aws: Aws, name: str, props: Props) -> Props | None:
    answer = aws.find(_SERVICE, "GetRole", _MISSING, RoleName=name)
    if answer is None:
        return None
    role = answer["Role"]
    attached = aws.pages(_SERVICE, "ListAttachedRolePolicies", "AttachedPolicies", RoleName=name)
    return {
        "arn": role["Arn"],
        "assumeRolePolicy": _document(role["AssumeRolePolicyDocument"]),
        "createDate": role["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "description": role.get("Description", ""),
        "managedPolicyArns": sorted(policy["PolicyArn"] for policy in attached),
        "maxSessionDuration": role.get("MaxSessionDuration", 3600),
        "name": role["RoleName"],
        "path": role["Path"],
        "permissionsBoundary": (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
        "tags": tag_map(aws.call(_SERVICE, "ListRoleTags", RoleName=name)["Tags"]),
        "uniqueId": role["RoleId"],
    }


def _update_role(aws: Aws, name: str, change: Change) -> None:
    new = change.new
    if "assumeRolePolicy" in change.changed:
        aws.call(_SERVICE, "UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=new["assumeRolePolicy"])
    if change.any_of("description", "maxSessionDuration"):
        aws.call(
            _SERVICE,
            "UpdateRole",
            RoleName=name,
            Description=new.get("description", ""),
            MaxSessionDuration=new["maxSessionDuration"],
        )
    if "permissionsBoundary" in change.changed:
        if boundary := new.get("permissionsBoundary"):
            aws.call(_SERVICE, "PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=boundary)
        else:
            aws.call(_SERVICE, "DeleteRolePermissionsBoundary", RoleName=name)
    if "managedPolicyArns" in change.changed:
        before, after = set(change.old.get("managedPolicyArns", [])), set(new.get("managedPolicyArns", []))
        for arn in sorted(before - after):
            aws.find(_SERVICE, "DetachRolePolicy", _MISSING, RoleName=name, PolicyArn=arn)
        for arn in sorted(after - before):
            aws.call(_SERVICE, "AttachRolePolicy", RoleName=name, PolicyArn=arn)
    if "tags" in change.changed:
        added, removed = tag_change(change.old.get("tags"), new.get("tags"))
        if added:
            aws.call(_SERVICE, "TagRole", RoleName=name, Tags=tag_list(added))
        if removed:
            aws.call(_SERVICE, "UntagRole", RoleName=name, TagKeys=removed)


def _delete_role(aws: Aws, name: str, props: Props) -> None:
    if _read_role(aws, name, props) is None:
        return
    # The real provider detaches what the role's own inputs attached, or everything where it is set to.
    attached = aws.pages(_SERVICE, "ListAttachedRolePolicies", "AttachedPolicies", RoleName=name)
    for policy in attached:
        if props.get("forceDetachPolicies") or policy["PolicyArn"] in props.get("managedPolicyArns", []):
            aws.find(_SERVICE, "DetachRolePolicy", _MISSING, RoleName=name, PolicyArn=policy["PolicyArn"])
    if props.get("forceDetachPolicies"):
        for inline in aws.pages(_SERVICE, "ListRolePolicies", "PolicyNames", RoleName=name):
            aws.find(_SERVICE, "DeleteRolePolicy", _MISSING, RoleName=name, PolicyName=inline)
    aws.find(_SERVICE, "DeleteRole", _MISSING, RoleName=name)


def _put_policy(aws: Aws, props: Props) -> str:
    role, name = props["role"], props["name"]
    aws.call(_SERVICE, "PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=props["policy"])
    return f"{role}:{name}"


def _read_policy(aws: Aws, resource_id: str, props: Props) -> Props | None:
    role, name = resource_id.split(":", 1)
    answer = aws.find(_SERVICE, "GetRolePolicy", _MISSING, RoleName=role, PolicyName=name)
    return {"role": role, "name": name, "policy": _document(answer["PolicyDocument"])} if answer else None


def _update_policy(aws: Aws, resource_id: str, change: Change) -> None:
    if "policy" in change.changed:
        _put_policy(aws, change.new)


def _delete_policy(aws: Aws, resource_id: str, props: Props) -> None:
    role, name = resource_id.split(":", 1)
    aws.find(_SERVICE, "DeleteRolePolicy", _MISSING, RoleName=role, PolicyName=name)


def _attach(aws: Aws, props: Props) -> str:
    aws.call(_SERVICE, "AttachRolePolicy", RoleName=props["role"], PolicyArn=props["policyArn"])
    return f"{props['role']}/{props['policyArn']}"


def _attached(aws: Aws, resource_id: str, props: Props) -> Props | None:
    role, arn = resource_id.split("/", 1)
    answer = aws.find(_SERVICE, "ListAttachedRolePolicies", _MISSING, RoleName=role)
    arns = [policy["PolicyArn"] for policy in (answer or {}).get("AttachedPolicies", [])]
    return {"role": role, "policyArn": arn} if arn in arns else None


def _detach(aws: Aws, resource_id: str, props: Props) -> None:
    role, arn = resource_id.split("/", 1)
    aws.find(_SERVICE, "DetachRolePolicy", _MISSING, RoleName=role, PolicyArn=arn)


TYPES: Final = [
    ResourceType(
        token="aws:iam/role:Role",
        props={
            "name": P(force_new=True, check=both(longest(64), _NAME)),
            "assumeRolePolicy": P(json=True),
            "description": P(check=longest(1000, 0)),
            "forceDetachPolicies": P(default=False, state_only=True),
            "managedPolicyArns": P(computed=True, unordered=True),
            "managedPolicyArns[]": P(check=ARN),
            "maxSessionDuration": P(default=3600, check=between(3600, 43200)),
            "path": P(default="/", force_new=True),
            "permissionsBoundary": P(check=ARN),
            "tags": TAGS,
        },
        create=_create_role,
        read=_read_role,
        update=_update_role,
        delete=_delete_role,
        name_max=64,
        regional=False,
    ),
    ResourceType(
        token="aws:iam/rolePolicy:RolePolicy",
        props={
            "name": P(force_new=True, check=both(longest(128), _NAME)),
            "policy": P(json=True),
            "role": P(force_new=True),
        },
        create=_put_policy,
        read=_read_policy,
        update=_update_policy,
        delete=_delete_policy,
        name_max=128,
        regional=False,
        taggable=False,
    ),
    ResourceType(
        token="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        props={"policyArn": P(force_new=True, check=ARN), "role": P(force_new=True)},
        create=_attach,
        read=_attached,
        delete=_detach,
        regional=False,
        taggable=False,
    ),
]
