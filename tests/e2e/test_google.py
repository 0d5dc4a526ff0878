"""The program for Cloud Run under the real engine: a release that fails, one that is promoted, a rollback, requests."""

from __future__ import annotations

import json
import os

from localcloud.load import Load
from localcloud.progress import Silent
from localcloud.tools import languages
from tests.e2e.google_stack import Gcloud, Stack, cloud
from tests.examples import building
from tests.localcloud.azure_cases import colors_at
from tests.scenarios.adapters import in_full

__all__ = ["cloud"]


def image(tag: str) -> str:
    return f"europe-docker.pkg.dev/shop/web/app:{tag}"


def test_a_cloud_run_service_is_released_promoted_and_rolled_back_by_pulumi_up(cloud, tmp_path):
    stack = Stack(cloud, tmp_path / "project")
    stack.env |= cloud.by_name()  # a gate asks a tag's address
    stack.env.pop("https_proxy", None)
    steps = json.dumps({"steps": [{"weight_percent": 10, "hold_seconds": 1}]})
    gates = [{"kind": "http", "path": "/healthz"}]
    both = {"blueImage": image("v1"), "greenImage": image("v1")}
    stack.up(platform="google_cloud_run", activeColor="blue", strategy=steps, gates=gates, **both)
    gcloud = Gcloud(cloud)
    host = gcloud.service()["uri"].removeprefix("https://")
    with Load(f"{cloud.requests}/", rate_per_second=50, host_header=host) as load:
        said = stack.up(activeColor="green", greenImage=image("v77"), fails=True)
        assert "Image 'europe-docker.pkg.dev/shop/web/app:v77' not found" in said, said
        assert "install green: image app:v77 as revision green-" in said, said
        assert colors_at(cloud.requests, host) == {"blue"}
        stack.up(greenImage=image("v2"))
        assert colors_at(cloud.requests, host) == {"green"}
        assert colors_at(cloud.requests, f"blue---{host}") == {"blue"}
        stack.up(activeColor="blue")
        assert colors_at(cloud.requests, host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    assert "bluegreen/owner" in gcloud.service()["annotations"]
    stack.run("destroy", "--yes", "--skip-preview")


@in_full("tests/google/test_scenarios.py, tests/routers/test_cloud_run.py")
def test_somebody_elses_deploys_and_weights_by_hand_lose_nothing_and_are_put_right(cloud, tmp_path):
    stack = Stack(cloud, tmp_path / "project")
    images = {"blueImage": image("v1"), "greenImage": image("v2")}
    stack.up(platform="google_cloud_run", activeColor="blue", strategy={"steps": []}, **images)
    gcloud = Gcloud(cloud)
    host = gcloud.service()["uri"].removeprefix("https://")
    with Load(f"{cloud.requests}/", rate_per_second=50, host_header=host) as load:
        theirs = {"containers": [{"image": image("v3"), "env": [{"name": "COLOR", "value": "white"}]}]}
        gcloud.change("template", {"template": theirs})
        gcloud.change("annotations", {"annotations": {**gcloud.service()["annotations"], "team": "orders"}})
        stack.up(activeColor="green")
        assert colors_at(cloud.requests, host) == {"green"}
        assert gcloud.service()["annotations"]["team"] == "orders"
        blue = next(one for one in gcloud.service()["traffic"] if one.get("tag") == "blue")
        moved = [{**blue, "percent": 100}]
        gcloud.change("traffic", {"traffic": moved})
        said = stack.run("preview")
        assert "drift" in said.lower() or "blue 100 %" in said, said
        stack.up()
        assert colors_at(cloud.requests, host) == {"green"}
    assert (load.result.failed, load.result.errors) == (0, {})
    stack.run("destroy", "--yes", "--skip-preview")


@in_full("tests/google/test_scenarios.py, tests/routers/test_cloud_run.py")
def test_the_yaml_example_is_promoted_by_the_plugin(cloud, tmp_path):
    building.yaml_google(tmp_path / "project")
    stack = Stack(cloud, tmp_path / "project", "web-google")
    del stack.env["PULUMI_IGNORE_AMBIENT_PLUGINS"]  # here the plugin is the program on PATH, as users have it
    stack.env["PATH"] = os.pathsep.join([str(languages.ensure(Silent())), stack.env["PATH"]])
    stack.up(activeColor="blue", holdSeconds=1, blueImage=image("v1"), greenImage=image("v2"))
    host = Gcloud(cloud).service()["uri"].removeprefix("https://")
    assert colors_at(cloud.requests, host) == {"blue"}
    said = stack.up(activeColor="green")
    assert "bluegreen:index:TrafficSwap web-swap updated" in said
    assert colors_at(cloud.requests, host) == {"green"}
    stack.run("destroy", "--yes", "--skip-preview")
