"""Azure Resource Manager's own answers to any request: tokens, types, versions, roles."""

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from azure.mgmt.appcontainers import ContainerAppsAPIClient

from localcloud.azure.cloud import OWNER, SUBSCRIPTION, Azure
from localcloud.azure.identity import TENANT
from localcloud.azure.roles import Principal, Role
from localcloud.azure.throttling import Buckets, Limit
from localcloud.azure.world import Pace
from tests.localcloud.azure_cases import GROUP, RESOURCES, Client, error

ENVIRONMENT = f"{GROUP}/providers/Microsoft.App/managedEnvironments/shop"
APP = f"{GROUP}/providers/Microsoft.App/containerApps/api"
TAGS = "providers/Microsoft.Resources/tags/default"
READER = Principal(
    "reader",
    "secret",
    (
        Role(
            ("Microsoft.App/*/read", "Microsoft.Resources/tags/*"),
            GROUP,
            ("Microsoft.App/containerApps/revisions/read",),
        ),
    ),
)
PROPERTIES = {
    "environmentId": ENVIRONMENT,
    "configuration": {"activeRevisionsMode": "Multiple", "ingress": {"external": True, "targetPort": 8080}},
    "template": {"containers": [{"name": "app", "image": "app:v1"}]},
}


@pytest.fixture(scope="module")
def azure():
    with Azure([READER], Pace(write=0.02)) as made:
        yield made


@pytest.fixture(scope="module")
def client(azure):
    made = Client(azure)
    made.group()
    made.wait("PUT", ENVIRONMENT, {"location": "westeurope", "properties": {}})
    made.wait("PUT", APP, {"location": "westeurope", "properties": PROPERTIES})
    return made


def credential(azure, secret=OWNER.secret):
    return ClientSecretCredential(
        TENANT,
        OWNER.client_id,
        secret,
        authority=azure.url,
        disable_instance_discovery=True,
        connection_verify=str(azure.certificate),
    )


def test_microsofts_own_client_and_credential_work_with_it(azure, client):
    """The other side of the same description: what it sends is taken, what is answered it understands."""
    sdk = ContainerAppsAPIClient(
        credential(azure), SUBSCRIPTION, base_url=azure.url, connection_verify=str(azure.certificate),
        credential_scopes=["https://management.azure.com/.default"], polling_interval=0.05,
    )  # fmt: skip
    app = {**client.ask("GET", APP).json(), "tags": {"by": "sdk"}}
    made = sdk.container_apps.begin_create_or_update("shop", "sdk", app).result()
    assert (made.properties.provisioning_state, made.tags) == ("Succeeded", {"by": "sdk"})
    changed = sdk.container_apps.begin_update("shop", "sdk", {"location": "", "tags": {"by": "patch"}}).result()
    assert changed.tags == {"by": "patch"}
    (revision,) = sdk.container_apps_revisions.list_revisions("shop", "sdk")
    assert revision.properties.active
    assert {one.name for one in sdk.container_apps.list_by_resource_group("shop")} >= {"api", "sdk"}
    sdk.container_apps.begin_delete("shop", "sdk").result()
    assert "sdk" not in {one.name for one in sdk.container_apps.list_by_resource_group("shop")}


def test_no_token_of_this_tenant_no_answer(azure, client):
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential(azure, "wrong").get_token("https://management.azure.com/.default")
    for authorization in ("", "Bearer", "Bearer a.b.c", client.http.headers["Authorization"] + "x"):
        answer = client.http.get(APP, params={"api-version": "2026-07-01"}, headers={"Authorization": authorization})
        assert error(answer) == (401, "AuthenticationFailed"), authorization
    old = azure.identity.issue(OWNER.client_id, seconds=-1)
    answer = client.http.get(APP, params={"api-version": "2026-07-01"}, headers={"Authorization": f"Bearer {old}"})
    assert error(answer) == (401, "ExpiredAuthenticationToken")


def patch(**configuration):
    return {"properties": {"configuration": configuration}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (patch(activeRevisionMode="Single"), "properties.configuration.activeRevisionMode is not known"),
        (patch(activeRevisionsMode="Both"), "'Both'; allowed: Multiple, Single"),
        (patch(activeRevisionsMode=2), "2; allowed: Multiple, Single"),
        (patch(ingress={"targetPort": "80"}), "ingress.targetPort has to be an integer, not '80'"),
        (patch(ingress={"targetPort": True}), "ingress.targetPort has to be an integer, not True"),
        (patch(ingress={"traffic": {}}), "ingress.traffic has to be a list, not dict"),
        (patch(ingress={"traffic": ["blue"]}), "ingress.traffic[0] has to be an object, not 'blue'"),
        (patch(ingress={"traffic": [{"weight": 0.5}]}), "traffic[0].weight has to be an integer, not 0.5"),
        (patch(ingress={"external": "yes"}), "external has to be true or false, not 'yes'"),
        ({"tags": {"a": 1}}, "tags.a has to be a string, not 1"),
        ([], "the body has to be an object, not list"),
        (None, "the body is missing"),
    ],
)
def test_a_body_that_is_not_as_described_is_refused(client, body, said):
    answer = client.http.patch(APP, params={"api-version": "2026-07-01"}, json=body)
    assert error(answer) == (400, "InvalidRequestContent")
    assert said in answer.json()["error"]["message"]


def test_what_a_creation_requires_a_patch_may_leave_out(client):
    answer = client.ask("PUT", APP, {"properties": PROPERTIES})
    assert error(answer) == (400, "InvalidRequestContent")
    assert "location is required" in answer.text
    client.wait("PATCH", APP, {"tags": {"a": "b"}})


def test_what_only_azure_writes_is_taken_and_left_alone(client):
    body = client.ask("GET", APP).json()
    body["properties"] |= {"provisioningState": "Failed", "latestRevisionName": "mine"}
    client.wait("PUT", APP, body)
    told = client.ask("GET", APP).json()["properties"]
    assert told["provisioningState"] == "Succeeded"
    assert told["latestRevisionName"].startswith("api--")


@pytest.mark.parametrize(
    ("verb", "path", "query", "expected"),
    [
        ("GET", APP, {}, (400, "MissingApiVersionParameter")),
        ("GET", APP, {"api-version": "2024-01-01"}, (400, "NoRegisteredProviderFound")),
        ("GET", APP, {"api-version": "2026-07-01", "expand": "all"}, (400, "InvalidQueryParameter")),
        ("POST", APP, {"api-version": "2026-07-01"}, (405, "MethodNotAllowed")),
        ("GET", f"{APP}/nothing", {"api-version": "2026-07-01"}, (404, "InvalidResourceType")),
        ("GET", f"{APP}/authConfigs", {"api-version": "2026-07-01"}, (501, "NotPlayed")),
        ("GET", f"{APP}2", {"api-version": "2026-07-01"}, (404, "ResourceNotFound")),
    ],
)
def test_a_call_that_azure_does_not_have_is_refused(client, verb, path, query, expected):
    assert error(client.http.request(verb, path, params=query)) == expected


def test_names_in_urls_are_told_apart_by_letters_and_not_by_case(client):
    path = APP.replace("Microsoft.App/containerApps", "microsoft.app/CONTAINERAPPS").replace("/api", "/API")
    assert client.ask("GET", path).json()["name"] == "api"


def test_pulumis_provider_speaks_a_version_of_its_own(client):
    assert client.ask("GET", APP, version="2025-02-02-preview").json()["name"] == "api"
    assert error(client.ask("GET", ENVIRONMENT, version="2024-02-02-preview"))[0] == 400


def test_a_role_allows_its_actions_in_its_scope_and_nothing_else(azure, client):
    reader = Client(azure, READER)
    assert reader.ask("GET", APP).status_code == 200
    tags = {"operation": "Merge", "properties": {"tags": {"read": "er"}}}
    assert reader.ask("PATCH", f"{APP}/{TAGS}", tags, RESOURCES).status_code == 200
    for verb, path, action in [
        ("PATCH", APP, "Microsoft.App/containerApps/write"),
        ("DELETE", APP, "Microsoft.App/containerApps/delete"),
        ("POST", f"{APP}/listSecrets", "Microsoft.App/containerApps/listSecrets/action"),
        ("GET", f"{APP}/revisions", "Microsoft.App/containerApps/revisions/read"),
        ("GET", APP.replace("shop", "other"), "Microsoft.App/containerApps/read"),
    ]:
        answer = reader.ask(verb, path, {} if verb == "PATCH" else None)
        assert error(answer) == (403, "AuthorizationFailed")
        assert f"'{action}'" in answer.text


def test_tags_are_changed_one_by_one(client):
    path = f"{APP}/{TAGS}"

    def change(operation, **tags):
        body = {"operation": operation, "properties": {"tags": tags}}
        return client.ask("PATCH", path, body, RESOURCES)

    assert change("Replace", a="1", b="2").json()["properties"]["tags"] == {"a": "1", "b": "2"}
    assert change("Merge", B="3", c="4").json()["properties"]["tags"] == {"a": "1", "b": "3", "c": "4"}
    assert change("Delete", a="1", b="other").json()["properties"]["tags"] == {"b": "3", "c": "4"}
    assert client.ask("GET", APP).json()["tags"] == {"b": "3", "c": "4"}
    assert change("Merge", **{f"t{number}": "" for number in range(49)}).status_code == 400
    assert change("Merge", long="x" * 257).status_code == 400
    assert change("Merge", **{"a/b": "c"}).status_code == 400
    assert client.ask("GET", path, version=RESOURCES).json()["properties"]["tags"] == {"b": "3", "c": "4"}


def test_who_asks_too_often_is_told_when_to_come_again():
    seconds = [0.0]
    buckets = Buckets({kind: Limit(3, 0.5) for kind in ("reads", "writes", "deletes")}, lambda: seconds[0])
    with Azure(buckets=buckets) as azure:
        client = Client(azure)
        path = f"/subscriptions/{SUBSCRIPTION}/resourcegroups"
        left = [client.ask("GET", path, version=RESOURCES) for _ in range(4)]
        name = "x-ms-ratelimit-remaining-subscription-reads"
        assert [one.headers.get(name) for one in left] == ["2", "1", "0", None]
        assert error(left[3]) == (429, "SubscriptionRequestsThrottled")
        assert left[3].headers["Retry-After"] == "2"
        client.group()  # writes are counted by themselves
        seconds[0] += 2
        assert client.ask("GET", path, version=RESOURCES).status_code == 200
