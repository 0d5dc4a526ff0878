"""The first service on Kubernetes and on ECS: each command of the pages is typed as it stands, in other places."""

from __future__ import annotations

import json
import secrets

import boto3
import pytest

from tests.e2e import walk
from tests.scenarios import adapters

in_full = pytest.mark.skipif(adapters.CHOSEN != "full", reason="`make scenarios` runs it")
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@pytest.fixture
def project(tmp_path):
    """A folder with a project without a program, and the environment of one's own state."""
    (tmp_path / "Pulumi.yaml").write_text("name: first\nruntime: python\n")
    (tmp_path / "state").mkdir()
    return tmp_path, {"PULUMI_BACKEND_URL": f"file://{tmp_path}/state", "NO_PROXY": "127.0.0.1,10.0.0.0/8"}


def followed(page, project, env, places):
    """All that is printed by whoever follows a page elsewhere; it has what the page promises."""
    folder, own = project
    text = (walk.DOCS / page).read_text()
    for there, here in places.items():
        assert there in text, there
        text = text.replace(there, here)
    (folder / "__main__.py").write_text(walk.program(walk.DOCS / page))
    said = walk.follow(walk.script(text), folder, {**env, **own})
    assert not walk.missing(text, said), said
    return said


@in_full
def test_every_command_of_the_page_on_kubernetes_does_what_it_says(node, project):
    context = node.kubectl("config", "current-context").strip()
    with node.namespace(f"start-{secrets.token_hex(4)}") as namespace:
        places = {
            "kubernetes:context production": f"kubernetes:context {context}",
            "kubernetes:namespace shop": f"kubernetes:namespace {namespace}",
            "192.0.2.10": "127.0.0.1",
            "registry.example.com/web:v1": node.image("v1"),
            "registry.example.com/web:v2": node.image("v2"),
        }
        said = followed("start-kubernetes.md", project, node.process_env(), places)
    assert answers(said) == ["v1", "v2", "v1"]


@in_full
def test_every_command_of_the_page_on_ecs_does_what_it_says(cloud, project):
    ec2 = boto3.client("ec2", endpoint_url=cloud.endpoint, region_name="us-east-1", **KEYS)
    (vpc, *_) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    places = {
        "aws:region eu-central-1": "aws:region us-east-1",
        "vpc-0a1b2c3d": vpc["VpcId"],
        "subnet-1a2b3c4d": subnets[0]["SubnetId"],
        "subnet-5e6f7a8b": subnets[1]["SubnetId"],
        "ACCOUNT.dkr.ecr.eu-central-1.amazonaws.com/app:v1": cloud.image("v1"),
        "ACCOUNT.dkr.ecr.eu-central-1.amazonaws.com/app:v2": cloud.image("v2"),
    }
    said = followed("start-ecs.md", project, cloud.process_env(), places)
    assert answers(said) == ["v1", "v2"]


def answers(said):
    """The releases that answered, one for each `curl`."""
    return [json.loads(line)["version"] for line in said.splitlines() if line.startswith('{"')]
