"""Whose records they are, what others do to them meanwhile, and adoption, against the emulator's API."""

import pytest

from bluegreen.rollout.calls import counted
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Weights
from tests.routers import route53_workshop as workshop
from tests.routers.route53_workshop import router, simple, weighted

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
TO_BLUE, TO_GREEN = "web-blue.workshop.internal", "web-green.workshop.internal"


@pytest.fixture
def section(zone):
    made = workshop.section(zone)
    yield made
    zone.clear(made["record_name"])


@pytest.fixture
def name(section):
    return section["record_name"]


# -- whose they are


@pytest.mark.parametrize(
    "stranger",
    [
        lambda name: simple(name, TO_BLUE),
        lambda name: weighted(name, "canary", TO_BLUE, 1),
        lambda name: weighted(name, "blue", TO_BLUE, 1),
        lambda name: {**simple(name, "x"), "Type": "A", "ResourceRecords": [{"Value": "192.0.2.1"}]},
    ],
    ids=["simple", "weighted", "weighted like ours", "another type"],
)
def test_records_of_somebody_else_are_refused_by_name_and_left_alone(zone, section, name, stranger):
    zone.change(("CREATE", stranger(name)))
    before = zone.records(name)
    made = router(section)
    for operation in (made.read, made.marks, lambda: made.write(BLUE), made.delete, lambda: made.mark({"abort": "x"})):
        with pytest.raises(NotOwned, match=f"record.* of {name} in zone {zone.id} was not made by bluegreen"):
            operation()
    assert zone.records(name) == before


def test_another_stack_with_the_same_name_is_refused(zone, section, name):
    router({**section, "owner": "other/stack/web"}).write(GREEN)
    before = zone.records(name)
    made = router(section)
    for operation in (made.read, lambda: made.write(BLUE), made.delete):
        with pytest.raises(NotOwned, match="is owned by other/stack/web; this swap is project/stack/web"):
            operation()
    assert zone.records(name) == before


def test_a_note_that_is_none_of_ours_is_refused(zone, section, name):
    note = {"Name": f"_bluegreen.{name}", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"v=spf1 -all"'}]}
    zone.change(("CREATE", note))
    with pytest.raises(NotOwned, match="was not made by bluegreen"):
        router(section).write(BLUE)


def test_a_third_record_beside_ours_is_refused(zone, section, name):
    router(section).write(BLUE)
    zone.change(("CREATE", weighted(name, "canary", "canary.example", 5)))
    with pytest.raises(NotOwned, match="'canary'"):
        router(section).read()


def test_who_comes_second_to_a_free_name_is_refused(section):
    second = router({**section, "owner": "other/stack/web"})
    second.read()  # the name is free
    router(section).write(BLUE)
    with pytest.raises(NotOwned, match="is owned by project/stack/web"):
        second.write(GREEN)
    assert router(section).read().weights == BLUE


# -- what others do meanwhile


def test_marks_of_two_processes_are_never_lost_to_each_other(section):
    router(section).write(BLUE)
    one, two = router(section), router(section)
    one.read(), two.read()
    one.mark({"lease.1": "one"})
    two.mark({"abort": "1 me"})  # it knows of no lease.1
    one.mark({"lease.1": "renewed"})
    assert dict(router(section).marks()) == {"lease.1": "renewed", "abort": "1 me"}


def test_a_write_whose_reply_was_lost_is_taken_up(section, monkeypatch):
    made = router(section)
    made.write(BLUE)
    client = made.aws.client("route53")
    real = client.change_resource_record_sets

    def lossy(**arguments):
        real(**arguments)
        monkeypatch.setattr(client, "change_resource_record_sets", real)
        return real(**arguments)  # as botocore tries again what got no answer

    monkeypatch.setattr(client, "change_resource_record_sets", lossy)
    made.write(Weights.split("green", 10))
    assert router(section).read().weights == Weights.split("green", 10)


def test_what_somebody_moved_since_it_was_read_stays_until_it_is_read_again(section):
    made, half = router(section), Weights.split("green", 50)
    made.write(BLUE)
    router(section).write(half)
    with pytest.raises(PlatformError, match="somebody else moved the traffic"):
        made.write(Weights.split("green", 10))
    assert router(section).read().weights == half
    made.write(BLUE)  # a restore, which is tried again
    assert router(section).read().weights == BLUE


def test_records_that_somebody_removed_in_mid_swap_are_made_anew(zone, section, name):
    made = router(section)
    made.write(BLUE)
    zone.clear(name)
    made.write(Weights.split("green", 10))
    assert router(section).read().weights == Weights.split("green", 10)


@pytest.mark.parametrize("change", ["owner", "mark"])
def test_a_write_sees_that_the_note_was_changed_since_it_was_read(section, change):
    made = router(section)
    made.write(BLUE)
    if change == "owner":
        another = router({**section, "owner": "other/stack/web"})
        another.former_owner = another._zone.former_owner = section["owner"]
        another.mark({"incarnation": "00c0ffee"})
        with pytest.raises(NotOwned, match="is owned by other/stack/web"):
            made.write(GREEN)
        assert another.read().weights == BLUE
    else:
        router(section).mark({"abort": "1 me"})
        made.write(GREEN)
        assert (made.read().weights, dict(made.marks())) == (GREEN, {"abort": "1 me"})


def test_what_route53_refuses_is_told_with_its_reason(section):
    made = router({**section, "record_name": "app.another.example"})
    with pytest.raises(PlatformError, match=r"route53:ChangeResourceRecordSets: InvalidChangeBatch: .*not permitted"):
        made.write(BLUE)


# -- adoption


def test_a_simple_record_is_adopted_without_moving_traffic(zone, section, name):
    zone.change(("CREATE", simple(name, TO_BLUE + ".")))
    made = router({**section, "adopt": True})
    assert made.read().weights == BLUE
    made.mark({"lease.1": "x"})
    assert [record["Type"] for record in zone.records(name)] == ["CNAME", "TXT"], "whose it is comes first"
    assert zone.weights(name) == {}
    calls = []
    with counted(calls.append):
        made.write(BLUE)
    assert calls == ["route53:ChangeResourceRecordSets"]
    assert zone.weights(name) == {("CNAME", "blue"): 100}
    found = router(section).read()
    assert (found.weights, dict(found.marks)) == (BLUE, {"lease.1": "x"}), "from now on without `adopt`, too"


def test_a_note_that_somebody_has_spoilt_is_told_of_by_its_name(zone, section, name):
    router(section).write(BLUE)
    (note,) = [one for one in zone.records(name) if one["Type"] == "TXT"]
    values = [*note["ResourceRecords"], {"Value": '"bluegreen:adopted.0=zzz"'}]
    zone.change(("UPSERT", {**note, "ResourceRecords": values}))
    with pytest.raises(PlatformError, match=f"{name} has a value bluegreen:adopted… that cannot be read"):
        router(section).read()
    zone.change(("UPSERT", note))
    assert router(section).read().weights == BLUE


def test_weighted_records_of_others_are_adopted_in_one_batch(zone, section, name):
    zone.change(("CREATE", weighted(name, "v1", TO_BLUE, 3)), ("CREATE", weighted(name, "v2", TO_GREEN, 1)))
    made = router({**section, "adopt": True})
    assert made.read().weights == Weights(75, 25)
    made.write(Weights(75, 25))
    assert zone.weights(name) == {("CNAME", "blue"): 75, ("CNAME", "green"): 25}


def test_an_alias_as_the_console_writes_it_is_adopted(zone, section, name):
    aliases = {color: workshop.alias(color) for color in ("blue", "green")}
    target = {
        "HostedZoneId": workshop.ALIAS_ZONE,
        "DNSName": "dualstack.blue-1.us-east-1.elb.amazonaws.com.",
        "EvaluateTargetHealth": False,
    }
    zone.change(("CREATE", {"Name": name, "Type": "A", "AliasTarget": target}))
    made = router({**section, "targets": aliases, "adopt": True})
    assert made.read().weights == BLUE
    made.write(BLUE)
    assert zone.weights(name) == {("A", "blue"): 100}


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (lambda name: simple(name, "elsewhere.example"), "leads to elsewhere.example, which is neither color's target"),
        (
            lambda name: simple(name, TO_BLUE, 3600),
            r"has a TTL of 3600 s, more than ttl_seconds \(60\): lower it first",
        ),
        (
            lambda name: {**simple(name, TO_BLUE), "SetIdentifier": "eu", "Region": "eu-west-1"},
            "'eu' .*is neither a simple nor a weighted record",
        ),
    ],
    ids=["to a stranger", "kept for long", "by latency"],
)
def test_what_cannot_be_adopted_without_surprise_is_refused(zone, section, name, record, why):
    zone.change(("CREATE", record(name)))
    before = zone.records(name)
    made = router({**section, "adopt": True})
    with pytest.raises(NotOwned, match=why):
        made.read()
    with pytest.raises(NotOwned):
        made.write(BLUE)
    assert zone.records(name) == before


def test_what_was_never_taken_over_stays_when_the_swap_goes(zone, section, name):
    zone.change(("CREATE", simple(name, TO_BLUE)))
    made = router({**section, "adopt": True})
    made.delete()
    made.mark({"lease.1": "x"})
    router({**section, "adopt": True}).delete()
    assert zone.records(name) == [simple(f"{name}.", TO_BLUE)]
