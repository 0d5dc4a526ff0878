"""A REST API and an HTTP API in the emulator, each with a stage, and hands to change it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import boto3

_names = itertools.count(1)


@dataclass
class RestApi:
    """The objects that the API made; ``client`` is the client that made them."""

    client: Any
    id: str
    root_id: str
    deployments: dict[str, str]

    def stage(self, name: str = "prod") -> dict[str, Any]:
        """The stage as the API has it."""
        return self.client.get_stage(restApiId=self.id, stageName=name)

    def arn(self, name: str = "prod") -> str:
        """The ARN that the stage's tags are put on."""
        return f"arn:aws:apigateway:us-east-1::/restapis/{self.id}/stages/{name}"

    def tags(self, name: str = "prod") -> dict[str, str]:
        """The stage's tags."""
        return self.client.get_tags(resourceArn=self.arn(name))["tags"]

    def restage(self, color: str = "blue") -> None:
        """The stage as a stack makes it, in place of the one that is there."""
        remove_stage(self)
        self.client.create_stage(
            restApiId=self.id,
            stageName="prod",
            deploymentId=self.deployments[color],
            variables={"other": "kept"},
        )
        # Not with the stage: the emulator shows tags that it was made with elsewhere.
        self.client.tag_resource(resourceArn=self.arn(), tags={"team": "orders"})


def remove_stage(api: RestApi) -> None:
    """The emulator keeps the tags of a stage that is gone."""
    if any(stage["stageName"] == "prod" for stage in api.client.get_stages(restApiId=api.id)["item"]):
        if tags := api.tags():
            api.client.untag_resource(resourceArn=api.arn(), tagKeys=list(tags))
        api.client.delete_stage(restApiId=api.id, stageName="prod")


def build_rest() -> RestApi:
    """Make one, with a deployment for each color and one for nobody."""
    client = boto3.client("apigateway")
    api = client.create_rest_api(name=f"workshop-{next(_names)}")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    client.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    client.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    deployments = {color: client.create_deployment(restApiId=api)["id"] for color in ("blue", "green", "stranger")}
    made = RestApi(client, api, root, deployments)
    made.restage()
    return made


def rest_section(api: RestApi, **more: object) -> dict[str, object]:
    """A ``router`` section for it."""
    return {
        "kind": "rest_api_canary",
        "rest_api_id": api.id,
        "stage_name": "prod",
        "deployments": {color: api.deployments[color] for color in ("blue", "green")},
        "owner": "project/stack/orders",
        **more,
    }


@dataclass
class HttpApi:
    """The objects that the API made; ``client`` is the client that made them."""

    client: Any
    id: str

    def stage(self, name: str = "$default") -> dict[str, Any]:
        """The stage as the API has it."""
        return self.client.get_stage(ApiId=self.id, StageName=name)

    @property
    def arn(self) -> str:
        """The ARN that the stage's tags are put on."""
        return f"arn:aws:apigateway:us-east-1::/apis/{self.id}/stages/$default"

    def tags(self) -> dict[str, str]:
        """The stage's tags."""
        return self.client.get_tags(ResourceArn=self.arn)["Tags"]

    def variables(self) -> dict[str, str]:
        """The stage's variables."""
        return self.stage()["StageVariables"]

    def set_variables(self, **variables: str) -> None:
        """By hand."""
        self.client.update_stage(ApiId=self.id, StageName="$default", StageVariables=variables)


def build_http() -> HttpApi:
    """Make one whose route goes where the stage variable ``backend`` says."""
    client = boto3.client("apigatewayv2")
    api = client.create_api(Name=f"workshop-{next(_names)}", ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri="http://${stageVariables.backend}/{proxy}",
        PayloadFormatVersion="1.0",
    )["IntegrationId"]
    client.create_route(ApiId=api, RouteKey="GET /{proxy+}", Target=f"integrations/{integration}")
    client.create_stage(
        ApiId=api,
        StageName="$default",
        AutoDeploy=True,
        StageVariables={"backend": "blue.example.com", "other": "kept"},
    )
    made = HttpApi(client, api)
    # Not with the stage: the emulator puts what a stage was made with back at every UpdateStage.
    client.tag_resource(ResourceArn=made.arn, Tags={"team": "orders"})
    return made


def http_section(api: HttpApi, **more: object) -> dict[str, object]:
    """A ``router`` section for it."""
    return {
        "kind": "http_api_stage",
        "api_id": api.id,
        "stage_name": "$default",
        "variable": "backend",
        "values": {"blue": "blue.example.com", "green": "green.example.com:8080"},
        "owner": "project/stack/orders",
        **more,
    }
