"""docs/adopt.md says of each thing on AWS what is taken, kept and refused: held to what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bluegreen.aws.route53.records import REFUSED
from bluegreen.aws.service_limits import LIMITS, TAGS_OF_A_SWAP
from tests.capacity.aws_scaled_worlds import CAPACITIES, plain
from tests.capacity.test_aws_generated_capacity import SOMEBODYS as SCALED_SOMEBODYS
from tests.capacity.test_aws_generated_capacity import live_through
from tests.routers.aws_worlds import ROUTERS
from tests.routers.test_aws_generated import SOMEBODYS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "adopt.md"
# Which row is for what is lived through with `SOMEBODYS` objects: there all of it has to be the same at the end.
ROWS = {
    "a listener rule": "alb, a rule",
    "two rules, production and test": "alb_listeners",
    "a whole listener": "alb, a whole listener",
    "a Network Load Balancer's listener": "nlb",
    "records of Route 53": "route53",
    "a Lambda alias": "lambda_alias",
    "a stage of an HTTP or WebSocket API": "http_api_stage",
    "a stage of a REST API": "rest_api_canary",
}


def rows():
    section = PAGE.read_text().split("## On AWS")[1].split("\n## ")[0]
    lines = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {cells[0].strip(): [re.findall("`([^`]+)`", cell) for cell in cells[1:]] for cells in lines[2:]}


def test_every_router_that_is_handed_something_has_a_row():
    assert set(ROWS.values()) == set(ROUTERS)
    assert set(ROWS) <= set(rows())


@pytest.mark.parametrize("row", ROWS)
def test_what_is_said_to_stay_is_in_the_object_that_is_lived_through(row):
    _, stays, _ = rows()[row]
    assert stays, row
    there = json.dumps(SOMEBODYS[ROWS[row]])
    assert [field for field in stays if f'"{field}"' not in there] == []


def test_the_fields_that_are_refused_are_all_of_them():
    _, _, refused = rows()["records of Route 53"]
    assert set(refused) - {"ttl_seconds"} == set(REFUSED)


SCALED = {"an ECS service": "ecs", "an Auto Scaling Group": "asg"}
CHANGES = ("UpdateService", "UpdateAutoScalingGroup")
NAMES = {"cluster", "service", "forceNewDeployment", "AutoScalingGroupName"}


@pytest.mark.parametrize("row", SCALED)
def test_what_is_scaled_is_changed_in_what_the_page_says_alone(row):
    takes, stays, _ = rows()[row]
    capacity = SCALED[row]
    there = plain(capacity, SCALED_SOMEBODYS[capacity])
    assert [field for field in stays if f'"{field}"' not in json.dumps(there)] == []
    with CAPACITIES[capacity][1](there) as world:
        assert live_through(world, 0)
        calls = [given for store in world.stores for call, given in store.calls if call in CHANGES]
    assert set(takes) == {field for given in calls for field in given} - NAMES


def test_the_number_of_tags_is_the_codes():
    assert f"more than {LIMITS['tags'].most - TAGS_OF_A_SWAP} tags" in PAGE.read_text()
