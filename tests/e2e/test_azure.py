"""The program in `stacks` under the real engine: a release that fails, one that is promoted, a rollback, requests."""

from __future__ import annotations

import json
import os

from localcloud.azure.cloud import SUBSCRIPTION
from localcloud.load import Load
from localcloud.progress import Silent
from localcloud.tools import languages
from tests.e2e.azure_stack import GROUPS_VERSION, Owner, Stack, azure
from tests.examples import building
from tests.localcloud.azure_cases import colors_at

__all__ = ["azure"]


class Cli(Owner):
    """Looks at the app as somebody with the CLI does."""

    def app(self) -> dict:
        self.path = f"{self.group()}/providers/Microsoft.App/containerApps/web"
        return self.http.get(self.path, params={"api-version": "2026-07-01"}).json()

    def active(self) -> list[str]:
        """The colors whose revisions are active."""
        found = self.http.get(f"{self.path}/revisions", params={"api-version": "2026-07-01"}).json()["value"]
        return sorted(one["name"].split("--")[1].partition("-")[0] for one in found if one["properties"]["active"])


def test_a_container_app_is_released_promoted_and_rolled_back_by_pulumi_up(azure, tmp_path):
    stack = Stack(azure, tmp_path / "project")
    steps = json.dumps({"steps": [{"weight_percent": 10, "hold_seconds": 1}]})
    both = {"blueImage": "shop.azurecr.io/app:v1", "greenImage": "shop.azurecr.io/app:v1"}
    stack.up(platform="azure_container_app", activeColor="blue", strategy=steps, **both)
    cli = Cli(azure)
    host = cli.app()["properties"]["configuration"]["ingress"]["fqdn"]
    with Load(f"{azure.requests}/", rate_per_second=50, host_header=host) as load:
        said = stack.up(activeColor="green", greenImage="shop.azurecr.io/app:v77", fails=True)
        assert "cannot be pulled" in said, said
        assert "install green: image app:v77 as revision green-" in said, said
        assert colors_at(azure.requests, host) == {"blue"}
        stack.up(greenImage="shop.azurecr.io/app:v2")
        assert colors_at(azure.requests, host) == {"green"}
        stack.up(activeColor="blue", scaleDownDelaySeconds="0")
        assert colors_at(azure.requests, host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    assert cli.active() == ["blue"]
    assert "bluegreen:owner" in cli.app()["tags"]
    stack.run("destroy", "--yes", "--skip-preview")


def test_the_yaml_example_is_promoted_by_the_plugin(azure, tmp_path):
    building.yaml_azure(tmp_path / "project")
    stack = Stack(azure, tmp_path / "project", "web-azure")
    del stack.env["PULUMI_IGNORE_AMBIENT_PLUGINS"]  # here the plugin is the program on PATH, as users have it
    stack.env["PATH"] = os.pathsep.join([str(languages.ensure(Silent())), stack.env["PATH"]])
    cli = Cli(azure)
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/example"
    environment = f"{group}/providers/Microsoft.App/managedEnvironments/example"
    for path, body, version in (
        (group, {"location": "westeurope"}, GROUPS_VERSION),
        (environment, {"location": "westeurope", "properties": {}}, "2026-07-01"),
    ):
        cli.http.put(path, params={"api-version": version}, json=body).raise_for_status()
    images = {"blueImage": "shop.azurecr.io/app:v1", "greenImage": "shop.azurecr.io/app:v2"}
    stack.up(activeColor="blue", resourceGroup="example", environmentId=environment, holdSeconds=1, **images)
    host = cli.app()["properties"]["configuration"]["ingress"]["fqdn"]
    assert colors_at(azure.requests, host) == {"blue"}
    said = stack.up(activeColor="green")
    assert "bluegreen:index:TrafficSwap web-swap updated" in said
    assert colors_at(azure.requests, host) == {"green"}
    stack.run("destroy", "--yes", "--skip-preview")
