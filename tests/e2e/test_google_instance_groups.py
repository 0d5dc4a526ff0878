"""The program for instance groups under the real engine: an image that is not there, a promotion, a rollback."""

from __future__ import annotations

from localcloud.google.cloud import PROJECT, REGION
from localcloud.load import Load
from tests.e2e.google_stack import Gcloud, Stack, cloud
from tests.localcloud.azure_cases import colors_at
from tests.scenarios.adapters import in_full

__all__ = ["cloud"]


def image(tag: str) -> str:
    return f"projects/{PROJECT}/global/images/app-{tag}"


def listed(gcloud: Gcloud, kind: str, scope: str = "global") -> list[dict]:
    """Objects of a kind, as somebody with gcloud sees them."""
    answer = gcloud.http.get(f"/compute.googleapis.com/compute/v1/projects/{PROJECT}/{scope}/{kind}")
    return answer.raise_for_status().json()["items"]


def sizes(gcloud: Gcloud) -> dict[str, int]:
    found = listed(gcloud, "instanceGroupManagers", "zones/europe-west1-b")
    return {one["baseInstanceName"].rpartition("-")[2]: one.get("targetSize", 0) for one in found}


def test_instance_groups_are_promoted_and_rolled_back_by_pulumi_up(cloud, tmp_path):
    stack = Stack(cloud, tmp_path / "project")
    settings = {"desiredCount": "1", "bakeSeconds": "1", "propagationSeconds": "0", "scaleDownDelaySeconds": "0"}
    settings |= {f"{color}StartupScript": f"COLOR={color}" for color in ("blue", "green")}
    autoscaling = {"min_count": 1, "max_count": 2}
    first = {"blueImage": image("v1"), "greenImage": image("v1"), "autoscaling": autoscaling}
    stack.up(platform="google_instance_groups", activeColor="blue", **first, **settings)
    gcloud = Gcloud(cloud)
    (rule,) = listed(gcloud, "forwardingRules")
    host = rule["IPAddress"]
    assert sizes(gcloud) == {"blue": 1, "green": 0}
    with Load(f"{cloud.requests}/", rate_per_second=50, host_header=host) as load:
        said = stack.up(activeColor="green", greenImage=image("v77"), steadyStateTimeoutSeconds="4", fails=True)
        assert "images/app-v77' was not found" in said, said
        assert colors_at(cloud.requests, host) == {"blue"}
        stack.up(greenImage=image("v2"), steadyStateTimeoutSeconds="600")
        assert colors_at(cloud.requests, host) == {"green"}
        stack.up(activeColor="blue")
        assert colors_at(cloud.requests, host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    assert sizes(gcloud) == {"blue": 1, "green": 0}
    scalers = listed(gcloud, "autoscalers", "zones/europe-west1-b")
    modes = {one["name"].split("-")[1]: one["autoscalingPolicy"]["mode"] for one in scalers}
    assert modes == {"blue": "ON", "green": "OFF"}
    (found,) = listed(gcloud, "urlMaps")
    assert '"owner":"shop/' in found["description"]
    stack.run("destroy", "--yes", "--skip-preview")
    assert listed(gcloud, "urlMaps") == []


@in_full("tests/google/test_instance_groups.py, tests/routers/test_url_map.py")
def test_regional_groups_behind_a_regional_load_balancer_over_https(cloud, tmp_path):
    stack = Stack(cloud, tmp_path / "project")
    gcloud, region = Gcloud(cloud), f"regions/{REGION}"
    certificate = {"name": "shop", "certificate": "CERTIFICATE", "privateKey": "KEY"}
    path = f"/compute.googleapis.com/compute/v1/projects/{PROJECT}/{region}/sslCertificates"
    gcloud.http.post(path, json=certificate).raise_for_status()
    settings = {"desiredCount": "1", "propagationSeconds": "0", "scaleDownDelaySeconds": "0", "region": REGION}
    settings |= {f"{color}StartupScript": f"COLOR={color}" for color in ("blue", "green")}
    settings |= {"balancerRegion": REGION, "sslCertificates": [f"projects/{PROJECT}/{region}/sslCertificates/shop"]}
    images = {"blueImage": image("v1"), "greenImage": image("v2"), "autoscaling": {"min_count": 1, "max_count": 2}}
    stack.up(platform="google_instance_groups", activeColor="blue", redirectHttp="true", **images, **settings)
    rules = listed(gcloud, "forwardingRules", region)
    assert sorted(one["portRange"] for one in rules) == ["443", "80"]
    (host,) = {one["IPAddress"] for one in rules}
    with Load(f"{cloud.requests}/", rate_per_second=50, host_header=host) as load:
        stack.up(activeColor="green", steadyStateTimeoutSeconds="600", bakeSeconds="1")
        assert colors_at(cloud.requests, host) == {"green"}
        stack.up(activeColor="blue")
        assert colors_at(cloud.requests, host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    stack.run("destroy", "--yes", "--skip-preview")
    assert listed(gcloud, "urlMaps", region) == []
