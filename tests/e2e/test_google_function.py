"""The program for functions under the real engine: a build that fails, one in which the swap is killed, a rollback."""

from __future__ import annotations

import json
import os

import psutil

from localcloud import fault_google
from localcloud.fault_proxy import Drop, FaultProxy
from localcloud.google.functions import CloudFunctions as Played
from localcloud.load import Load
from localcloud.progress import Silent
from localcloud.tools import languages
from tests.e2e.google_stack import PARENT, Gcloud, Stack, cloud
from tests.e2e.killing import is_provider, kill
from tests.examples import building
from tests.localcloud.azure_cases import colors_at
from tests.scenarios.adapters import in_full

__all__ = ["cloud"]


class KilledInABuild:
    """A hook of the proxy: the swap's process dies when its deploy has begun, and never learns of it."""

    killed = 0

    def __call__(self, call: str, _number: int) -> None:
        if self.killed or not call.startswith("PATCH:buildConfig"):
            return
        for process in psutil.Process().children(recursive=True):
            if is_provider(process):
                kill(process)
                self.killed += 1
        raise Drop


def builds_of(gcloud: Gcloud, version: str) -> int:
    """The revisions of a version."""
    path = f"/run.googleapis.com/v2/{PARENT}/services/web/revisions"
    images = [one["containers"][0]["image"] for one in gcloud.http.get(path).json()["revisions"]]
    return sum(image.endswith(f":{version}") for image in images)


def test_a_function_is_released_promoted_and_rolled_back_by_pulumi_up(cloud, tmp_path):
    with FaultProxy(cloud.url, api=fault_google) as proxy:
        stack = Stack(cloud, tmp_path / "project")
        stack.env |= cloud.by_name()  # a gate asks a tag's address
        stack.env.pop("https_proxy", None)
        stack.env["GOOGLE_CLOUDFUNCTIONS2_CUSTOM_ENDPOINT"] = f"{proxy.url}/{Played.host}{Played.base}"
        steps = json.dumps({"steps": [{"weight_percent": 10, "hold_seconds": 1}]})
        gates = [{"kind": "http", "path": "/healthz"}]
        both = {"blueSource": "v1.zip", "greenSource": "v1.zip"}
        stack.up(platform="google_function", activeColor="blue", strategy=steps, gates=gates, **both)
        gcloud = Gcloud(cloud)
        host = gcloud.service()["uri"].removeprefix("https://")
        with Load(f"{cloud.requests}/", rate_per_second=50, host_header=host) as load:
            said = stack.up(activeColor="green", greenSource="v77.zip", fails=True)
            assert "Build failed with status: FAILURE" in said, said
            assert "install green: source shop-sources/v77.zip as release green-" in said, said
            assert colors_at(cloud.requests, host) == {"blue"}
            proxy.after = hook = KilledInABuild()
            stack.up(greenSource="v2.zip", fails=True)
            assert hook.killed
            assert colors_at(cloud.requests, host) == {"blue"}
            proxy.reset()
            stack.up()
            assert builds_of(gcloud, "v2") == 1, "it was built a second time"
            assert colors_at(cloud.requests, host) == {"green"}
            assert colors_at(cloud.requests, f"blue---{host}") == {"blue"}
            stack.up(activeColor="blue")
            assert colors_at(cloud.requests, host) == {"blue"}
        assert (load.result.failed, load.result.errors) == (0, {})
        assert builds_of(gcloud, "v2") == 1
        stack.run("destroy", "--yes", "--skip-preview")


@in_full("tests/google/test_cloud_function.py, tests/routers/test_cloud_function_releases.py")
def test_the_yaml_example_is_promoted_by_the_plugin(cloud, tmp_path):
    building.yaml_google_function(tmp_path / "project")
    stack = Stack(cloud, tmp_path / "project", "web-google-function")
    del stack.env["PULUMI_IGNORE_AMBIENT_PLUGINS"]  # here the plugin is the program on PATH, as users have it
    stack.env["PATH"] = os.pathsep.join([str(languages.ensure(Silent())), stack.env["PATH"]])
    stack.up(activeColor="blue", holdSeconds=1, blueSource="v1.zip", greenSource="v2.zip")
    host = Gcloud(cloud).service()["uri"].removeprefix("https://")
    assert colors_at(cloud.requests, host) == {"blue"}
    said = stack.up(activeColor="green")
    assert "bluegreen:index:TrafficSwap web-swap updated" in said
    assert colors_at(cloud.requests, host) == {"green"}
    stack.run("destroy", "--yes", "--skip-preview")
