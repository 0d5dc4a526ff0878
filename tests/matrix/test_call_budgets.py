"""A promotion and a rollback make no more calls than they are allowed, on every platform that has a stand-in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dev.matrix.lanes import without_backoff
from dev.matrix.somebody_else.counting import SWAPS, calls_of
from dev.matrix.somebody_else.stages import STAGES

DOCS = Path(__file__).resolve().parents[2] / "docs" / "safety.md"
_RULE, _PAIR, _ROUTE = (13, 17, 10), (19, None, 13), (10, 14, 9)
AT_MOST = {
    "memory": (12, 16, 9),
    "memory, two of one swap": (24, 32, 18),  # a member's are those of a swap with it alone
    "alb": _RULE,
    "alb, a rule handed in": _RULE,
    "alb, a listener handed in": _RULE,
    "alb_listeners": _PAIR,
    "nlb": (19, 23, 13),
    "alb with ecs": (33, 38, 21),
    "alb with asg": (25, 32, 18),
    "lambda_alias": (12, 16, 9),
    "beanstalk": (16, None, 16),  # beside the looks at its lease while DNS expires
    "azure_container_app": (11, 15, 8),
    "azure_container_app with releases": (12, 16, 9),
    "azure_slots": (24, 36, 24),
    "azure_slots with releases": (27, 39, 27),
    "azure_traffic_manager": (12, 15, 11),
    "cloud_run": (11, 15, 8),
    "cloud_run with releases": (12, 16, 9),
    "cloudfoundry": (24, 48, 18),
    "application_gateway": (16, None, 12),
    "azure_load_balancer": (18, None, 13),
    "http_api_stage": (15, None, 11),
    "envoy": (14, 19, 12),
    "haproxy": (18, 26, 15),
    "rest_api_canary": (15, 19, 11),
    "route53": (9, 12, 7),
    "kubernetes_service": (13, None, 10),
    "gateway_http_route": _ROUTE,
    "gateway_http_route with kubernetes": (23, 29, 18),
    "gateway_grpc_route": _ROUTE,
    "linkerd_http_route": _ROUTE,
    "traefik_service": _ROUTE,
    "istio_virtual_service": _ROUTE,
    "contour_http_proxy": _ROUTE,
    "nginx_canary": (11, 16, 10),
    "aws_load_balancer_ingress": (12, 20, 11),
}
"""Of each of `SWAPS`; ``None`` where a router cannot split."""


@pytest.mark.parametrize("stage", AT_MOST)
def test_a_swap_makes_no_more_calls_than_it_may(stage):
    without_backoff()
    found = calls_of(STAGES[stage]())
    limits = {name: limit for name, limit in zip(SWAPS, AT_MOST[stage], strict=True) if limit is not None}
    assert found.keys() == limits.keys()
    too_many = {name: found[name] for name, limit in limits.items() if len(found[name]) > limit}
    assert not too_many, {name: (len(calls), limits[name]) for name, calls in too_many.items()}


def test_every_stage_has_a_budget_but_where_the_platform_takes_its_time():
    """How often a platform's own deployment is looked at is a matter of how long it lasts."""
    assert set(AT_MOST) == set(STAGES) - {"ecs_native", "codedeploy", "argo_rollouts"}


def test_the_table_in_the_docs_says_so():
    rows = re.findall(r"^\| `([^`]+)` \| (\d+) \| (\d+|-) \| (\d+) \|$", DOCS.read_text(), re.MULTILINE)
    told = {stage: tuple(None if cell == "-" else int(cell) for cell in cells) for stage, *cells in rows}
    assert told == {stage: limits for stage, limits in AT_MOST.items() if not stage.startswith("memory")}
