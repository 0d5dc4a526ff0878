"""Cloud Functions in the stand-in: what a deploy takes, refuses and does to the Cloud Run service below."""

from __future__ import annotations

import pytest

from localcloud.google.bare import FUNCTIONS, PROJECT, REGION, BareGoogle
from localcloud.google.run import LATEST, REVISION

PARENT = f"projects/{PROJECT}/locations/{REGION}"
FUNCTION, SERVICE = f"{PARENT}/functions/shop", f"{PARENT}/services/shop"


class Bare:
    """A function whose first deploy is over."""

    def __init__(self):
        self.google = BareGoogle(images=None)
        assert self.ask("POST", f"{PARENT}/functions", body("v1", {"A": "1"}), functionId="shop")[0] == 200
        self.google.settle()

    def ask(self, verb, path, given=None, **query):
        return self.google.ask(verb, f"/v2/{path}", query, given, FUNCTIONS)

    def patch(self, mask, given):
        return self.ask("PATCH", FUNCTION, given, updateMask=mask)

    def told(self):
        return self.ask("GET", FUNCTION)[1]

    @property
    def service(self):
        return self.google.run.services[SERVICE]


def body(version, variables, **config):
    source = {"storageSource": {"bucket": "sources", "object": f"shop/{version}.zip"}}
    return {
        "buildConfig": {"runtime": "python312", "source": source},
        "serviceConfig": {"environmentVariables": variables, **config},
    }


@pytest.fixture
def bare():
    return Bare()


def test_a_mask_leaves_everything_that_it_does_not_name(bare):
    given = body("v2", {"B": "2"}, availableMemory="1Gi")
    assert bare.patch("buildConfig.source,serviceConfig.availableMemory", given)[0] == 200
    bare.google.settle()
    told = bare.told()
    assert told["buildConfig"]["source"] == given["buildConfig"]["source"]
    assert told["serviceConfig"]["environmentVariables"] == {"A": "1"}
    (container,) = bare.service["template"]["containers"]
    assert container["image"].endswith(":v2")
    assert container["resources"]["limits"]["memory"] == "1Gi"


def test_a_field_that_is_named_and_not_sent_is_cleared(bare):
    bare.patch("serviceConfig.availableMemory", {"serviceConfig": {"availableMemory": "1Gi"}})
    bare.google.settle()
    bare.patch("serviceConfig.availableMemory", {})
    bare.google.settle()
    assert "availableMemory" not in bare.told()["serviceConfig"]


@pytest.mark.parametrize("mask", ["traffic", "serviceConfig.traffic", "buildConfig.memory"])
def test_a_mask_of_what_there_is_not_is_refused(bare, mask):
    status, found = bare.patch(mask, {})
    assert (status, found["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_while_it_is_deployed_nothing_else_is_taken(bare):
    bare.google.works.held = True
    assert bare.patch("serviceConfig.environmentVariables", body("v1", {"A": "2"}))[0] == 200
    assert bare.told()["state"] == "DEPLOYING"
    for status, found in (
        bare.patch("serviceConfig.environmentVariables", body("v1", {"A": "3"})),
        bare.ask("DELETE", FUNCTION),
    ):
        assert (status, found["error"]["status"]) == (409, "ABORTED")
    bare.google.works.held = False
    bare.google.settle()
    assert bare.told()["state"] == "ACTIVE"
    assert bare.told()["serviceConfig"]["environmentVariables"] == {"A": "2"}


def test_a_build_that_fails_makes_no_revision_and_its_operation_says_why(bare):
    revisions = set(bare.google.run.revisions)
    bare.google.world.pulled = lambda _image: None
    _, operation = bare.patch("buildConfig.source", body("v2", {}))
    bare.google.settle()
    _, told = bare.ask("GET", operation["name"])
    assert told["done"]
    assert "Build failed" in told["error"]["message"]
    assert set(bare.google.run.revisions) == revisions
    assert bare.told()["state"] == "FAILED"


def shares(bare):
    return {one.get("revision", one["type"]): one["percent"] for one in bare.service["traffic"]}


@pytest.mark.parametrize(("takes_all", "moves"), [(True, True), (False, False), (None, False)])
def test_traffic_by_name_stays_unless_a_deploy_asks_for_all_of_it(bare, takes_all, moves):
    first = bare.told()["serviceConfig"]["revision"]
    targets = {"traffic": [{"type": REVISION, "revision": first, "percent": 100}]}
    bare.google.ask("PATCH", f"/v2/{SERVICE}", {"updateMask": "traffic"}, targets)
    config = {} if takes_all is None else {"allTrafficOnLatestRevision": takes_all}
    mask = "buildConfig.source" + (",serviceConfig.allTrafficOnLatestRevision" if config else "")
    bare.patch(mask, {**body("v2", {}), "serviceConfig": config})
    bare.google.settle()
    assert shares(bare) == ({LATEST: 100} if moves else {first: 100})
    # Of the field only this is reported: whether the latest revision has all requests.
    assert bare.told()["serviceConfig"].get("allTrafficOnLatestRevision", False) is moves


@pytest.mark.parametrize(
    ("missing", "verb"), [("cloudfunctions.functions.update", "PATCH"), ("iam.serviceAccounts.actAs", "PATCH")]
)
def test_who_deploys_has_to_be_allowed_to(bare, missing, verb):
    bare.google.allowed = bare.google.allowed - {missing}
    status, found = bare.ask(verb, FUNCTION, body("v2", {}), updateMask="buildConfig.source")
    assert (status, missing in found["error"]["message"]) == (403, True)
