"""A field that somebody adds to an object between a look and a write stays; listener rules have tests of their own."""

from __future__ import annotations

import contextlib

from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.model import Weights
from tests.routers import api_gateway_workshop, lambda_workshop, nlb_workshop, route53_workshop

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@contextlib.contextmanager
def live(section):
    """A router whose object has blue live and was looked at, a moment ago and marked since."""
    parsed = ROUTERS.parse(Fields(section, "router"))
    assert parsed is not None
    kind, arguments = parsed
    timed = "clock" in ROUTERS.load(kind).__dataclass_fields__
    router = ROUTERS.build((kind, {**arguments, "clock": FakeClock()} if timed else arguments))
    router.read()
    router.write(BLUE)
    router.read()
    router.mark({"lease.1": "x"})
    yield router
    router.delete()


def test_variables_and_settings_of_a_stage_of_a_rest_api(rest_api):
    rest_api.restage()
    with live(api_gateway_workshop.rest_section(rest_api)) as router:
        operations = [
            {"op": "replace", "path": "/variables/added", "value": "x"},
            {"op": "replace", "path": "/description", "value": "somebody's"},
        ]
        rest_api.client.update_stage(restApiId=rest_api.id, stageName="prod", patchOperations=operations)
        for weights in (Weights.split("green", 10), GREEN):
            router.write(weights)
        stage = rest_api.stage()
        assert (stage["variables"], stage["description"]) == ({"other": "kept", "added": "x"}, "somebody's")
        assert stage["deploymentId"] == rest_api.deployments["green"]


def test_variables_of_a_stage_of_an_http_api(http_api):
    with live(api_gateway_workshop.http_section(http_api)) as router:
        http_api.set_variables(**{**http_api.variables(), "other": "kept", "added": "x"})
        router.write(GREEN)
        variables = http_api.variables()
        assert (variables["added"], variables["other"]) == ("x", "kept")
    http_api.set_variables(backend="blue.example.com", other="kept")


def test_tags_of_a_function(function):
    with live(lambda_workshop.section(function)) as router:
        function.client.tag_resource(Resource=function.arn, Tags={"added": "x"})
        router.write(GREEN)
        router.mark({"lease.1": None})
        assert function.tags()["added"] == "x"
        assert function.tags()["team"] == "orders"
    function.client.untag_resource(Resource=function.arn, TagKeys=["added"])


def test_marks_that_a_removed_alias_has_left_are_not_those_of_a_new_one(function):
    with live(lambda_workshop.section(function)) as router:
        function.client.delete_alias(FunctionName=function.name, Name="live")
        assert router.read().weights == Weights()
        assert router.create(GREEN, {"lease.2": "y"})
        assert dict(router.marks()) == {"lease.2": "y"}


def test_tags_of_a_listener(nlb):
    with live(nlb_workshop.section(nlb)) as router:
        tags = [{"Key": "added", "Value": "x"}]
        nlb.elb.add_tags(ResourceArns=[nlb.listeners["production"]], Tags=tags)
        router.write(GREEN)
        router.mark({"lease.1": None})
        assert nlb.tags("production")["added"] == "x"
    assert nlb.tags("production") == {"added": "x"}, "also at the end"
    nlb.elb.remove_tags(ResourceArns=[nlb.listeners["production"]], TagKeys=["added"])


def test_values_beside_the_marks_of_records(zone):
    section = route53_workshop.section(zone)
    name = section["record_name"]
    added = {"Value": '"somebody-was-here"'}

    def note():
        (found,) = (record for record in zone.records(name) if record["Type"] == "TXT")
        return found

    with live(section) as router:
        zone.change(("UPSERT", {**note(), "ResourceRecords": [*note()["ResourceRecords"], added]}))
        router.write(GREEN)
        router.mark({"lease.1": None})
        assert added in note()["ResourceRecords"]
        assert router.read().marks == {}
