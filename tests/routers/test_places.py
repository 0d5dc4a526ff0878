"""Two ways to name one place are one place, and two places are two."""

from __future__ import annotations

import pytest

from bluegreen.routers.registry import ROUTERS
from bluegreen.swap import contract

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:orders"
SAME = [
    ("route53", {"zone_id": "Z1", "record_name": "app.example.com"}, {"record_name": "App.Example.COM."}),
    ("route53", {"zone_id": "Z1", "record_name": "app.example.com"}, {"zone_id": "/hostedzone/Z1"}),
    ("lambda_alias", {"function_name": "orders", "alias_name": "live"}, {"function_name": FUNCTION}),
    (
        "ecs_native",
        {"cluster": "shop", "service": "web"},
        {"cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/shop"},
    ),
    (
        "codedeploy",
        {"cluster": "shop", "service": "web"},
        {"service": "arn:aws:ecs:eu-west-1:123456789012:service/shop/web"},
    ),
    ("alb", {"listener_arn": "arn:l", "priority": 100}, {"priority": 100.0}),
]
ANOTHER = [
    ("route53", {"zone_id": "Z1", "record_name": "app.example.com"}, {"record_name": "api.example.com"}),
    (
        "lambda_alias",
        {"function_name": FUNCTION, "alias_name": "live"},
        {"function_name": FUNCTION.replace("east", "west")},
    ),
    ("lambda_alias", {"function_name": "orders", "alias_name": "live"}, {"alias_name": "Live"}),
    (
        "ecs_native",
        {"cluster": "shop", "service": "web"},
        {"cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/other"},
    ),
    ("alb", {"listener_arn": "arn:l", "priority": 100}, {"priority": 101}),
]


def changed(kind, place, change):
    old = {"kind": kind, **place}
    return contract.where_changed({"router": old}, {"router": {**old, **change}})


@pytest.mark.parametrize(("kind", "place", "change"), SAME)
def test_another_name_for_a_place_is_the_same_place(kind, place, change):
    assert not changed(kind, place, change)
    assert not contract.where_changed(
        {"router": {"kind": kind, **place, **change}}, {"router": {"kind": kind, **place}}
    )


@pytest.mark.parametrize(("kind", "place", "change"), ANOTHER)
def test_another_place_is_another_place(kind, place, change):
    assert changed(kind, place, change)


def test_what_is_compared_in_a_way_of_its_own_is_a_key_of_the_place():
    for kind in ROUTERS.entries:
        router = ROUTERS.load(kind)
        assert set(getattr(router, "same_place", {})) <= router.where, kind
