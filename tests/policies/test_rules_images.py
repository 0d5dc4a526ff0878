"""Images always name one release."""

import json

import pytest

from rules import images
from rules.containers import tag_and_digest
from rules.values import UNKNOWN

DIGEST = "sha256:" + "a" * 64


def task(*containers):
    return {"containerDefinitions": json.dumps(containers)}


@pytest.mark.parametrize(
    ("image", "tag", "digest"),
    [
        ("app", None, None),
        ("app:v1", "v1", None),
        ("localhost:5000/app", None, None),
        ("localhost:5000/team/app:v1", "v1", None),
        (f"app@{DIGEST}", None, DIGEST),
        (f"localhost:5000/app:latest@{DIGEST}", "latest", DIGEST),
    ],
)
def test_an_image_is_read_as_registries_read_it(image, tag, digest):
    assert tag_and_digest(image) == (tag, digest)


@pytest.mark.parametrize("image", ["app:v1", "localhost:5000/app:2024-01", f"app@{DIGEST}", f"app:latest@{DIGEST}"])
def test_a_tag_or_a_digest_passes(image):
    assert images.violations("web-blue", task({"name": "app", "image": image})) == []


def test_latest_is_refused_with_the_container_the_value_and_what_to_do():
    containers = [{"name": "app", "image": "app:v1"}, {"name": "proxy", "image": "registry:5000/proxy:latest"}]
    assert images.violations("web-blue", task(*containers)) == [
        "web-blue: containerDefinitions[proxy].image is \"registry:5000/proxy:latest\": the tag 'latest' moves, so a "
        "rollback could bring back another release than the one that was live. Name a version (app:v1.2.3) or a digest "
        "(app@sha256:…)."
    ]


def test_no_tag_at_all_is_latest():
    (message,) = images.violations("web-blue", task({"image": "registry:5000/app"}))
    assert "containerDefinitions[0].image is \"registry:5000/app\": without a tag it means 'latest'" in message


def test_other_moving_tags_can_be_forbidden():
    props = task({"name": "app", "image": "app:main"}, {"name": "old", "image": "old:latest"})
    assert len(images.violations("web-blue", props, ["main"])) == 1
    assert len(images.violations("web-blue", props, ["main", "latest"])) == 2


@pytest.mark.parametrize(
    "definitions",
    [UNKNOWN, None, "", "not JSON", "{}", "[1]", json.dumps([{"name": "app"}]), json.dumps([{"image": 1}])],
)
def test_what_is_not_known_or_not_an_image_is_not_judged(definitions):
    assert images.violations("web-blue", {"containerDefinitions": definitions}) == []


def test_a_swap_on_ecs_names_images_even_before_the_task_definitions_are_known():
    releases = {"blue": "app:v1 + proxy:latest (0a1b2c3)", "green": "app (0a1b2c3)"}
    blue, green = images.violations("web-swap", {"releases": releases, "capacity": {"kind": "ecs"}})
    assert 'web-swap: releases.blue is "proxy:latest"' in blue
    assert 'web-swap: releases.green is "app"' in green


@pytest.mark.parametrize("capacity", [UNKNOWN, None, {"kind": "memory"}])
def test_releases_elsewhere_need_not_be_images(capacity):
    assert images.violations("web-swap", {"releases": {"blue": "7", "green": "8"}, "capacity": capacity}) == []


@pytest.mark.parametrize("releases", [UNKNOWN, None, {"blue": UNKNOWN, "green": "app:v1"}])
def test_releases_that_are_not_known_pass(releases):
    assert images.violations("web-swap", {"releases": releases, "capacity": {"kind": "ecs"}}) == []
