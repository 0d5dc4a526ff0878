"""The inputs of Route 53's router, and the content of its TXT record. No call is made."""

import pytest

from bluegreen.aws.route53 import records as route53_records
from bluegreen.aws.route53.records import Shape
from bluegreen.aws.route53.router import Route53Router
from bluegreen.aws.route53.targets import Target
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.model import Weights
from bluegreen.swap import contract

SECTION = {
    "kind": "route53",
    "zone_id": "Z123",
    "record_name": "app.example.com",
    "targets": {"blue": "blue.example.net", "green": "green.example.net"},
    "services": {"blue": "srv-1", "green": "srv-2"},
    "owner": "project/stack/web",
}


def problems(**more):
    fields = Fields({**SECTION, **more}, "router")
    fields.text("kind")
    Route53Router.parse(fields)
    fields.done()
    return [str(problem) for problem in fields.problems]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"zone_id": "/hostedzone/Z1"}, "router.zone_id: '/hostedzone/Z1' is not allowed"),
        ({"record_name": "*.example.com"}, "router.record_name: '*.example.com' is not allowed"),
        ({"record_name": "app"}, "router.record_name: 'app' is not allowed"),
        ({"owner": 'a"b'}, "router.owner: "),
        ({"ttl_seconds": 0}, "router.ttl_seconds: 0 is not allowed"),
        ({"targets": {"blue": "a.example", "green": "A.example."}}, "another target than blue's"),
        ({"targets": {"blue": "https://a.example", "green": "b.example"}}, "a host name, without scheme or path"),
        (
            {"targets": {"blue": "a.example", "green": {"dns_name": "b.example", "zone_id": "Z1"}}},
            "an alias like blue's, or a host name like blue's",
        ),
        ({"targets": {"blue": {"dns_name": "b.example"}, "green": "b.example"}}, "router.targets.blue.zone_id: None"),
        ({"ipv6": True}, "router.ipv6: True is not allowed"),
        ({"adopt": "yes"}, "router.adopt: 'yes' is not allowed; allowed: true or false"),
        ({"target_groups": {"blue": "a", "green": "b"}}, "either target_groups or services"),
        ({"services": {"blue": "a", "green": "a"}}, "another one than blue's"),
        ({"ttl": 60}, "router.ttl: 60 is not allowed; allowed: no such field"),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_bad_input_is_refused_with_field_and_value(more, problem):
    assert any(problem in found for found in problems(**more)), problems(**more)


def test_texts_of_txt_records_come_back_as_they_went():
    shape = Shape("app.example.com", {"blue": Target("a"), "green": Target("b")}, "p/s/n")
    marks = {f"outcome.{number}": "x +-=._:/@ " * 22 for number in range(10)}
    found = route53_records.Found(note=shape.note(marks))
    assert (found.owner, found.marks) == ("p/s/n", marks)
    values = [item["Value"] for item in shape.note(marks)["ResourceRecords"]]
    assert sum(map(len, values)) < 32_000, "a batch takes no more"
    assert all(len(part) <= 255 for value in values for part in value.strip('"').split('" "')), "nor does a string"
    octal = {"ResourceRecords": [{"Value": r'"bluegreen:owner=p\057s\057n"'}]}
    assert route53_records.Found(note=octal).owner == "p/s/n"


@pytest.mark.parametrize(
    ("blue", "green", "kind"), [("192.0.2.1", "192.0.2.2", "A"), ("2001:db8::1", "2001:db8::2", "AAAA")]
)
def test_addresses_become_address_records(blue, green, kind):
    shape = Shape("web.example.com", {"blue": Target(blue), "green": Target(green)}, "p/s/web")
    (record,) = shape.records(Weights.all_on("green"))
    assert (record["Type"], record["ResourceRecords"]) == (kind, [{"Value": green}])
    assert shape.weights([record]) == Weights.all_on("green")


def test_a_name_for_one_color_and_an_address_for_the_other_is_refused():
    (said,) = problems(targets={"blue": "blue.example.net", "green": "192.0.2.2"})
    assert "targets.green: '192.0.2.2' is not allowed" in said
    assert "a host name like blue's, or an IP address of the same version" in said


@pytest.mark.parametrize(
    ("more", "seconds"),
    [({}, 150), ({"ttl_seconds": 300}, 390), ({"ttl_seconds": 10}, 150)],
)
def test_a_swap_that_says_no_time_out_waits_for_the_ttl(more, seconds):
    inputs = {
        "name": "web",
        "active_color": "blue",
        "releases": {"blue": "v1", "green": "v2"},
        "router": {**SECTION, **more},
        "strategy": {"steps": []},
    }
    assert contract.parse(inputs).limits.converge_timeout_seconds == seconds
    assert contract.parse({**inputs, "converge_timeout_seconds": 20}).limits.converge_timeout_seconds == 20
    for unknown in ("zone_id", "targets", "ttl_seconds"):
        assert contract.problems_in({**inputs, "router": {**SECTION, **more, unknown: UNKNOWN}}) == []
