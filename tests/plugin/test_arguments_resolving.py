"""Outputs among a component's inputs: waited for where something has to be known, passed on where it has not."""

from __future__ import annotations

import asyncio

import pulumi
import pytest
from pulumi.runtime import mocks

from bluegreen.adapters.plugin.arguments import keyword_arguments
from bluegreen.adapters.plugin.construct import resolved

ECS = {
    "activeColor": "blue",
    "blue": {"image": "app:v1"},
    "green": {"image": "app:v2"},
    "vpcId": "vpc-1",
    "subnetIds": ["subnet-1"],
}
TOKEN = "bluegreen:aws:EcsService"


class Nothing(mocks.Mocks):
    def new_resource(self, args):
        return f"{args.name}-id", args.inputs

    def call(self, args):
        return {}


def run(body):
    async def within():
        mocks.set_mocks(Nothing(), preview=True)
        return await asyncio.wait_for(body(), 30)

    return asyncio.run(within())


def done(value):
    found = asyncio.get_running_loop().create_future()
    found.set_result(value)
    return found


def output(value=None, *, known=True, secret=False, resources=()):
    return pulumi.Output(done(set(resources)), done(value), done(known), done(secret))


async def facts(value):
    """An output's value, whether it is known, whether it is secret, and what it depends on."""
    return (
        await value.future(),
        await value.is_known(),
        await value.is_secret(),
        await value.resources(),
    )


def refusal(given):
    async def body():
        with pytest.raises(pulumi.RunError) as caught:
            await resolved(TOKEN, {**ECS, **given()})
        return str(caught.value)

    return run(body)


def test_plain_values_stay_as_they_are():
    given = {**ECS, "desiredCount": 3.0, "tags": {"a_b": "c"}, "entry": {"alb": {"internal": True}}}
    assert run(lambda: resolved(TOKEN, given)) == given


def test_an_output_where_a_plain_value_is_wanted_is_waited_for():
    async def body():
        return await resolved(TOKEN, {**ECS, "desiredCount": output(3.0), "tags": output({"a": "b"})})

    found = run(body)
    assert (found["desiredCount"], found["tags"]) == (3.0, {"a": "b"})


def test_one_that_nobody_knows_yet_is_refused_with_what_may_be_one():
    text = refusal(lambda: {"desiredCount": output(known=False), "entry": output(known=False)})
    assert "desiredCount: <not known yet> is not allowed" in text
    (entry,) = [line for line in text.splitlines() if line.startswith("  entry: ")]
    assert "outputs of other resources are for its " in entry
    assert "listenerArn" in entry
    assert "hostHeaders" not in entry


def test_a_secret_decides_nothing_and_is_not_shown():
    text = refusal(lambda: {"desiredCount": output(3.0, secret=True), "eventLog": output("hunter2", secret=True)})
    assert "desiredCount: <a secret> is not allowed" in text
    assert "eventLog: <a secret>" in text
    assert "hunter2" not in text


def test_outputs_are_passed_on_where_the_component_takes_them():
    async def body():
        given = {**ECS, "vpcId": output("vpc-2"), "blue": {"image": output(known=False)}}
        found = keyword_arguments(TOKEN, await resolved(TOKEN, given))
        return await facts(found["vpc_id"]), await facts(found["blue"]["image"])

    vpc, image = run(body)
    assert vpc[:2] == ("vpc-2", True)
    assert image[1] is False


def test_a_whole_object_as_an_output_gives_what_is_in_it_its_secrecy_and_its_dependencies():
    async def body():
        resource = pulumi.CustomResource("test:index:Image", "image", {})
        blue = output({"image": "app:v1", "environment": {"my_key": "v"}}, secret=True, resources=[resource])
        found = keyword_arguments(TOKEN, await resolved(TOKEN, {**ECS, "blue": blue}))["blue"]
        return await facts(found["image"]), await facts(found["environment"]["my_key"]), resource

    image, variable, resource = run(body)
    assert image == ("app:v1", True, True, {resource})
    assert variable == ("v", True, True, {resource})


def test_what_is_plain_in_a_secret_object_is_refused():
    text = refusal(lambda: {"blue": output({"image": "app:v1", "ports": [8080.0]}, secret=True)})
    assert "blue.ports[0]: <a secret> is not allowed" in text
    assert "blue.image" not in text


def test_an_entry_as_an_output_is_known_as_far_as_it_has_to_be():
    async def body():
        entry = output({"alb": output({"listenerArn": "arn:l", "rulePriority": 7.0})})
        found = keyword_arguments(TOKEN, await resolved(TOKEN, {**ECS, "entry": entry}))["entry"]
        return found.rule_priority, found.listener_arn

    assert run(body) == (7, "arn:l")


def test_what_is_in_an_output_is_read_when_it_is_known():
    async def body():
        given = {**ECS, "subnetIds": output(["a", "b"]), "taskRoleArn": output(5.0)}
        found = keyword_arguments(TOKEN, await resolved(TOKEN, given))
        with pytest.raises(pulumi.RunError, match=r"taskRoleArn: <an output> is not allowed; allowed: a text"):
            await found["task_role_arn"].future()
        return await found["subnet_ids"].future()

    assert run(body) == ["a", "b"]


def test_an_output_that_nobody_waited_for_is_refused():
    async def body():
        with pytest.raises(pulumi.RunError, match=r"desiredCount: <not known yet>.*no output"):
            keyword_arguments(TOKEN, {**ECS, "desiredCount": output(3.0)})

    run(body)


def test_a_free_form_map_keeps_its_keys_and_its_outputs():
    async def body():
        labels = {"my_label": output("x"), "camelCase": "y"}
        over = {"spec": {"min_seconds": 2.0, "serviceAccount": output("me")}}
        given = {"activeColor": "blue", "blue": {"image": "a"}, "green": {"image": "b"}, "labels": labels}
        token = "bluegreen:kubernetes:KubernetesService"
        arguments = keyword_arguments(token, await resolved(token, {**given, "podTemplateOverrides": over}))
        spec = arguments["pod_template_overrides"]["spec"]
        assert (spec["min_seconds"], await spec["serviceAccount"].future()) == (2, "me")
        found = arguments["labels"]
        return found["camelCase"], await found["my_label"].future(), set(found)

    assert run(body) == ("y", "x", {"my_label", "camelCase"})
