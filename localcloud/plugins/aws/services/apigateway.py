# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""API Gateway's REST APIs, defined by an OpenAPI document, and their deployments."""

from __future__ import annotations

from typing import Any, Final

from localcloud.plugins.aws.checker import one_of
from localcloud.plugins.aws.model import REGION, TAGS, Change, P, Props, ResourceType
from localcloud.plugins.aws.services.apigateway_common import GONE, V1, arn, execution_arn, retag_v1, tag_v1, tags_v1
from localcloud.plugins.aws.session import Aws


def _put_body(aws: Aws, api: str, props: Props) -> None:
    if body := props.get("body"):
        mode = props.get("putRestApiMode", "overwrite")
        aws.call(V1, "PutRestApi", restApiId=api, mode=mode, body=str(body).encode())


def _create_api(aws: Aws, props: Props) -> str:
    made = aws.call(
        V1,
        "CreateRestApi",
        name=props["name"],
        description=props.get("description"),
        disableExecuteApiEndpoint=props.get("disableExecuteApiEndpoint"),
    )
    tag_v1(aws, arn(aws, f"/restapis/{made['id']}"), props.get("tags"))
    _put_body(aws, made["id"], props)
    return str(made["id"])


def _read_api(aws: Aws, api: str, props: Props) -> Props | None:
    answer = aws.find(V1, "GetRestApi", GONE, restApiId=api)
    if answer is None:
        return None
    resources = aws.call(V1, "GetResources", restApiId=api, limit=500)["items"]
    return {
        "arn": arn(aws, f"/restapis/{api}"),
        "createdDate": str(answer.get("createdDate", "")),
        "executionArn": execution_arn(aws, api),
        "rootResourceId": next(item["id"] for item in resources if item["path"] == "/"),
        "name": props.get("name", answer["name"]),  # a document's title takes the name's place in the API
        "description": props.get("description", answer.get("description")),
        "disableExecuteApiEndpoint": answer.get("disableExecuteApiEndpoint", False),
        "body": props.get("body"),
        "tags": tags_v1(aws, arn(aws, f"/restapis/{api}")),
    }


def _update_api(aws: Aws, api: str, change: Change) -> None:
    written = change.subset("name", "description", "disableExecuteApiEndpoint")
    operations = [
        {"op": "replace", "path": f"/{name}", "value": str(value).lower() if isinstance(value, bool) else value or ""}
        for name, value in written.items()
    ]
    if operations:
        aws.call(V1, "UpdateRestApi", restApiId=api, patchOperations=operations)
    if change.any_of("body", "putRestApiMode"):
        _put_body(aws, api, change.new)
    retag_v1(aws, arn(aws, f"/restapis/{api}"), change)


def _delete_api(aws: Aws, api: str, props: Props) -> None:
    aws.find(V1, "DeleteRestApi", GONE, restApiId=api)


def _create_deployment(aws: Aws, props: Props) -> str:
    made = aws.call(
        V1,
        "CreateDeployment",
        restApiId=props["restApi"],
        description=props.get("description"),
        variables=props.get("variables"),
    )
    return str(made["id"])


def _read_deployment(aws: Aws, deployment: str, props: Props) -> Props | None:
    answer = aws.find(V1, "GetDeployment", GONE, restApiId=props["restApi"], deploymentId=deployment)
    if answer is None:
        return None
    return {
        "createdDate": str(answer.get("createdDate", "")),
        "description": answer.get("description"),
        "restApi": props["restApi"],
    }


def _update_deployment(aws: Aws, deployment: str, change: Change) -> None:
    if "description" in change.changed:
        value = change.new.get("description") or ""
        operations = [{"op": "replace", "path": "/description", "value": value}]
        place = {"restApiId": change.new["restApi"], "deploymentId": deployment}
        aws.call(V1, "UpdateDeployment", **place, patchOperations=operations)


def _delete_deployment(aws: Aws, deployment: str, props: Props) -> None:
    """Refused while a stage refers to it, as API Gateway does and the emulator does not."""
    stages = aws.find(V1, "GetStages", GONE, restApiId=props["restApi"]) or {}
    for stage in stages.get("item", []):
        canary: dict[str, Any] = stage.get("canarySettings") or {}
        serves = canary.get("deploymentId") == deployment and canary.get("percentTraffic", 0) > 0
        if stage.get("deploymentId") == deployment or serves:
            raise _in_use(stage["stageName"])
    aws.find(V1, "DeleteDeployment", GONE, restApiId=props["restApi"], deploymentId=deployment)


def _in_use(stage: str) -> Exception:
    from localcloud.plugins.aws.model import ApiError  # noqa: PLC0415

    message = f"Active stages pointing to this deployment must be moved or deleted ({stage})"
    return ApiError(V1, "DeleteDeployment", "BadRequestException", message)


TYPES: Final = [
    ResourceType(
        token="aws:apigateway/restApi:RestApi",
        props={
            "name": P(),
            "description": P(computed=True),
            "body": P(json=True, state_only=True),
            "putRestApiMode": P(state_only=True, check=one_of("overwrite", "merge")),
            "disableExecuteApiEndpoint": P(computed=True),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_api,
        read=_read_api,
        update=_update_api,
        delete=_delete_api,
        name_max=255,
    ),
    ResourceType(
        token="aws:apigateway/deployment:Deployment",
        props={
            "restApi": P(force_new=True),
            "description": P(),
            "triggers": P(force_new=True, state_only=True),
            "variables": P(force_new=True, state_only=True),
            "region": REGION,
        },
        create=_create_deployment,
        read=_read_deployment,
        update=_update_deployment,
        delete=_delete_deployment,
        taggable=False,
    ),
]
