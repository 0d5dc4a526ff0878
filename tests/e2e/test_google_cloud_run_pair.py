"""The program for a pair of Cloud Run services under the real engine: releases that fail, a promotion, a rollback."""

from __future__ import annotations

from localcloud.load import Load
from tests.e2e.google_stack import Gcloud, Stack, cloud
from tests.e2e.test_google import image
from tests.e2e.test_google_instance_groups import listed
from tests.localcloud.azure_cases import colors_at

__all__ = ["cloud"]


def test_a_pair_of_cloud_run_services_is_promoted_and_rolled_back_by_pulumi_up(cloud, tmp_path):
    stack = Stack(cloud, tmp_path / "project")
    stack.env |= {**cloud.by_name(), "HTTP_PROXY": cloud.names}  # a gate asks each color by its host
    for word in ("http_proxy", "https_proxy"):
        stack.env.pop(word, None)
    first = {"blueImage": image("v1"), "greenImage": image("v1"), "strategy": {"steps": []}, "propagationSeconds": 0}
    stack.up(platform="google_cloud_run_pair", activeColor="blue", **first)
    gcloud = Gcloud(cloud)
    (rule,) = listed(gcloud, "forwardingRules")
    host = rule["IPAddress"]
    with Load(f"{cloud.requests}/", rate_per_second=50, host_header=host) as load:
        said = stack.up(activeColor="green", greenEnv={"FAIL": "requests"}, fails=True)
        assert "gate http / failed" in said, said
        assert colors_at(cloud.requests, host) == {"blue"}
        stack.up(greenImage=image("v2"), greenEnv={})
        assert colors_at(cloud.requests, host) == {"green"}
        said = stack.up(greenImage=image("v3"), fails=True)
        assert "green has 100 % of production traffic and would get another release in place" in said, said
        stack.up(activeColor="blue", greenImage=image("v2"))
        assert colors_at(cloud.requests, host) == {"blue"}
        stack.up(greenImage=image("v3"))
        assert colors_at(cloud.requests, host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    assert gcloud.service("orders-green")["template"]["containers"][0]["image"] == image("v3")
    (found,) = listed(gcloud, "urlMaps")
    assert '"owner":"shop/' in found["description"]
    stack.run("destroy", "--yes", "--skip-preview")
    assert listed(gcloud, "urlMaps") == []
