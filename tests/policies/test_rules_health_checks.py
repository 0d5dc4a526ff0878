"""Each color's target group declares a health check."""

import pytest

from rules import health_checks
from rules.values import UNKNOWN

TAGS = {"bluegreen:service": "web", "bluegreen:color": "green"}
CHECK = {"path": "/healthz", "interval": 10.0}


def group(check, **props):
    return {"tags": TAGS, "protocol": "HTTP", "healthCheck": check, **props}


@pytest.mark.parametrize(
    "props",
    [
        group(CHECK),
        group({**CHECK, "enabled": True}),
        group({"protocol": "TCP"}),
        group({"port": "traffic-port"}, protocol="TCP"),
        group({**CHECK, "enabled": True}, targetType="lambda", protocol=None),
    ],
)
def test_a_declared_health_check_passes(props):
    assert health_checks.violations("web-green", props) == []


@pytest.mark.parametrize("check", [None, {}])
def test_awss_own_health_check_is_not_enough(check):
    (message,) = health_checks.violations("web-green", group(check))
    assert message.startswith("web-green: the health check of green's target group is not declared (healthCheck is ")
    assert '{"path": "/healthz"}' in message


def test_a_health_check_that_is_off_is_refused():
    (message,) = health_checks.violations("web-green", group({**CHECK, "enabled": False}))
    assert "web-green: the health check of green's target group is off (healthCheck.enabled is false)" in message
    assert "Set healthCheck.enabled to true" in message


def test_a_functions_health_check_is_off_unless_it_says_otherwise():
    (message,) = health_checks.violations("web-green", group(CHECK, targetType="lambda", protocol=None))
    assert "is off" in message


@pytest.mark.parametrize("check", [{"interval": 10}, {"path": ""}, {"protocol": "HTTPS"}])
def test_over_http_the_path_must_be_named(check):
    (message,) = health_checks.violations("web-green", group(check))
    assert "web-green: the health check of green's target group names no path (healthCheck.path is " in message


@pytest.mark.parametrize("tags", [None, {}, UNKNOWN, {"bluegreen:color": UNKNOWN}, {"bluegreen:color": "red"}])
def test_target_groups_of_no_color_are_not_judged(tags):
    assert health_checks.violations("other", group(None, tags=tags)) == []


@pytest.mark.parametrize("check", [UNKNOWN, {"path": UNKNOWN}, {"path": "/", "enabled": UNKNOWN}])
def test_what_is_not_known_passes(check):
    assert health_checks.violations("web-green", group(check)) == []


def test_what_is_null_is_told_as_not_set():
    (message,) = health_checks.violations("web-green", group(None))
    assert "(healthCheck is not set)" in message


def test_a_color_in_the_providers_default_tags_counts():
    assert health_checks.violations("web-green", {"tagsAll": TAGS, "protocol": "HTTP"})
