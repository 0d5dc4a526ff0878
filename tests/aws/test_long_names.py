"""Names of ECS services may be longer than AWS takes them: what is shorter ends with a digest, and nothing clashes."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.aws import EcsCodeDeployService, EcsNativeService, EcsService, alb, dns, nlb
from bluegreen.component.base import owner_of
from localcloud.plugins.aws import registry
from tests.aws import mocked
from tests.aws.test_ecs_provider_args import SHORTEST

LONGEST = {EcsService: 200, EcsNativeService: 200, EcsCodeDeployService: 90}
RANDOM = len("-1234567")
"""Put behind a name by Pulumi where the program gives none."""
MORE = {
    EcsService: {
        "entries": [alb(), nlb(), dns(zone_id="Z1", record_name="web.example.com", behind="cloud_map")],
        "blue": {"image": "app:v1", "secrets": {"KEY": "arn:aws:secretsmanager:eu-central-1:1:secret:key"}},
        "service_args": {"enable_execute_command": True},
        "autoscaling": {"min_capacity": 2, "max_capacity": 4, "target_cpu_percent": 50},
        "desired_count": 2,
    },
    EcsNativeService: {"service_args": {"enable_execute_command": True}},
    EcsCodeDeployService: {
        "test_port": 8443,
        "deployment_config": {"type": "canary", "percent": 10, "interval_minutes": 5},
    },
}


def declared(component, name):
    recorder, _ = mocked.run(lambda: component(name, **{**SHORTEST, **MORE[component]}))
    return [one for one in recorder.resources if one.type.startswith("aws:")]


@pytest.mark.parametrize("component", LONGEST)
@pytest.mark.parametrize("length", [1, 24, 25, 51, 90, 200])
def test_every_name_fits_where_it_stands(component, length):
    name = ("checkout-of-the-shop-" * 10)[: min(length, LONGEST[component])].rstrip("-")
    seen = set()
    for one in declared(component, name):
        kind = registry.resource_type(one.type)
        if kind is not None and kind.name_max is not None:
            given = one.inputs.get("name")
            assert len(given or one.name) + (0 if given else RANDOM) <= kind.name_max, (one.type, one.name)
        if one.type == "aws:servicediscovery/service:Service":
            assert len(one.inputs["name"]) <= 63
        for text in (*one.inputs.get("tags", {}).values(), one.inputs.get("family", "")):
            assert len(text) <= 255
        assert (one.type, one.name) not in seen
        seen.add((one.type, one.name))


def test_names_that_begin_alike_have_other_groups():
    names = ["checkout-of-the-shop-in-the-north", "checkout-of-the-shop-in-the-south"]
    groups = [
        {one.name for one in declared(EcsService, name) if one.type == "aws:lb/targetGroup:TargetGroup"}
        for name in names
    ]
    assert not groups[0] & groups[1]


@pytest.mark.parametrize("component", LONGEST)
def test_what_is_longer_than_a_service_may_be_is_refused(component):
    with pytest.raises(pulumi.RunError, match=rf"at most {LONGEST[component]} characters"):
        declared(component, "x" * (LONGEST[component] + 1))


def test_an_owner_fits_into_a_tag_whatever_the_names_are():
    short, long = owner_of("web"), owner_of("x" * 200)
    assert short.endswith("/web")
    assert len(long.rpartition("/")[2]) == 50
    assert long != owner_of("x" * 199 + "y")
