"""Particular to Route 53, against the emulator's API; time is a clock that is turned by hand."""

import json
import shlex
import socket

import httpx
import pytest
from botocore.exceptions import ClientError

from bluegreen.rollout.calls import counted
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Convergence, Weights
from tests.routers import route53_workshop as workshop
from tests.routers.route53_workshop import router, seconds_until_converged, simple, weighted

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


# -- records


def test_a_color_without_traffic_has_no_record_at_all(zone, section, name):
    made = router(section)
    made.write(Weights.split("green", 10))
    assert zone.weights(name) == {("CNAME", "blue"): 90, ("CNAME", "green"): 10}
    made.write(GREEN)
    assert zone.weights(name) == {("CNAME", "green"): 100}


def test_both_ip_versions_and_both_colors_move_in_one_batch(zone, section, name):
    aliases = {color: workshop.alias(color) for color in ("blue", "green")}
    made = router({**section, "targets": aliases, "ipv6": True})
    made.write(BLUE)
    calls = []
    with counted(calls.append):
        made.write(Weights.split("green", 10))
    assert calls == ["route53:ChangeResourceRecordSets"]
    assert zone.weights(name) == {
        ("A", "blue"): 90,
        ("A", "green"): 10,
        ("AAAA", "blue"): 90,
        ("AAAA", "green"): 10,
    }
    alias = next(record["AliasTarget"] for record in zone.records(name) if record["Type"] == "AAAA")
    assert (alias["HostedZoneId"], alias["EvaluateTargetHealth"]) == (workshop.ALIAS_ZONE, True)


def test_ip_versions_that_disagree_are_drift(zone, section, name):
    aliases = {color: workshop.alias(color) for color in ("blue", "green")}
    made = router({**section, "targets": aliases, "ipv6": True})
    made.write(BLUE)
    (blue_v6,) = (record for record in zone.records(name) if record["Type"] == "AAAA")
    zone.change(("DELETE", blue_v6), ("CREATE", made.shape.record("green", "AAAA", 100)))
    assert made.read().weights == Weights(), "no color has all clients"
    zone.change(("CREATE", blue_v6))
    assert made.read().weights == Weights(50, 0)


def test_host_names_become_aliases_in_one_write(zone, section, name):
    router(section).write(BLUE)
    aliases = {color: workshop.alias(color) for color in ("blue", "green")}
    router({**section, "targets": aliases}).write(BLUE)
    assert zone.weights(name) == {("A", "blue"): 100}


def test_a_target_that_changed_is_traffic_to_neither_color_until_it_is_written(zone, section):
    router(section).write(BLUE)
    moved = {**section, "targets": {"blue": "elsewhere.workshop.internal", "green": TO_GREEN}}
    assert router(moved).read().weights == Weights()
    router(moved).write(BLUE)
    assert router(moved).read().weights == BLUE


def test_health_checks_go_onto_the_records(zone, section, name):
    made = router({**section, "health_check_ids": {"blue": "check-blue", "green": "check-green"}})
    made.write(Weights.split("green", 10))
    found = {record["SetIdentifier"]: record["HealthCheckId"] for record in zone.records(name) if "Weight" in record}
    assert found == {"blue": "check-blue", "green": "check-green"}


def test_weights_by_hand_never_round_to_a_leak_or_to_nothing(zone, section, name):
    made = router(section)
    made.write(BLUE)
    for blue, green, expected in ((200, 1, Weights(99, 1)), (1, 2, Weights(33, 67)), (0, 0, Weights(50, 50))):
        zone.change(
            ("UPSERT", weighted(name, "blue", TO_BLUE, blue)), ("UPSERT", weighted(name, "green", TO_GREEN, green))
        )
        assert made.read().weights == expected


def test_a_read_is_one_call_also_where_other_names_lie_between(zone, section, name):
    router(section).write(BLUE)
    names = [f"{label}.{name}" for label in ("0", "a", "b")]
    zone.change(*(("CREATE", simple(other, "x.example")) for other in names))
    calls = []
    with counted(calls.append):
        assert router(section).read().weights == BLUE
    assert calls == ["route53:ListResourceRecordSets"]
    for other in names:
        zone.clear(other)


def test_a_note_behind_a_page_of_names_is_found(zone, section, name):
    router(section).write(BLUE)
    names = [f"{number}.{name}" for number in range(60)]
    zone.change(*(("CREATE", simple(other, "x.example")) for other in names))
    assert router(section).read().weights == BLUE
    zone.change(*(("DELETE", simple(other, "x.example")) for other in names))


def test_each_operation_makes_as_few_calls_as_it_can(section):
    clock = FakeClock()
    made = router(section, clock)
    counts = {}
    for what, operation in {
        "first read": made.read,
        "first write": lambda: made.write(BLUE),
        "read": made.read,
        "write": lambda: made.write(Weights.split("green", 10)),
        "verify too early": lambda: made.verify(Weights.split("green", 10)),
        "marks": made.marks,
        "mark and unmark": lambda: made.mark({"lease.1": None, "abort": None, "outcome.1": "x"}),
        "health": lambda: made.health("green"),
        "marks later": lambda: (clock.sleep(5), made.marks()),
    }.items():
        calls = []
        with counted(calls.append):
            operation()
        counts[what] = calls
    assert counts == {
        "first read": ["route53:ListResourceRecordSets"],
        "first write": ["route53:ChangeResourceRecordSets"],
        "read": ["route53:ListResourceRecordSets"],
        "write": ["route53:ChangeResourceRecordSets"],
        "verify too early": [],
        "marks": [],
        "mark and unmark": ["route53:ChangeResourceRecordSets"],
        "health": ["servicediscovery:GetInstancesHealthStatus"],
        "marks later": ["route53:ListResourceRecordSets"],
    }


# -- taking effect


class Changes:
    """Route 53's answers on whether a change is in sync, in the place of the emulator's own, which come by count."""

    def __init__(self, monkeypatch, made, clock):
        self.in_sync_at, self.asked, self.clock = 40.0, [], clock
        monkeypatch.setattr(made.aws.client("route53"), "get_change", self.get_change)

    def get_change(self, Id):  # noqa: N803
        self.asked.append(self.clock.now_seconds)
        if self.in_sync_at is None:
            raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "GetChange")
        return {"ChangeInfo": {"Status": "INSYNC" if self.clock.now_seconds >= self.in_sync_at else "PENDING"}}


@pytest.fixture
def timed(section, monkeypatch):
    """Blue is live and in effect; time is 0; a change is in sync at 40 s."""
    clock = FakeClock()
    made = router(section, clock)
    made.write(BLUE)
    seconds_until_converged(made, clock, BLUE)
    clock.now_seconds = 0.0
    return made, clock, Changes(monkeypatch, made, clock)


def test_a_write_takes_effect_a_ttl_after_it_is_in_sync(timed):
    made, clock, changes = timed
    made.write(GREEN)
    assert made.verify(GREEN) is Convergence.PENDING
    assert made.progress() == "Route 53 is telling its name servers of it (INSYNC within 60 s)"
    took = seconds_until_converged(made, clock, GREEN)
    assert made.progress() == ""
    assert changes.asked[-1] >= 40 > changes.asked[-2]
    assert took == changes.asked[-1] + 60
    assert len(changes.asked) <= 6, "5 requests a second are all that an account has"
    assert made.verify(GREEN) is Convergence.CONVERGED, "and stays so"


def test_the_longer_ttl_counts_where_it_was_lowered(section, name, zone):
    router({**section, "ttl_seconds": 300}).write(BLUE)
    clock = FakeClock()
    made = router(section, clock)
    made.write(GREEN)
    assert 300 <= seconds_until_converged(made, clock, GREEN) < 360


def test_the_first_records_need_no_ttl(section):
    clock = FakeClock()
    made = router(section, clock)
    made.write(BLUE)
    assert seconds_until_converged(made, clock, BLUE) < 60


def test_no_answer_is_no_proof_and_no_failure(timed):
    made, clock, changes = timed
    changes.in_sync_at = None
    made.write(GREEN)
    for _ in range(300):
        assert made.verify(GREEN) is Convergence.PENDING
        clock.sleep(1)


def test_records_that_somebody_changed_meanwhile_are_not_converged(timed, zone, name):
    made, clock, _ = timed
    made.write(GREEN)
    zone.change(("UPSERT", weighted(name, "blue", TO_BLUE, 50)))
    clock.now_seconds = 1_000.0
    assert made.verify(GREEN) is Convergence.PENDING
    clock.now_seconds = 2_000.0
    assert made.verify(GREEN) is Convergence.PENDING


def test_a_fresh_process_judges_by_the_records(section):
    router(section).write(GREEN)
    assert router(section).verify(GREEN) is Convergence.CONVERGED
    assert router(section).verify(BLUE) is Convergence.PENDING


# -- health


def test_health_is_that_of_the_cloud_map_instances(zone, section):
    service = zone.services["green"]
    made = router(section)
    assert made.health("green").reason == "no instance is registered in Cloud Map"
    for number in range(3):
        zone.discovery.register_instance(
            ServiceId=service, InstanceId=f"task-{number}", Attributes={"AWS_INSTANCE_IPV4": f"10.0.0.{number}"}
        )
    health = made.health("green")
    assert (health.ready, health.healthy, health.expected) == (True, 3, 3)
    zone.discovery.update_instance_custom_health_status(ServiceId=service, InstanceId="task-1", Status="UNHEALTHY")
    health = made.health("green")
    assert (health.ready, health.healthy, health.expected) == (False, 2, 3)
    assert health.reason == "Cloud Map has an instance that is UNHEALTHY"
    for number in range(3):
        zone.discovery.deregister_instance(ServiceId=service, InstanceId=f"task-{number}")


def test_health_is_that_of_the_target_groups(section, alb):
    made = router({**section, "services": None, "target_groups": {"blue": alb.groups["stranger"], "green": "x"}})
    assert made.health("blue").reason == "no target is registered"


def test_a_failing_health_check_says_no_whatever_else_says_yes(zone, section, cloud):
    config = {"Type": "HTTP", "IPAddress": "192.0.2.1", "Port": 80, "ResourcePath": "/healthz"}
    made = zone.route53.create_health_check(CallerReference=section["record_name"], HealthCheckConfig=config)
    check = made["HealthCheck"]["Id"]
    checked = router({**section, "services": None, "health_check_ids": {"blue": check, "green": "another"}})
    assert checked.health("blue").ready
    status = {"status": "Failure", "reason": "connection refused"}
    httpx.post(f"{cloud.endpoint}/_fakecloud/route53/health-checks/{check}/status", json=status).raise_for_status()
    health = checked.health("blue")
    assert not health.ready
    assert health.reason.startswith(f"health check {check}: Failure")
    with pytest.raises(PlatformError, match="route53:GetHealthCheckStatus: NoSuchHealthCheck"):
        checked.health("green")


def test_with_nobody_to_ask_a_name_must_at_least_resolve(section):
    targets = {"blue": "localhost", "green": "green.invalid"}
    made = router({**section, "services": None, "targets": targets})
    assert made.health("blue").ready
    health = made.health("green")
    assert not health.ready
    assert "green.invalid does not resolve here" in health.reason
    with pytest.raises(OSError, match=r".*"):
        socket.getaddrinfo("green.invalid", None)


# -- by hand


@pytest.mark.parametrize("seen", [True, False], ids=["after a look", "blind"])
def test_the_commands_by_hand_do_what_they_say(zone, section, name, seen):
    router(section).write(Weights.split("green", 10))
    made = router(section)
    if seen:
        made.read()
    (command,) = made.commands(BLUE)
    words = shlex.split(command)
    assert words[:5] == ["aws", "route53", "change-resource-record-sets", "--hosted-zone-id", zone.id]
    zone.route53.change_resource_record_sets(HostedZoneId=zone.id, ChangeBatch=json.loads(words[6]))
    assert router(section).read().weights == BLUE
    router(section).write(BLUE)
    assert zone.weights(name) == {("CNAME", "blue"): 100}, "the next write leaves no record of weight 0"
