"""Cloud Foundry's stand-in: it refuses what the API does."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from localcloud.cloudfoundry import description
from localcloud.cloudfoundry.cloud import BareCloudFoundry
from localcloud.cloudfoundry.uaa import OWNER, Principal, Uaa
from localcloud.cloudfoundry.world import destination


class Client:
    """Somebody with a token."""

    def __init__(self, *principals: Principal) -> None:
        self.cloud = BareCloudFoundry(uaa=Uaa(principals or (OWNER,)))
        who = self.cloud.uaa.principals[-1]
        given = self.cloud.uaa._given(who)
        self.bearer = f"bearer {given['access_token']}"
        self.app = self.cloud.world.push("web-blue", "app:v1", 2)
        self.route = self.cloud.world.create_route("web", "web-blue")

    def ask(self, verb, path, body=None, **query):
        content = None if body is None else json.dumps(body).encode()
        return self.cloud.ask(verb, f"{self.cloud.url}{path}", self.bearer, query, content)

    def refused(self, verb, path, body=None, **query):
        answer = self.ask(verb, path, body, **query)
        assert answer.status_code >= 400, answer.text
        (error,) = answer.json()["errors"]
        return answer.status_code, error["title"], error["detail"]


@pytest.fixture
def client():
    return Client()


def test_every_operation_that_is_described_is_played(client):
    assert {one.name for one in description.OPERATIONS} == set(client.cloud.api._handlers)


def test_whoever_has_no_token_is_told_so(client):
    assert client.cloud.ask("GET", f"{client.cloud.url}/v3/apps").status_code == 401
    client.cloud.uaa.revoke()
    assert client.refused("GET", "/v3/apps")[1] == "CF-InvalidAuthToken"


def test_unknown_parameters_and_fields_are_refused(client):
    assert "Unknown query parameter(s): 'colour'" in client.refused("GET", "/v3/apps", colour="blue")[2]
    assert client.refused("PATCH", f"/v3/routes/{client.route.guid}", {"host": "x"})[2] == "Unknown field(s): 'host'"
    path = f"/v3/routes/{client.route.guid}/destinations"
    assert client.refused("PATCH", path, {})[2] == "destinations is missing"
    wrong = {"destinations": [{"app": {"guid": client.app.guid}, "port": "8080"}]}
    assert client.refused("PATCH", path, wrong)[2] == "destinations[0].port must be an integer"


def test_destinations_have_all_a_weight_or_none(client):
    other = client.cloud.world.push("web-green", "app:v1")
    path = f"/v3/routes/{client.route.guid}/destinations"
    one, two = ({"app": {"guid": app.guid}} for app in (client.app, other))
    assert (
        "both weighted and unweighted"
        in client.refused("PATCH", path, {"destinations": [{**one, "weight": 100}, two]})[2]
    )
    halves = {"destinations": [{**one, "weight": 50}, {**two, "weight": 49}]}
    assert "sum to 100" in client.refused("PATCH", path, halves)[2]
    assert "duplicate" in client.refused("PATCH", path, {"destinations": [one, one]})[2]
    assert "do not exist" in client.refused("PATCH", path, {"destinations": [{"app": {"guid": "nobody"}}]})[2]


def test_a_destination_that_stays_keeps_its_guid(client):
    before = client.route.destinations[0]["guid"]
    client.ask(
        "PATCH",
        f"/v3/routes/{client.route.guid}/destinations",
        {"destinations": [{"app": {"guid": client.app.guid}}]},
    )
    assert client.route.destinations[0]["guid"] == before


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("bluegreen.mark.lease.1", "x", 200),
        ("example.com/note", "x" * 5000, 200),
        ("note", "x" * 5001, 422),
        ("bluegreen:note", "x", 422),
        ("a" * 64, "x", 422),
        (".note", "x", 422),
        ("bluegreen/note", "x", 422),
    ],
)
def test_annotations_have_the_names_and_lengths_that_the_page_says(client, key, value, status):
    body = {"metadata": {"annotations": {key: value}}}
    assert client.ask("PATCH", f"/v3/routes/{client.route.guid}", body).status_code == status


def test_an_annotation_is_removed_by_null_and_others_stay(client):
    client.route.annotations.update(mine="1", theirs="2")
    client.ask("PATCH", f"/v3/routes/{client.route.guid}", {"metadata": {"annotations": {"mine": None}}})
    assert client.route.annotations == {"theirs": "2"}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("space_developer", {"scale": 202, "note": 200, "build": 422, "read": 200}),
        ("space_supporter", {"scale": 202, "note": 403, "build": 403, "read": 200}),
        ("space_auditor", {"scale": 403, "note": 403, "build": 403, "read": 200}),
        ("", {"scale": 404, "note": 404, "build": 404, "read": 404}),
    ],
)
def test_a_role_allows_what_its_page_says(role, expected):
    client = Client(Principal("somebody", "secret-of-somebody", role))
    asked = {
        "scale": ("POST", f"/v3/processes/{client.app.process}/actions/scale", {"instances": 1}),
        "note": ("PATCH", f"/v3/apps/{client.app.guid}", {"metadata": {"annotations": {"a": "b"}}}),
        "build": ("POST", "/v3/builds", {"package": {"guid": "none"}}),
        "read": ("GET", f"/v3/apps/{client.app.guid}", None),
    }
    assert {name: client.ask(*one).status_code for name, one in asked.items()} == expected


def test_instances_take_their_time(client):
    client.cloud.plane.looks = 1
    client.app.instances = 3
    path = f"/v3/processes/{client.app.process}/stats"
    assert [one["state"] for one in client.ask("GET", path).json()["resources"]] == ["RUNNING", "RUNNING", "STARTING"]
    assert [one["state"] for one in client.ask("GET", path).json()["resources"]] == ["RUNNING"] * 3


def test_an_app_that_is_stopped_leads_nowhere(client):
    client.ask("POST", f"/v3/apps/{client.app.guid}/actions/stop")
    assert client.cloud.plane.shown[client.route.url] == []
    client.ask("POST", f"/v3/apps/{client.app.guid}/actions/start")
    assert len(client.cloud.plane.shown[client.route.url]) == 2


def test_a_refresh_token_gives_another_access_token(client):
    user = Principal("dora", "secret-of-dora", user=True)
    client.cloud.uaa.principals = (user,)
    form = {"grant_type": "password", "username": "dora", "password": "secret-of-dora"}
    url = f"{client.cloud.url}/oauth/token"
    given = client.cloud.ask("POST", url, "Basic Y2Y6", None, urlencode(form).encode()).json()
    again = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    other = client.cloud.ask("POST", url, "Basic Y2Y6", None, urlencode(again).encode()).json()
    assert client.cloud.uaa.who(f"bearer {other['access_token']}") == user


def test_a_destination_of_a_deleted_app_is_gone(client):
    client.route.destinations.append(destination(client.cloud.world.push("web-green", "app:v1").guid))
    client.cloud.world.delete_app("web-blue")
    assert len(client.route.destinations) == 1
