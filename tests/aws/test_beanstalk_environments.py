"""What `BeanstalkEnvironments` declares, and what it refuses before it declares anything."""

from __future__ import annotations

import pulumi
import pytest

import bluegreen
from bluegreen.aws import BeanstalkEnvironments
from bluegreen.aws.beanstalk.router import BeanstalkRouter
from tests.aws import mocked

KIND = "aws:elasticbeanstalk/environment:Environment"
SHORTEST = {
    "active_color": "blue",
    "application": "shop",
    "cname_prefix": "shop",
    "blue": {"version": "v1"},
    "green": {"version": "v2", "release": "second"},
    "environment_args": {"solution_stack_name": "64bit Amazon Linux 2023 running Docker"},
}


def declared(**more):
    outputs = {KIND: {"cname": "shop-idle.eu-central-1.elasticbeanstalk.com"}}
    urls = []

    def program():
        made = BeanstalkEnvironments("web", **{**SHORTEST, **more})
        made.url.apply(urls.append)

    recorder, _ = mocked.run(program, None, outputs)
    return recorder.resources, urls


def refusal(**more):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**more)
    assert "nothing was written" in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(("active", "idle"), [("blue", "green"), ("green", "blue")])
def test_the_active_color_begins_with_productions_name_and_the_swap_owns_both(active, idle):
    resources, urls = declared(active_color=active)
    environments = {one.name.rpartition("-")[2]: one.inputs for one in resources if one.type == KIND}
    assert environments[active]["cnamePrefix"] == "shop"
    assert environments[idle]["cnamePrefix"] == "shop-idle"
    assert {one["solutionStackName"] for one in environments.values()} == {"64bit Amazon Linux 2023 running Docker"}
    assert (environments["blue"]["version"], environments["green"]["version"]) == ("v1", "v2")
    assert environments["blue"]["tags"]["bluegreen:color"] == "blue"
    (swap,) = [one.inputs for one in resources if "TrafficSwap" in one.type]
    assert swap["releases"] == {"blue": "v1", "green": "second"}
    assert swap["router"]["cname_prefix"] == "shop"
    assert swap["router"]["versions"] == {"blue": "v1", "green": "v2"}
    assert urls == ["http://shop.eu-central-1.elasticbeanstalk.com"]
    assert BeanstalkRouter.propagation_seconds == 60, "old answers of DNS go to the former environment for so long"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"environment_args": {"cname_prefix": "x"}}, "environment_args.cname_prefix: 'x' is not allowed"),
        ({"environment_args": {"solution_stack": "x"}}, "environment_args.solution_stack: "),
        ({"environment_args": {}}, "one of solution_stack_name, platform_arn, template_name at least"),
        ({"idle_cname_prefix": "shop"}, "idle_cname_prefix: 'shop' is not allowed; allowed: another name"),
        ({"cname_prefix": "a"}, "router.cname_prefix: 'a' is not allowed"),
        ({"scheme": "ftp"}, "scheme: 'ftp' is not allowed"),
        ({"green": {"release": "x"}}, "green.version"),
        ({"strategy": bluegreen.canary(10, hold_seconds=60)}, "the beanstalk router cannot split traffic"),
        ({"swap_timeout_seconds": 1}, "router.swap_timeout_seconds: 1 is not allowed"),
    ],
)
def test_what_cannot_be_is_refused_by_name(more, said):
    assert said in refusal(**more)
