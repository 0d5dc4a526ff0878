"""Cloud DNS in Google's stand-in refuses what Google's description and documentation say that it refuses."""

from __future__ import annotations

import pytest

from localcloud.dns import Answer
from localcloud.google.bare import DNS, DNS_ADMIN, BareGoogle
from localcloud.google.dns_answers import resolving

ZONES = "/dns/v1/projects/shop/managedZones"
CHANGES = f"{ZONES}/example/changes"
NAME = "app.example.com."
RECORD = {"name": NAME, "type": "A", "ttl": 60, "rrdatas": ["203.0.113.1"]}


@pytest.fixture
def google():
    made = BareGoogle()
    assert ask(made, "POST", ZONES, {"name": "example", "dnsName": "example.com."})[0] == 200
    return made


def ask(google, verb, path, body=None, **query):
    return google.ask(verb, path, query, body, DNS)


def weighted(*items, **more):
    return {"name": NAME, "type": "A", "ttl": 60, "routingPolicy": {"wrr": {"items": [*items]}, **more}}


def listed(google):
    return ask(google, "GET", f"{ZONES}/example/rrsets", name=NAME)[1]["rrsets"]


def test_a_change_is_made_as_a_whole_or_not_at_all(google):
    status, change = ask(google, "POST", CHANGES, {"additions": [RECORD]})
    assert (status, change["status"]) == (200, "pending")
    assert ask(google, "GET", f"{CHANGES}/{change['id']}")[1]["status"] == "done"
    other = {**RECORD, "ttl": 30}
    for gone, come, said in (
        ([other], [RECORD], 412),
        ([{**RECORD, "name": "no.example.com."}], [], 404),
        ([], [RECORD], 409),
        ([RECORD], [{**RECORD, "rrdatas": ["no address"]}], 400),
        ([], [], 400),
    ):
        assert ask(google, "POST", CHANGES, {"deletions": gone, "additions": come})[0] == said
        assert [one["ttl"] for one in listed(google)] == [60]
    assert ask(google, "POST", CHANGES, {"deletions": [RECORD], "additions": [other]})[0] == 200
    assert [one["ttl"] for one in listed(google)] == [30]


@pytest.mark.parametrize(
    "record",
    [
        {**RECORD, "nobody_knows": 1},
        {**RECORD, "ttl": "soon"},
        {**RECORD, "ttl": -1},
        {**RECORD, "name": "app.example.com"},
        {**RECORD, "name": "app.example.org."},
        {**RECORD, "type": "B"},
        {**RECORD, "type": "AAAA"},
        {**RECORD, "type": "CNAME", "rrdatas": ["blue.example.net"]},
        {**RECORD, "rrdatas": []},
        {**weighted({"weight": 1, "rrdatas": ["203.0.113.1"]}), "rrdatas": ["203.0.113.1"]},
        weighted(),
        weighted({"weight": 1}),
        weighted({"weight": -1, "rrdatas": ["203.0.113.1"]}),
        weighted({"weight": 1, "rrdatas": ["203.0.113.1"]}, geo={"items": []}, primaryBackup={"trickleTraffic": 1}),
    ],
)
def test_a_record_set_that_is_none_is_refused(google, record):
    assert ask(google, "POST", CHANGES, {"additions": [record]})[0] == 400
    assert listed(google) == []


def test_a_cname_stands_alone(google):
    cname = {**RECORD, "type": "CNAME", "rrdatas": ["blue.example.net."]}
    status, said = ask(google, "POST", CHANGES, {"additions": [RECORD, cname]})
    assert (status, said["error"]["errors"][0]["reason"]) == (400, "cnameResourceRecordSetConflict")


def test_a_change_needs_the_permissions_of_what_it_does(google):
    other = {**RECORD, "ttl": 30}
    for missing, gone, come in (
        ("dns.changes.create", [], [RECORD]),
        ("dns.resourceRecordSets.create", [], [RECORD]),
        ("", [], [RECORD]),
        ("dns.resourceRecordSets.update", [RECORD], [other]),
        ("dns.resourceRecordSets.delete", [RECORD], []),
    ):
        google.allowed = DNS_ADMIN - {missing}
        status, said = ask(google, "POST", CHANGES, {"deletions": gone, "additions": come})
        assert status == (403 if missing else 200)
        assert missing in str(said)


def test_a_single_record_set_is_changed_as_by_a_change(google):
    path = f"{ZONES}/example/rrsets"
    assert ask(google, "POST", path, RECORD)[0] == 200
    one = weighted({"weight": 0.5, "rrdatas": ["203.0.113.1"]})
    assert ask(google, "PATCH", f"{path}/{NAME}/A", {"routingPolicy": one["routingPolicy"]})[0] == 200
    (there,) = listed(google)
    assert ("rrdatas" in there, there["ttl"]) == (False, 60)
    assert ask(google, "DELETE", ZONES + "/example")[0] == 400
    assert ask(google, "DELETE", f"{path}/{NAME}/A")[0] == 200
    assert ask(google, "DELETE", ZONES + "/example")[0] == 200
    assert ask(google, "GET", path)[0] == 404


def test_answers_are_drawn_by_the_weights_that_there_are():
    www = {"name": "www.example.com.", "type": "CNAME", "ttl": 30, "rrdatas": [NAME]}
    there = {NAME: [weighted({"weight": 3, "rrdatas": ["203.0.113.1"]}, {"weight": 0, "rrdatas": ["203.0.113.2"]})]}
    resolve = resolving(lambda name: {**there, "www.example.com.": [www]}.get(name, []))
    for _ in range(20):
        assert resolve("WWW.example.com.") == [
            Answer("www.example.com", "CNAME", 30, (NAME,)),
            Answer("app.example.com", "A", 60, ("203.0.113.1",)),
        ]
    there[NAME] = [weighted(*({"weight": 1, "rrdatas": [f"203.0.113.{at}"]} for at in (1, 2)))]
    assert {resolve(NAME)[0].values for _ in range(100)} == {("203.0.113.1",), ("203.0.113.2",)}
    there[NAME] = [weighted({"weight": 0, "rrdatas": ["203.0.113.1"]})]
    assert resolve(NAME) == resolve("no.example.com") == []
