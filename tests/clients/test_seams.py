"""Where tests and tools take the place of an API: by what the clients offer, and not by their private parts."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import bluegreen
from bluegreen.aws import client as aws
from bluegreen.aws.client import AwsConnection
from bluegreen.kubernetes import client as kubernetes
from bluegreen.kubernetes.client import KubernetesConnection, Resource

ROOT = Path(bluegreen.__file__).parents[2]
TOOLS = sorted(path for folder in ("dev", "demo", "localcloud") for path in (ROOT / folder).rglob("*.py"))
WEB = Resource("v1", "Service", "services", "shop", "web")


class Memory:
    def __init__(self, name):
        self.name = name

    def send(self, request):
        return {"metadata": {"name": self.name, "path": request.path}}


def name_of(cluster):
    return cluster.get(WEB)["metadata"]["name"]


def test_a_connection_is_reached_by_ones_own_transport():
    one, other = KubernetesConnection(context="seam-one"), KubernetesConnection(context="seam-other")
    kubernetes.reach(one, Memory("one"))
    kubernetes.reach(other, Memory("other"))
    assert (name_of(one), name_of(other)) == ("one", "other")
    with kubernetes.reached_by(Memory("all")):
        assert (name_of(one), name_of(other)) == ("all", "all")
    assert (name_of(one), name_of(other)) == ("one", "other")


def test_clients_come_from_ones_own_factory():
    asked = []
    connection = AwsConnection(region="eu-central-1")

    def factory(*given):
        asked.append(given)
        return "a client"

    with aws.clients_by(factory):
        assert connection.client("ecs") == "a client"
        with aws.clients_by(lambda *_: "another"):
            assert connection.client("ecs") == "another"
        assert connection.client("elbv2") == "a client"
    assert asked == [(connection, "ecs"), (connection, "elbv2")]


def imported(tree):
    """Names that a file has of the package's modules."""
    for found in ast.walk(tree):
        if isinstance(found, ast.ImportFrom) and (found.module or "").partition(".")[0] == "bluegreen":
            yield from ((alias.asname or alias.name, alias.name) for alias in found.names)


@pytest.mark.parametrize("path", TOOLS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_tool_uses_no_private_name_of_the_package(path):
    tree = ast.parse(path.read_text())
    ours = dict(imported(tree))
    assert [name for name in ours.values() if re.match(r"_[a-z]", name)] == []
    private = [
        f"{found.value.id}.{found.attr}"
        for found in ast.walk(tree)
        if isinstance(found, ast.Attribute)
        and isinstance(found.value, ast.Name)
        and found.value.id in ours
        and re.match(r"_[a-zA-Z]", found.attr)
    ]
    patched = [
        ast.unparse(found)
        for found in ast.walk(tree)
        if isinstance(found, ast.Call)
        and ast.unparse(found.func).endswith(("patch.object", "setattr"))
        and len(found.args) > 1
        and ast.unparse(found.args[0]).partition(".")[0] in ours
        and re.match(r"'_[a-zA-Z]", ast.unparse(found.args[1]))
    ]
    assert (private, patched) == ([], [])
