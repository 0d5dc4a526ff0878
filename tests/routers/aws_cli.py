"""The calls of a command of the AWS CLI, without the CLI: options are parameters, as botocore's models name them."""

from __future__ import annotations

import json
import shlex
from typing import Any

import botocore
import botocore.session

from bluegreen.aws.client import AwsConnection
from tests.routers.aws_store import CONNECTION

# Where a service's name in the CLI is another one than boto3's.
_SERVICES = {"deploy": "codedeploy"}


def run(command: str) -> None:
    """Do what somebody does who types it."""
    program, service, operation, *words = shlex.split(command)
    assert program == "aws"
    client = AwsConnection(**CONNECTION).client(_SERVICES.get(service, service))
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    members = {botocore.xform_name(name, "-"): (name, of) for name, of in shape.members.items()}
    given: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            given[word[2:]] = []
            option = word[2:]
        else:
            given[option].append(word)
    assert given.pop("region") == [CONNECTION["region"]]
    named = {members[option][0]: _value(members[option][1], values) for option, values in given.items()}
    getattr(client, method)(**named)


def _value(of: Any, words: list[str]) -> Any:
    if of.type_name in ("list", "map", "structure"):
        is_json = len(words) == 1 and words[0][:1] in "[{"
        return json.loads(words[0]) if is_json else words
    (word,) = words
    return int(word) if of.type_name in ("integer", "long") else word
