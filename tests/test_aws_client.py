"""How often the swap's AWS clients try a call, and when they give up."""

from __future__ import annotations

import pytest
from botocore.retries import standard

from bluegreen.aws import client as aws
from bluegreen.aws.client import AwsConnection, called
from bluegreen.aws.typed import at
from bluegreen.rollout.calls import guarded
from bluegreen.rollout.errors import LeaseLost, PlatformError
from localcloud.fault_proxy import Fault, FaultProxy

# A call in the query protocol and one in JSON: their throttling errors have names of their own.
ASK = {"elbv2": "describe_load_balancers", "ecs": "list_clusters"}


@pytest.fixture
def proxy(cloud, aws_env, monkeypatch):
    monkeypatch.setattr(aws, "_THROTTLED_PAUSE_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0)
    with FaultProxy(cloud.endpoint) as proxy:
        yield proxy


def ask(proxy, service):
    client = AwsConnection(endpoint_url=proxy.url).client(service)
    with called(service):
        getattr(client, ASK[service])()


@pytest.mark.parametrize("service", ASK)
def test_a_throttled_call_waits_for_its_turn_longer_than_a_broken_one_is_tried(proxy, service):
    proxy.limit = lambda _: len(proxy.calls) >= 11
    ask(proxy, service)
    assert len(proxy.calls) == 12


@pytest.mark.parametrize(("way", "tries"), [("throttled", 12), ("server_error", 5), ("reset", 5), ("refused", 1)])
def test_every_way_to_fail_comes_to_an_end(proxy, way, tries):
    proxy.fault = Fault(way, at=1, lasting=True)
    with pytest.raises(PlatformError):
        ask(proxy, "ecs")
    assert len(proxy.calls) == tries


def test_every_try_of_a_write_asks_whether_it_may_still_be_sent(proxy):
    asked = []
    client = AwsConnection(endpoint_url=proxy.url).client("ecs")
    proxy.limit = lambda _: len(proxy.calls) >= 4
    with guarded(lambda: asked.append(len(proxy.calls))):
        client.list_clusters()
        assert asked == []
        proxy.reset()
        proxy.limit = lambda _: len(proxy.calls) >= 4
        client.create_cluster(clusterName="asked")
    assert asked == list(range(len(proxy.calls)))
    assert len(asked) > 3


def test_a_write_that_may_not_be_sent_any_more_is_not(proxy):
    def taken_over():
        raise LeaseLost("another swap took over")

    client = AwsConnection(endpoint_url=proxy.url).client("ecs")
    with guarded(taken_over), pytest.raises(LeaseLost), called("ecs:CreateCluster"):
        client.create_cluster(clusterName="late")
    assert proxy.calls == []


def test_the_pauses_are_bounded():
    rate_exceeded = (None, {"Error": {"Code": "ThrottlingException"}})
    waited = []
    with guarded(lambda: None, sleep=waited.append):
        pauses = [aws._wait_its_turn(attempts, rate_exceeded) for attempts in range(1, 13)]
    assert all(2 <= pause <= 20 for pause in pauses[:4])
    assert pauses[4:-1] == [0] * 7, "these are over: the swap's own clock has waited"
    assert len(waited) == 7
    assert all(2 <= pause <= 20 for pause in waited)
    assert pauses[-1] is None
    assert aws._wait_its_turn(1, None) is None


def test_a_command_by_hand_calls_where_the_swap_does():
    connection = AwsConnection(region="eu-central-1", profile="it's")
    typed = at(connection, "aws elbv2 remove-tags --resource-arns a --tag-keys b c")
    quoted = "'it'\"'\"'s'"
    assert typed == f"aws elbv2 remove-tags --region eu-central-1 --profile {quoted} --resource-arns a --tag-keys b c"
    assert at(AwsConnection(), "aws route53 list-hosted-zones") == "aws route53 list-hosted-zones"
