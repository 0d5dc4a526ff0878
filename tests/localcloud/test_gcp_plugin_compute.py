"""The stand-in for Pulumi's Google Cloud provider: a load balancer and instance groups, in the SDK's own names."""

import pytest

from localcloud.google.bare import COMPUTE
from localcloud.google.cloud import PROJECT, REGION, Google
from localcloud.plugins.driver import CallFailed, Driver
from localcloud.plugins.gcp.server import Provider
from tests.localcloud.google_cases import Client

GLOBAL, ZONE = f"projects/{PROJECT}/global", "europe-west1-b"
LINKS = "https://www.googleapis.com/compute/v1/"


@pytest.fixture
def google(monkeypatch, tmp_path):
    with Google() as made:
        for name, value in made.env(tmp_path / "credentials.json").items():
            monkeypatch.setenv(name, value)
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(name, str(made.certificate))
        yield made


def template(image="app-v1"):
    return {
        "machineType": "e2-small",
        "disks": [{"sourceImage": f"{GLOBAL}/images/{image}", "boot": True, "autoDelete": True}],
        "networkInterfaces": [{"network": "default"}],
        "metadata": {"color": "blue"},
        "tags": ["web"],
        "serviceAccount": {"email": "web@shop.test", "scopes": ["cloud-platform"]},
    }


def test_a_load_balancer_with_a_group_is_made_as_google_has_it_and_destroyed(google):
    driver, client = Driver(Provider("10.2.0"), {}), Client(google)
    made = []

    def make(kind, **inputs):
        token = f"gcp:compute/{kind[0].lower()}{kind[1:]}:{kind}"
        made.append(driver.create(driver.check(token, "web", inputs)))
        return made[-1]

    def told(one):
        return client.ask("GET", f"/compute/v1/{one.id}", None, COMPUTE).json()

    own = make("InstanceTemplate", **template())
    properties = told(own)["properties"]
    assert properties["disks"][0]["initializeParams"] == {"sourceImage": f"{LINKS}{GLOBAL}/images/app-v1"}
    assert properties["metadata"] == {"items": [{"key": "color", "value": "blue"}]}
    assert properties["tags"] == {"items": ["web"]}
    assert properties["serviceAccounts"] == [{"email": "web@shop.test", "scopes": ["cloud-platform"]}]
    assert own.outputs["metadata"] == {"color": "blue"}
    check = make("HealthCheck", httpHealthCheck={"port": 8080, "requestPath": "/healthz"})
    group = make(
        "InstanceGroupManager",
        zone=ZONE,
        baseInstanceName="web",
        versions=[{"instanceTemplate": own.id}],
        targetSize=1,
        namedPorts=[{"name": "http", "port": 8080}],
        updatePolicy={"type": "OPPORTUNISTIC", "minimalAction": "REPLACE", "maxSurgeFixed": 1},
    )
    assert told(group)["updatePolicy"]["maxSurge"] == {"fixed": 1}
    assert group.outputs["instanceGroup"] == f"{LINKS}{group.id}".replace("Managers/", "s/")
    policy = {"minReplicas": 1, "maxReplicas": 3, "mode": "OFF", "cpuUtilization": {"target": 0.6}}
    scaler = make("Autoscaler", zone=ZONE, target=group.id, autoscalingPolicy=policy)
    assert told(scaler)["autoscalingPolicy"] == {
        "minNumReplicas": 1,
        "maxNumReplicas": 3,
        "mode": "OFF",
        "cpuUtilization": {"utilizationTarget": 0.6},
    }
    service = make(
        "BackendService",
        healthChecks=check.id,
        loadBalancingScheme="EXTERNAL_MANAGED",
        connectionDrainingTimeoutSec=60,
        backends=[{"group": group.outputs["instanceGroup"], "balancingMode": "UTILIZATION", "capacityScaler": 1}],
    )
    assert told(service)["healthChecks"] == [f"{LINKS}{check.id}"]
    assert told(service)["connectionDraining"] == {"drainingTimeoutSec": 60}
    weighted = {"weightedBackendServices": [{"backendService": service.id, "weight": 100}]}
    found = driver.create(driver.check("gcp:compute/uRLMap:URLMap", "web", {"defaultRouteAction": weighted}))
    made.append(found)
    proxy = make("TargetHttpProxy", urlMap=found.id)
    address = make("GlobalAddress")
    rule = make(
        "GlobalForwardingRule",
        target=proxy.id,
        portRange="80",
        ipAddress=address.outputs["address"],
        loadBalancingScheme="EXTERNAL_MANAGED",
    )
    assert told(rule)["IPAddress"] == address.outputs["address"] == "34.149.0.1"
    for one in reversed(made):
        driver.delete(one)
    assert all(client.ask("GET", f"/compute/v1/{one.id}", None, COMPUTE).status_code == 404 for one in made)


def test_a_template_is_made_anew_before_the_former_one_goes(google):
    driver = Driver(Provider("10.2.0"), {})
    token = "gcp:compute/instanceTemplate:InstanceTemplate"
    made = driver.create(driver.check(token, "web", template()))
    plan = driver.diff(made, template("app-v2"))
    assert plan.replaces
    assert not plan.delete_first


def test_a_regional_load_balancer_over_https_with_cloud_run_behind_it_is_made_and_destroyed(google):
    driver, client, made = Driver(Provider("10.2.0"), {}), Client(google), []

    def make(kind, **inputs):
        token = f"gcp:compute/{kind[0].lower()}{kind[1:]}:{kind}"
        made.append(driver.create(driver.check(token, "web", {"region": REGION, **inputs})))
        return made[-1]

    def told(one):
        return client.ask("GET", f"/compute/v1/{one.id}", None, COMPUTE).json()

    group = make("RegionNetworkEndpointGroup", networkEndpointType="SERVERLESS", cloudRun={"service": "web-blue"})
    assert told(group)["cloudRun"] == {"service": "web-blue"}
    service = make("RegionBackendService", loadBalancingScheme="EXTERNAL_MANAGED", backends=[{"group": group.id}])
    assert told(service)["backends"] == [{"group": f"{LINKS}{group.id}"}]
    found = make("RegionUrlMap", defaultService=service.id)
    assert told(found)["region"] == f"{LINKS}projects/{PROJECT}/regions/{REGION}"
    key = make("RegionSslCertificate", certificate="CERTIFICATE", privateKey="KEY")
    assert "privateKey" not in told(key)
    with pytest.raises(CallFailed, match="At least 1 SSL certificate must be specified"):
        make("RegionTargetHttpsProxy", urlMap=found.id)
    proxy = make("RegionTargetHttpsProxy", urlMap=found.id, sslCertificates=[key.id])
    assert told(proxy)["sslCertificates"] == [f"{LINKS}{key.id}"]
    address = make("Address")
    rule = make(
        "ForwardingRule",
        target=proxy.id,
        portRange="443",
        ipAddress=address.outputs["address"],
        loadBalancingScheme="EXTERNAL_MANAGED",
        network="default",
    )
    assert told(rule)["IPAddress"] == address.outputs["address"]
    for one in reversed(made):
        driver.delete(one)
    assert all(client.ask("GET", f"/compute/v1/{one.id}", None, COMPUTE).status_code == 404 for one in made)


def test_a_managed_certificate_and_a_regions_group_have_the_names_that_google_has(google):
    driver, client = Driver(Provider("10.2.0"), {}), Client(google)

    def make(kind, **inputs):
        token = f"gcp:compute/{kind[0].lower()}{kind[1:]}:{kind}"
        made = driver.create(driver.check(token, "web", inputs))
        return made, client.ask("GET", f"/compute/v1/{made.id}", None, COMPUTE).json()

    _, certificate = make("ManagedSslCertificate", managed={"domains": ["shop.test"]}, type="MANAGED")
    assert certificate["managed"] == {"domains": ["shop.test"]}
    own, _ = make("InstanceTemplate", **template())
    versions = [{"instanceTemplate": own.id}]
    group, told = make(
        "RegionInstanceGroupManager",
        region=REGION,
        baseInstanceName="web",
        versions=versions,
        targetSize=0,
        updatePolicy={"type": "OPPORTUNISTIC", "minimalAction": "REPLACE", "maxSurgeFixed": 3},
    )
    assert told["updatePolicy"]["maxSurge"] == {"fixed": 3}
    policy = {"minReplicas": 1, "maxReplicas": 3, "mode": "OFF", "cpuUtilization": {"target": 0.6}}
    _, told = make("RegionAutoscaler", region=REGION, target=group.id, autoscalingPolicy=policy)
    assert told["autoscalingPolicy"]["maxNumReplicas"] == 3
    assert told["target"] == f"{LINKS}{group.id}"
