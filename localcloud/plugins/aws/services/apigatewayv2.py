# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""API Gateway's HTTP and WebSocket APIs: APIs, integrations, routes and stages."""

from __future__ import annotations

from typing import Any, Final

from localcloud.plugins.aws.checker import between, longest, one_of
from localcloud.plugins.aws.model import REGION, TAGS, Change, P, Props, ResourceType
from localcloud.plugins.aws.services.apigateway_common import (
    GONE,
    V2,
    arn,
    execution_arn,
    invoke_url,
    retag_v2,
    tag_v2,
    tags_v2,
)
from localcloud.plugins.aws.session import Aws

_API: Final = {"name": "Name", "description": "Description", "disableExecuteApiEndpoint": "DisableExecuteApiEndpoint"}
_INTEGRATION: Final = {
    "connectionId": "ConnectionId",
    "connectionType": "ConnectionType",
    "credentialsArn": "CredentialsArn",
    "description": "Description",
    "integrationMethod": "IntegrationMethod",
    "integrationUri": "IntegrationUri",
    "payloadFormatVersion": "PayloadFormatVersion",
    "requestParameters": "RequestParameters",
    "timeoutMilliseconds": "TimeoutInMillis",
}
_ROUTE: Final = {"routeKey": "RouteKey", "target": "Target", "operationName": "OperationName"}
_STAGE: Final = {"autoDeploy": "AutoDeploy", "deploymentId": "DeploymentId", "description": "Description"}


def _given(props: Props, names: dict[str, str]) -> dict[str, Any]:
    return {api: props.get(name) for name, api in names.items()}


def _found(answer: Props, names: dict[str, str]) -> Props:
    return {name: answer.get(api) for name, api in names.items()}


def _changed(change: Change, names: dict[str, str]) -> dict[str, Any]:
    return {api: change.new.get(name) for name, api in names.items() if name in change.changed}


def _api_arn(aws: Aws, api: str) -> str:
    return arn(aws, f"/apis/{api}")


def _create_api(aws: Aws, props: Props) -> str:
    made = aws.call(V2, "CreateApi", ProtocolType=props["protocolType"], **_given(props, _API))
    tag_v2(aws, _api_arn(aws, made["ApiId"]), props.get("tags"))
    return str(made["ApiId"])


def _read_api(aws: Aws, api: str, props: Props) -> Props | None:
    answer = aws.find(V2, "GetApi", GONE, ApiId=api)
    if answer is None:
        return None
    return {
        **_found(answer, _API),
        "apiEndpoint": answer["ApiEndpoint"],
        "arn": _api_arn(aws, api),
        "executionArn": execution_arn(aws, api),
        "protocolType": answer["ProtocolType"],
        "tags": tags_v2(aws, _api_arn(aws, api), props),
    }


def _update_api(aws: Aws, api: str, change: Change) -> None:
    if written := _changed(change, _API):
        aws.call(V2, "UpdateApi", ApiId=api, **written)
    retag_v2(aws, _api_arn(aws, api), change)


def _delete_api(aws: Aws, api: str, props: Props) -> None:
    aws.find(V2, "DeleteApi", GONE, ApiId=api)


def _create_integration(aws: Aws, props: Props) -> str:
    place = {"ApiId": props["apiId"], "IntegrationType": props["integrationType"]}
    return str(aws.call(V2, "CreateIntegration", **place, **_given(props, _INTEGRATION))["IntegrationId"])


def _read_integration(aws: Aws, integration: str, props: Props) -> Props | None:
    answer = aws.find(V2, "GetIntegration", GONE, ApiId=props["apiId"], IntegrationId=integration)
    if answer is None:
        return None
    return {**_found(answer, _INTEGRATION), "apiId": props["apiId"], "integrationType": answer["IntegrationType"]}


def _update_integration(aws: Aws, integration: str, change: Change) -> None:
    if written := _changed(change, _INTEGRATION):
        aws.call(V2, "UpdateIntegration", ApiId=change.new["apiId"], IntegrationId=integration, **written)


def _delete_integration(aws: Aws, integration: str, props: Props) -> None:
    aws.find(V2, "DeleteIntegration", GONE, ApiId=props["apiId"], IntegrationId=integration)


def _create_route(aws: Aws, props: Props) -> str:
    return str(aws.call(V2, "CreateRoute", ApiId=props["apiId"], **_given(props, _ROUTE))["RouteId"])


def _read_route(aws: Aws, route: str, props: Props) -> Props | None:
    answer = aws.find(V2, "GetRoute", GONE, ApiId=props["apiId"], RouteId=route)
    return None if answer is None else {**_found(answer, _ROUTE), "apiId": props["apiId"]}


def _update_route(aws: Aws, route: str, change: Change) -> None:
    if written := _changed(change, _ROUTE):
        aws.call(V2, "UpdateRoute", ApiId=change.new["apiId"], RouteId=route, **written)


def _delete_route(aws: Aws, route: str, props: Props) -> None:
    aws.find(V2, "DeleteRoute", GONE, ApiId=props["apiId"], RouteId=route)


def _stage_arn(aws: Aws, props: Props, stage: str) -> str:
    return arn(aws, f"/apis/{props['apiId']}/stages/{stage}")


def _create_stage(aws: Aws, props: Props) -> str:
    place = {"ApiId": props["apiId"], "StageName": props["name"]}
    aws.call(V2, "CreateStage", **place, **_given(props, _STAGE), StageVariables=props.get("stageVariables"))
    tag_v2(aws, _stage_arn(aws, props, props["name"]), props.get("tags"))
    return str(props["name"])


def _read_stage(aws: Aws, stage: str, props: Props) -> Props | None:
    answer = aws.find(V2, "GetStage", GONE, ApiId=props["apiId"], StageName=stage)
    if answer is None:
        return None
    return {
        **_found(answer, _STAGE),
        "apiId": props["apiId"],
        "arn": _stage_arn(aws, props, stage),
        "executionArn": execution_arn(aws, props["apiId"], stage),
        "invokeUrl": invoke_url(aws, props["apiId"], stage),
        "name": stage,
        "stageVariables": answer.get("StageVariables") or None,
        "tags": tags_v2(aws, _stage_arn(aws, props, stage), props),
    }


def _update_stage(aws: Aws, stage: str, change: Change) -> None:
    written = _changed(change, _STAGE)
    if "stageVariables" in change.changed:
        # API Gateway keeps a variable that is left out; the emulator keeps those alone that are sent.
        live = aws.call(V2, "GetStage", ApiId=change.new["apiId"], StageName=stage).get("StageVariables", {})
        before, after = change.old.get("stageVariables") or {}, change.new.get("stageVariables") or {}
        moved = {name: value for name, value in after.items() if before.get(name) != value}
        written["StageVariables"] = {**live, **{name: "" for name in before if name not in after}, **moved}
    if written:
        aws.call(V2, "UpdateStage", ApiId=change.new["apiId"], StageName=stage, **written)
    retag_v2(aws, _stage_arn(aws, change.new, stage), change)


def _delete_stage(aws: Aws, stage: str, props: Props) -> None:
    aws.find(V2, "DeleteStage", GONE, ApiId=props["apiId"], StageName=stage)


TYPES: Final = [
    ResourceType(
        token="aws:apigatewayv2/api:Api",
        props={
            "name": P(check=longest(128)),
            "protocolType": P(force_new=True, check=one_of("HTTP", "WEBSOCKET")),
            "description": P(),
            "disableExecuteApiEndpoint": P(computed=True),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_api,
        read=_read_api,
        update=_update_api,
        delete=_delete_api,
        name_max=128,
    ),
    ResourceType(
        token="aws:apigatewayv2/integration:Integration",
        props={
            "apiId": P(force_new=True),
            "integrationType": P(force_new=True, check=one_of("AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK")),
            "connectionId": P(),
            "connectionType": P(default="INTERNET", check=one_of("INTERNET", "VPC_LINK")),
            "credentialsArn": P(),
            "description": P(),
            "integrationMethod": P(),
            "integrationUri": P(),
            "payloadFormatVersion": P(default="1.0", check=one_of("1.0", "2.0")),
            "requestParameters": P(),
            "timeoutMilliseconds": P(computed=True, check=between(50, 30_000)),
            "region": REGION,
        },
        create=_create_integration,
        read=_read_integration,
        update=_update_integration,
        delete=_delete_integration,
        taggable=False,
    ),
    ResourceType(
        token="aws:apigatewayv2/route:Route",
        props={
            "apiId": P(force_new=True),
            "routeKey": P(),
            "target": P(),
            "operationName": P(),
            "region": REGION,
        },
        create=_create_route,
        read=_read_route,
        update=_update_route,
        delete=_delete_route,
        taggable=False,
    ),
    ResourceType(
        token="aws:apigatewayv2/stage:Stage",
        props={
            "apiId": P(force_new=True),
            "name": P(force_new=True, check=longest(128)),
            "autoDeploy": P(default=False),
            "deploymentId": P(computed=True),
            "description": P(),
            "stageVariables": P(),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_stage,
        read=_read_stage,
        update=_update_stage,
        delete=_delete_stage,
        name_max=128,
    ),
]
