"""A function with published versions in the emulator, and hands to change its alias."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import boto3

_names = itertools.count(1)
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@dataclass
class Function:
    """The objects that the API made; ``client`` is the client that made them."""

    client: Any
    name: str
    arn: str

    def alias(self, name: str = "live") -> dict[str, Any]:
        """The alias as the API has it."""
        return self.client.get_alias(FunctionName=self.name, Name=name)

    def shares(self, name: str = "live") -> dict[str, float]:
        """The shares by the alias' own fields: the version it points to, and the weights of others."""
        alias = self.alias(name)
        return {alias["FunctionVersion"]: 1.0, **alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})}

    def tags(self) -> dict[str, str]:
        """The function's tags."""
        return self.client.list_tags(Resource=self.arn)["Tags"]


def code(text: str) -> bytes:
    """A deployment package."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", f"def handler(event, context):\n    return {text!r}\n")
    return packed.getvalue()


def build(versions: int = 3) -> Function:
    """Make one, with versions 1 to ``versions``."""
    name = f"workshop-{next(_names)}"
    role = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
    client = boto3.client("lambda")
    made = client.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role["Role"]["Arn"],
        Handler="index.handler",
        Code={"ZipFile": code("0")},
        Tags={"team": "orders"},
    )
    for number in range(1, versions + 1):
        client.update_function_code(FunctionName=name, ZipFile=code(str(number)))
        assert client.publish_version(FunctionName=name)["Version"] == str(number)
    return Function(client, name, made["FunctionArn"])


def of_images(uris: list[str], **environment: str) -> Function:
    """Make one whose versions are container images, which the emulator runs when they are called."""
    name = f"workshop-{next(_names)}"
    role = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
    client = boto3.client("lambda")
    made = client.create_function(
        FunctionName=name,
        PackageType="Image",
        Role=role["Role"]["Arn"],
        Code={"ImageUri": uris[0]},
        Environment={"Variables": environment},
    )
    for number, uri in enumerate(uris, 1):
        client.update_function_code(FunctionName=name, ImageUri=uri)
        assert client.publish_version(FunctionName=name)["Version"] == str(number)
    return Function(client, name, made["FunctionArn"])


def section(function: Function, **more: object) -> dict[str, object]:
    """A ``router`` section for it."""
    return {
        "kind": "lambda_alias",
        "function_name": function.name,
        "alias_name": "live",
        "versions": {"blue": "1", "green": "2"},
        "owner": "project/stack/orders",
        **more,
    }
