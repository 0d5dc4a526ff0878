"""Lambda: who may call a function, or one alias or version of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, both, longest, matches
from localcloud.plugins.aws.model import REGION, P, Props, ResourceType
from localcloud.plugins.aws.session import Aws

_SERVICE: Final = "lambda"
_GONE: Final = ("ResourceNotFoundException",)
_NAMES: Final = {
    "action": "Action",
    "eventSourceToken": "EventSourceToken",
    "functionUrlAuthType": "FunctionUrlAuthType",
    "principal": "Principal",
    "principalOrgId": "PrincipalOrgID",
    "sourceAccount": "SourceAccount",
    "sourceArn": "SourceArn",
}


def _place(props: Props) -> dict[str, Any]:
    return {"FunctionName": props["function"], "Qualifier": props.get("qualifier")}


def _create(aws: Aws, props: Props) -> str:
    made_up = hashlib.sha256(json.dumps(props, sort_keys=True, default=str).encode()).hexdigest()[:26]
    statement = props.get("statementId") or f"{props.get('statementIdPrefix') or 'terraform-'}{made_up}"
    given = {api: props.get(name) for name, api in _NAMES.items()}
    aws.call(_SERVICE, "AddPermission", **_place(props), StatementId=statement, **given)
    return str(statement)


def _read(aws: Aws, statement: str, props: Props) -> Props | None:
    answer = aws.find(_SERVICE, "GetPolicy", _GONE, **_place(props))
    policy = json.loads(answer["Policy"]) if answer is not None else {}
    if not any(one["Sid"] == statement for one in policy.get("Statement", [])):
        return None
    written = {name: props[name] for name in (*_NAMES, "function", "qualifier", "statementIdPrefix") if name in props}
    return {**written, "statementId": statement}


def _delete(aws: Aws, statement: str, props: Props) -> None:
    aws.find(_SERVICE, "RemovePermission", _GONE, **_place(props), StatementId=statement)


TYPES: Final = [
    ResourceType(
        token="aws:lambda/permission:Permission",
        props={
            **{name: P(force_new=True) for name in (*_NAMES, "function", "qualifier", "statementIdPrefix")},
            "sourceArn": P(force_new=True, check=ARN),
            "statementId": P(
                computed=True,
                force_new=True,
                check=both(longest(100), matches(r"[A-Za-z0-9\-_]+", "letters, digits, - and _")),
            ),
            "region": REGION,
        },
        create=_create,
        read=_read,
        delete=_delete,
        taggable=False,
    )
]
