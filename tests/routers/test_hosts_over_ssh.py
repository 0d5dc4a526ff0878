"""The contract over the routers of hosts, with a real sshd between them and their proxies.

A few of its rules, which take all the ways that there are: files read, replaced, sockets called. All of them with the
scenarios.
"""

from __future__ import annotations

import os

import pytest

from bluegreen.testing.routers import RULES, RouterCase
from tests.routers import envoy_workshop

pytestmark = pytest.mark.tools
FEW = {
    "what_is_written_is_read_green_10",
    "marks_are_kept_on_the_owned_object_and_change_no_weight",
    "health_is_counts_and_a_reason",
    "a_renamed_owner_takes_over_what_it_owned_and_stamps_it_anew",
}
FULL = os.environ.get("BLUEGREEN_SCENARIOS") == "full"


@pytest.fixture(params=["host", "haproxy"])
def case(request):
    section = request.getfixturevalue(request.param).section(ssh=request.getfixturevalue("sshd").section())
    made = RouterCase(section, envoy_workshop.Settled if request.param == "host" else lambda router: router)
    yield made
    made.build().delete()


def test_the_few_are_rules():
    assert {rule.__name__ for rule in RULES} >= FEW


@pytest.mark.parametrize("rule", [rule for rule in RULES if FULL or rule.__name__ in FEW], ids=lambda one: one.__name__)
def test_a_router_keeps_the_contract_over_ssh(case, rule):
    rule(case)
