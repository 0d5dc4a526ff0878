"""AWS' rates as token buckets: what a burst gets, what comes back, who shares what."""

from __future__ import annotations

import re

import pytest

from bluegreen.permissions import declared
from localcloud.fault_proxy import FaultProxy
from localcloud.throttle import DOCUMENTED, OURS, Account
from tests.localcloud.test_fault_proxy import client


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def account():
    return Account(clock=Clock())


def burst(account, *calls):
    """How many go through when they are made over and over until one is refused."""
    made = 0
    while account.allows(calls[made % len(calls)]):
        made += 1
    return made


ELB, ECS = "elasticloadbalancing:", "ecs:"


@pytest.mark.parametrize(("calls", "size", "a_second_later"), [
    ([ELB + "DescribeRules"], 40, 10),
    ([ELB + "ModifyRule", ELB + "AddTags"], 20, 3),
    ([ELB + "RegisterTargets"], 20, 4),
    ([ELB + "CreateLoadBalancer"], 10, 0),
    ([ECS + "DescribeServices"], 100, 20),
    ([ECS + "UpdateService"], 50, 5),
    (["route53:POST /2013-04-01/hostedzone/Z1/rrset"], 50, 10),
    (["application-autoscaling:PutScheduledAction"], 20, 3),
])  # fmt: skip
def test_a_burst_and_the_rate_that_follows(account, calls, size, a_second_later):
    assert burst(account, *calls) == size
    account.clock.now += 1
    assert burst(account, *calls) == a_second_later
    account.clock.now += 1000
    assert burst(account, *calls) == size  # a bucket holds no more than it can
    assert sum(account.allowed.values()) == 2 * size + a_second_later
    assert sum(account.throttled.values()) == 3


def test_all_calls_of_a_load_balancer_share_the_accounts_bucket_and_services_do_not(account):
    assert burst(account, ELB + "DescribeRules") == 40
    assert not account.allows(ELB + "ModifyRule")
    assert account.allows(ECS + "UpdateService")


def test_what_is_refused_takes_no_token(account):
    assert burst(account, ELB + "ModifyRule") == 20
    assert not any(account.allows(ELB + "ModifyRule") for _ in range(100))
    assert burst(account, ELB + "DescribeRules") == 20  # the account's other 20


def test_every_call_of_a_swap_is_in_a_bucket():
    actions = {permission.action for *_, permissions in declared() for permission in permissions}
    assert ELB + "ModifyRule" in actions
    for action in actions:
        service, _, name = action.partition(":")
        buckets = [rate for rate in DOCUMENTED.get(service, OURS) if re.fullmatch(rate.actions, name)]
        # The account's own bucket and the category's; Lambda's limit is for the control plane alone.
        least = {"elasticloadbalancing": 2, "lambda": 0}.get(service, 1)
        assert len(buckets) >= least, action


@pytest.mark.parametrize(("service", "code"), [("elbv2", "Throttling"), ("ecs", "ThrottlingException")])
def test_the_proxy_limits_every_client_of_the_account(cloud, service, code):
    told = []

    def limit(call):
        told.append(call)
        return len(told) < 3

    with FaultProxy(cloud.endpoint) as proxy:
        proxy.limit = limit
        ask = {"elbv2": "describe_load_balancers", "ecs": "list_clusters"}[service]
        for agent in ("bluegreen", "somebody"):
            getattr(client(service, proxy, agent), ask)()
        for agent in ("bluegreen", "somebody"):
            made = client(service, proxy, agent)
            with pytest.raises(made.exceptions.ClientError) as raised:
                getattr(made, ask)()
            assert raised.value.response["Error"]["Code"] == code
        assert len(told) == 4
        assert len(proxy.calls) == 2  # those of one agent are counted, as ever
