"""Google's stand-in as a server: tokens, permissions, what is refused, and requests that reach real processes."""

import itertools
import json
import ssl
from pathlib import Path

import httpx
import pytest

from bluegreen.google.client import GoogleConnection, Session
from bluegreen.rollout.errors import PlatformError
from localcloud.google.cloud import OWNER, Google
from localcloud.google.identity import Principal
from localcloud.load import Load
from tests.localcloud.azure_cases import colors_at
from tests.localcloud.google_cases import PARENT, Client, container, error

READER = "reader@shop.iam.gserviceaccount.com"
names = itertools.count(1)


@pytest.fixture(scope="module")
def google():
    with Google([Principal(READER, frozenset({"run.services.get"}))]) as made:
        yield made


@pytest.fixture(scope="module")
def client(google):
    return Client(google)


@pytest.fixture
def led(google, monkeypatch, tmp_path):
    """This process' environment leads to it."""

    def lead(email):
        for name, value in google.env(tmp_path / "credentials.json", email).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SSL_CERT_FILE", str(google.certificate))
        # Sessions are kept for a connection and an address; here somebody else asks at the same one.
        return Session(GoogleConnection(), f"{google.url}/run.googleapis.com")

    return lead


def host_of(service):
    return service["uri"].removeprefix("https://")


def made(client, color="blue", tag="v1"):
    """A service with one revision, which has all requests by its name."""
    name = f"web{next(names)}"
    template = {"revision": f"{name}-{color}", "containers": [container(color, tag)]}
    client.done("POST", f"/v2/{PARENT}/services", {"template": template}, serviceId=name)
    return name


def test_the_products_client_gets_a_token_by_a_service_accounts_key(client, led):
    name = made(client)
    path = f"/v2/{PARENT}/services/{name}"
    led(OWNER)
    found = GoogleConnection().session("run.googleapis.com").get(path, "run.services.get")
    assert found["name"].endswith(name)
    reader = led(READER)
    assert reader.get(path, "run.services.get")["uri"] == found["uri"]
    with pytest.raises(PlatformError, match=r"Permission 'run\.services\.update' denied"):
        reader.patch(path, "run.services.update", "labels", {"etag": found["etag"], "labels": {}})


def test_a_key_of_nobodys_gets_no_token(google, led, tmp_path):
    asked = led(READER)
    stranger = Principal(READER).credentials("shop", f"{google.url}/token")
    (tmp_path / "credentials.json").write_text(json.dumps(stranger))
    with pytest.raises(PlatformError, match=r"no credentials of Google: invalid_grant: Invalid JWT Signature\.\Z"):
        asked.get("/v2/x", "run.services.get")


def test_what_google_would_refuse_is_refused(client):
    name = made(client)
    path = f"/v2/{PARENT}/services/{name}"
    etag = client.service(name)["etag"]
    assert error(client.ask("PATCH", path, {"trafic": []})) == (400, "INVALID_ARGUMENT")
    assert error(client.ask("PATCH", path, {"traffic": [{"percent": "all"}]})) == (400, "INVALID_ARGUMENT")
    assert error(client.ask("GET", path, updateMask="traffic")) == (400, "INVALID_ARGUMENT")
    assert error(client.ask("GET", f"/v2/{PARENT}/services/nobody")) == (404, "NOT_FOUND")
    assert error(client.ask("GET", path, host="nobody.googleapis.com")) == (404, "NOT_FOUND")
    client.done("PATCH", path, {"labels": {"a": "b"}, "etag": etag}, updateMask="labels")
    assert error(client.ask("PATCH", path, {"labels": {}, "etag": etag}, updateMask="labels")) == (409, "ABORTED")
    client.http.headers["Authorization"], kept = "Bearer nobody's", client.http.headers["Authorization"]
    try:
        assert error(client.ask("GET", path)) == (401, "UNAUTHENTICATED")
    finally:
        client.http.headers["Authorization"] = kept


def test_requests_follow_the_targets_and_a_tags_its_revision_and_none_is_lost(google, client):
    name = made(client)
    path = f"/v2/{PARENT}/services/{name}"
    host = host_of(client.service(name))
    by_name = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"}
    blue = {**by_name, "revision": f"{name}-blue"}
    green = {**by_name, "revision": f"{name}-green", "tag": "green"}
    with Load(f"{google.plane.url}/", rate_per_second=50, host_header=host) as load:
        client.done("PATCH", path, {"traffic": [{**blue, "percent": 100}]}, updateMask="traffic")
        template = {"revision": f"{name}-green", "containers": [container("green")]}
        both = [{**blue, "percent": 100}, green]
        client.done("PATCH", path, {"template": template, "traffic": both}, updateMask="template,traffic")
        assert colors_at(google.plane.url, host) == {"blue"}
        assert colors_at(google.plane.url, f"green---{host}") == {"green"}
        client.done(
            "PATCH", path, {"traffic": [{**blue, "percent": 50}, {**green, "percent": 50}]}, updateMask="traffic"
        )
        assert colors_at(google.plane.url, host, 60) == {"blue", "green"}
        client.done("PATCH", path, {"traffic": [{**green, "percent": 100}]}, updateMask="traffic")
        assert colors_at(google.plane.url, host) == {"green"}
    assert (load.result.failed, load.result.errors) == (0, {})
    client.done("DELETE", path)
    assert colors_at(google.plane.url, host) == {"404"}


def test_a_revision_that_cannot_start_says_so_and_requests_stay(google, client):
    name = made(client)
    path = f"/v2/{PARENT}/services/{name}"
    template = {"revision": f"{name}-green", "containers": [container("green", "v77")]}
    client.done("PATCH", path, {"template": template}, updateMask="template")
    service = client.service(name)
    assert "Image 'gcr.io/shop/app:v77' not found" in service["terminalCondition"]["message"]
    assert colors_at(google.plane.url, host_of(service)) == {"blue"}
    revision = client.ask("GET", f"{path}/revisions/{name}-green").json()
    assert revision["conditions"][0]["state"] == "CONDITION_FAILED"


def test_a_services_names_have_certificates(google, client):
    """Gates ask a tag's address over HTTPS."""
    service = client.service(made(client))
    trusted = ssl.create_default_context(cafile=str(google.certificate))
    with httpx.Client(proxy=google.names.url, verify=trusted, trust_env=False, timeout=20) as asked:
        assert asked.get(service["uri"]).headers["x-color"] == "blue"


def test_the_key_stands_in_no_file_beside_the_one_that_is_asked_for(google):
    assert [one.name for one in Path(google.home).iterdir()] == ["google.pem"]
