"""Load balancers' addresses and zonal endpoint groups in Google's stand-in."""

from __future__ import annotations

import httpx

from localcloud.envoy.plane import Site
from localcloud.envoy.routes import Answer, Route
from localcloud.google.bare import COMPUTE, PROJECT, REGION, BareGoogle
from localcloud.google.cloud import Google

GROUP = f"projects/{PROJECT}/zones/{REGION}-b/networkEndpointGroups/web"
SERVICE = f"projects/{PROJECT}/global/backendServices/web"
LINKS = "https://www.googleapis.com/compute/v1/"


def test_an_address_is_asked_by_the_host_that_a_client_gives():
    with Google() as google:
        google.world.draw(lambda: [Site(("green.preview.internal",), (Route(Answer(200, "green")),))])
        with google.world.lock:
            google.world.changed()
        with httpx.Client(proxy=google.names.url, trust_env=False, timeout=20) as client:
            headers = {"Host": "green.preview.internal"}
            for _ in range(2):  # a connection of its own each
                assert client.get("http://34.149.0.1/x?y=1", headers=headers).text == "green"
            assert client.get("http://34.149.0.1/").status_code == 404  # the plane's own answer: nobody has it
            assert client.get("http://203.0.113.1/").status_code == 502  # not a load balancer's


def told(google, verb, name, body=None):
    status, found = google.ask(verb, f"/compute/v1/{name}", None, body, COMPUTE)
    google.settle()
    return status, found


def test_endpoints_are_attached_probed_and_detached():
    google = BareGoogle()
    zone, everywhere = GROUP.rpartition("/networkEndpointGroups/")[0], f"projects/{PROJECT}/global"
    group = {"name": "web", "networkEndpointType": "GCE_VM_IP_PORT", "defaultPort": 8080}
    told(google, "POST", f"{zone}/networkEndpointGroups", group)
    told(google, "POST", f"{everywhere}/healthChecks", {"name": "web", "type": "HTTP"})
    backends = [{"group": f"{LINKS}{GROUP}"}]
    service = {"name": "web", "backends": backends, "healthChecks": ["global/healthChecks/web"]}
    told(google, "POST", f"{everywhere}/backendServices", service)
    pods = {"networkEndpoints": [{"ipAddress": "10.4.0.7"}, {"ipAddress": "10.4.0.8", "port": 9090}]}
    told(google, "POST", f"{GROUP}/attachNetworkEndpoints", pods)
    _, listed = told(google, "POST", f"{GROUP}/listNetworkEndpoints")
    assert [one["networkEndpoint"]["port"] for one in listed["items"]] == [8080, 9090]
    google.compute.ill.add("10.4.0.8:9090")
    _, found = told(google, "POST", f"{SERVICE}/getHealth", {"group": f"{LINKS}{GROUP}"})
    assert found["healthStatus"] == [
        {"ipAddress": "10.4.0.7", "port": 8080, "healthState": "HEALTHY"},
        {"ipAddress": "10.4.0.8", "port": 9090, "healthState": "UNHEALTHY"},
    ]
    told(google, "POST", f"{GROUP}/detachNetworkEndpoints", {"networkEndpoints": [{"ipAddress": "10.4.0.7"}]})
    assert [one.place for one in google.compute.endpoints.attached[GROUP]] == ["10.4.0.8:9090"]
    google.allowed = frozenset({"compute.networkEndpointGroups.get"})
    status, found = told(google, "POST", f"{GROUP}/attachNetworkEndpoints", pods)
    assert status == 403
    assert "compute.networkEndpointGroups.attachNetworkEndpoints" in found["error"]["message"]
