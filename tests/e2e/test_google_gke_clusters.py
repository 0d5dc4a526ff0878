"""The program for two clusters of GKE under the real engine; their pods are processes, attached by hand."""

from __future__ import annotations

from collections.abc import Sequence

from localcloud.app_processes import AppProcesses
from localcloud.google.cloud import PROJECT
from localcloud.load import Load
from tests.e2e.google_stack import Gcloud, Stack, cloud
from tests.e2e.test_google_instance_groups import listed
from tests.localcloud.azure_cases import colors_at
from tests.scenarios.adapters import in_full

__all__ = ["cloud"]
COLORS = ("blue", "green")
ZONE = "zones/europe-west1-b"
GROUPS = f"/compute.googleapis.com/compute/v1/projects/{PROJECT}/{ZONE}/networkEndpointGroups"


def attach(gcloud: Gcloud, color: str, ports: Sequence[int]) -> None:
    """Pods of a color's cluster, in a group of its own."""
    group = {"name": f"web-{color}", "networkEndpointType": "GCE_VM_IP_PORT"}
    gcloud.http.post(GROUPS, json=group).raise_for_status()
    pods = {"networkEndpoints": [{"ipAddress": "10.4.0.7", "port": port} for port in ports]}
    while gcloud.http.post(f"{GROUPS}/web-{color}/attachNetworkEndpoints", json=pods).status_code == 400:
        pass  # the group is not ready yet


@in_full("tests/routers/test_gke_clusters_under_load.py, tests/google/test_gke_clusters.py")
def test_two_clusters_are_promoted_and_rolled_back_by_pulumi_up(cloud, tmp_path):
    stack, gcloud = Stack(cloud, tmp_path / "project"), Gcloud(cloud)
    with AppProcesses() as processes:
        for color in COLORS:
            attach(gcloud, color, [processes.start({"COLOR": color}).port for _ in range(2)])
        settings = {
            f"{color}Groups": [f"projects/{PROJECT}/{ZONE}/networkEndpointGroups/web-{color}"] for color in COLORS
        }
        first = {"blueRelease": "1.33", "greenRelease": "1.34", "propagationSeconds": 0, "bakeSeconds": 1, **settings}
        stack.up(platform="google_gke_clusters", activeColor="blue", steadyStateTimeoutSeconds=60, **first)
        (rule,) = listed(gcloud, "forwardingRules")
        host = rule["IPAddress"]
        with Load(f"{cloud.requests}/", rate_per_second=50, host_header=host) as load:
            stack.up(activeColor="green")
            assert colors_at(cloud.requests, host) == {"green"}
            stack.up(activeColor="blue")
            assert colors_at(cloud.requests, host) == {"blue"}
        assert (load.result.failed, load.result.errors) == (0, {})
        stack.run("destroy", "--yes", "--skip-preview")
        assert listed(gcloud, "urlMaps") == []
