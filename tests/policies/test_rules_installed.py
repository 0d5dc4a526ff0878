"""Releases that the swap itself installs have no resources of their own: they are compared as its inputs."""

import copy

import pytest

from rules import images, parity
from rules.values import UNKNOWN, StackResource

SWAP = "bluegreen:index:TrafficSwap"


def template(color, tag="v1", **more):
    container = {
        "name": "app",
        "image": f"shop.azurecr.io/app:{tag}",
        "env": [{"name": "COLOR", "value": color}, {"name": "VERSION", "value": tag}],
        **more,
    }
    return {"containers": [container], "scale": {"minReplicas": 1.0}}


def swap(blue, green, several=False):
    section = {"kind": "azure_container_app", "templates": {"blue": blue, "green": green}}
    props = {"routers": [section, {"kind": "route53"}]} if several else {"router": section}
    return StackResource(SWAP, "web-swap", f"urn:pulumi:dev::shop::{SWAP}::web-swap", props)


def messages(found):
    return [violation.message for violation in found]


@pytest.mark.parametrize("several", [False, True])
def test_releases_that_differ_in_the_image_alone_are_alike(several):
    assert parity.violations([swap(template("blue"), template("green", "v2"), several)]) == []


def test_a_difference_is_named_by_its_path_with_both_values():
    green = template("green", "v2")
    green["scale"]["minReplicas"] = 3.0
    (message,) = messages(parity.violations([swap(template("blue"), green)]))
    assert message == (
        "web-swap: green's release differs from blue's in more than the image: router.templates: scale.minReplicas is "
        '1 in blue and 3 in green. Make both the same; or, where it is meant, add "scale.minReplicas" to the `exempt` '
        "list of `parity` in the pack's config."
    )
    assert parity.violations([swap(template("blue"), green)], exempt=["scale"]) == []


def test_values_of_variables_and_arguments_are_never_shown():
    green = template("green", "v2", args=["--key=s3cret"])
    green["containers"][0]["env"].append({"name": "KEY", "value": "s3cret"})
    blue = template("blue", args=["--key=0ther"])
    found = messages(parity.violations([swap(blue, green)]))
    assert len(found) == 2
    assert "s3cret" not in str(found)
    assert "0ther" not in str(found)


def test_what_is_not_known_yet_differs_from_nothing():
    assert parity.violations([swap(UNKNOWN, template("green"))]) == []
    unknown = copy.deepcopy(template("green"))
    unknown["scale"] = UNKNOWN
    assert parity.violations([swap(template("blue"), unknown)]) == []


def test_an_image_that_moves_is_told_by_where_it_stands():
    found = swap(template("blue"), template("green", "latest"))
    (message,) = images.violations(found.name, found.props)
    assert message.startswith("web-swap: router.templates.green.containers[app].image is")
    assert "the tag 'latest' moves" in message
