"""The program for Cloud Run under the real engine: a release that fails, one that is promoted, a rollback, requests."""

from __future__ import annotations

import json

from localcloud.load import Load
from tests.e2e.google_stack import Gcloud, Stack, cloud
from tests.localcloud.azure_cases import colors_at

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
