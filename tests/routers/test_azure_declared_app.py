"""A container app that is declared otherwise than it was made, and the labels of its colors."""

import pytest

from bluegreen.azure.container_apps import shell
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError, InvalidInput
from bluegreen.swap.service import SwapService
from tests.routers import azure_kills
from tests.routers.azure_kills import APP, ENVIRONMENT, Bare

VAULT = "https://shop.vault.azure.net/secrets"
AS_MADE = {"environment_id": ENVIRONMENT.upper(), "target_port": 8080, "external": True, "transport": "auto"}


@pytest.fixture
def bare():
    made = Bare()
    with made.asked():
        yield made


def inputs(active, green="v2", app=None, **more):
    given = azure_kills.inputs(active, green, **more)
    given["router"] = {**given["router"], "labels": True, "app": {**AS_MADE, **(app or {})}}
    return given


def update(former, wanted, outputs):
    return SwapService(clock=FakeClock()).update({**former, **outputs}, wanted)


def started():
    given = inputs("blue")
    return given, SwapService(clock=FakeClock()).create(given)[1]


def labels(bare):
    rules = bare.body()["properties"]["configuration"]["ingress"]["traffic"]
    return {rule["label"]: rule["revisionName"].partition("--")[2] for rule in rules if rule.get("label")}


def test_a_label_follows_its_color_from_release_to_release(bare):
    given, outputs = started()
    first = labels(bare)
    assert {color: name.partition("-")[0] for color, name in first.items()} == {"blue": "blue", "green": "green"}
    later = inputs("blue", "v3")
    outputs = update(given, later, outputs)
    second = labels(bare)
    assert second["blue"] == first["blue"]
    assert second["green"] != first["green"]
    assert second["green"].startswith("green-")
    assert bare.shares() == {first["blue"]: 100}
    outputs = update(later, inputs("green", "v3"), outputs)
    assert labels(bare) == second
    assert bare.shares() == {second["green"]: 100}
    calls = len(bare.calls)
    update(inputs("green", "v3"), inputs("green", "v3"), outputs)
    assert not [call for call in bare.calls[calls:] if call.endswith("/write")]


def test_somebody_elses_label_stays(bare):
    given, outputs = started()
    rules = bare.body()["properties"]["configuration"]["ingress"]["traffic"]
    mine = {"revisionName": rules[0]["revisionName"], "weight": 0, "label": "tester"}
    body = {"properties": {"configuration": {"ingress": {"traffic": [*rules, mine]}}}}
    bare.azure.ask("PATCH", APP, body)
    update(given, inputs("green"), outputs)
    assert labels(bare)["tester"] == mine["revisionName"].partition("--")[2]
    assert set(labels(bare)) == {"blue", "green", "tester"}


def test_what_only_adds_to_the_app_is_sent(bare):
    given, outputs = started()
    more = {
        "secrets": {"db": {"keyVaultUrl": f"{VAULT}/db", "identity": "system"}},
        "registries": {"shop.azurecr.io": "system"},
        "identity_ids": ["/ids/one"],
        "tags": {"team": "shop"},
    }
    wanted = inputs("blue", app=more)
    shares = bare.shares()
    outputs = update(given, wanted, outputs)
    body = bare.body()
    assert body["properties"]["configuration"]["secrets"] == [
        {"name": "db", "keyVaultUrl": f"{VAULT}/db", "identity": "system"}
    ]
    assert body["properties"]["configuration"]["registries"] == [{"server": "shop.azurecr.io", "identity": "system"}]
    assert list(body["identity"]["userAssignedIdentities"]) == ["/ids/one"]
    assert body["tags"]["team"] == "shop"
    assert bare.shares() == shares
    assert shell.differences({**more, "identity_ids": ["/ids/ONE"]}, body) == ()
    calls = len(bare.calls)
    update(wanted, wanted, outputs)
    assert not [call for call in bare.calls[calls:] if call == "Microsoft.App/containerApps/write"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"target_port": 9000}, "target_port is 8080 and declared as 9000"),
        ({"external": False}, "external is True and declared as False"),
        ({"transport": "Http2"}, "transport is 'Auto' and declared as 'Http2'"),
        ({"workload_profile_name": "D4"}, "workload_profile_name is None and declared as 'D4'"),
        ({"environment_id": "/other"}, "environment_id is"),
    ],
)
def test_what_would_change_how_production_is_served_is_refused_by_its_name(bare, changed, said):
    given, outputs = started()
    before = bare.body()["properties"]["configuration"]
    with pytest.raises(BluegreenError, match="not as it is declared") as refused:
        update(given, inputs("green", app=changed), outputs)
    assert said in str(refused.value)
    assert bare.body()["properties"]["configuration"] == before


def test_secrets_with_values_of_their_own_are_not_sent_without_them():
    app = {"properties": {"configuration": {"secrets": [{"name": "old"}]}}}
    wanted = {"secrets": {"db": {"keyVaultUrl": f"{VAULT}/db", "identity": "system"}}}
    names = shell.differences(wanted, app)
    assert names == ("secrets",)
    assert "(old) cannot be sent without their values" in shell.refused(names, wanted, app)


def test_what_is_no_part_of_an_app_is_refused(bare):
    with pytest.raises(InvalidInput, match=r"router\.app"):
        SwapService(clock=FakeClock()).create(inputs("blue", app={"port": 1}))
