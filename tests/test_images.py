"""An image with a digest is identified by it; a name that may be another image tomorrow is reported."""

from __future__ import annotations

import pytest

from bluegreen.aws import EcsService
from bluegreen.component import digests, images
from bluegreen.kubernetes import KubernetesService, ManifestService
from tests.aws import mocked
from tests.kubernetes.test_rendered_components import deployment

NETWORK = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2"]}


@pytest.mark.parametrize(("image", "moves"), [
    ("app", True), ("app:latest", True), ("registry:5000/team/app", True), ("registry:5000/team/app:latest", True),
    ("app:v1", False), ("registry:5000/app:v1", False), ("app@sha256:0", False), ("app:latest@sha256:0", False),
    ("", False),
])  # fmt: skip
def test_an_image_that_may_be_another_tomorrow(image, moves):
    assert list(images.moving({"containers": [{"name": "a", "image": image}]})) == ([image] if moves else [])
    assert list(images.moving({"image": image})) == ([image] if moves else [])


def test_a_digest_tells_an_image_whatever_tag_stands_beside_it():
    def told(*names):
        return {digests.digest({"containers": [{"image": name}]}) for name in names}

    assert len(told("r:5000/app@sha256:a", "r:5000/app:v1@sha256:a", "r:5000/app:v2@sha256:a")) == 1
    assert len(told("app:v1", "app:v2", "app@sha256:a", "app@sha256:b", "other@sha256:a")) == 5
    assert images.with_digests_alone({"image": None, "values": {"image": {"repository": "app", "tag": "v1"}}}) == {
        "image": None,
        "values": {"image": {"repository": "app", "tag": "v1"}},
    }


COMPONENTS = {
    "ecs": lambda blue: EcsService("web", active_color="blue", blue={"image": blue}, green={"image": "a:2"}, **NETWORK),
    "kubernetes": lambda blue: KubernetesService(
        "web", active_color="blue", blue={"image": blue}, green={"image": "app:v2"}
    ),
    "manifests": lambda blue: ManifestService(
        "web",
        active_color="blue",
        blue={"manifests": [deployment(blue)], "release": "one"},
        green={"manifests": [deployment("app:v2")], "release": "two"},
    ),
}


@pytest.mark.parametrize("kind", COMPONENTS)
def test_a_preview_tells_of_a_name_that_says_no_release(kind, monkeypatch):
    said = []
    monkeypatch.setattr(digests.pulumi.log, "warn", said.append)
    mocked.run(lambda: COMPONENTS[kind]("app:latest"))
    assert [text.partition(":latest")[0] for text in said if "another push" in text] == ["blue runs app"]
    said.clear()
    mocked.run(lambda: COMPONENTS[kind]("app@sha256:a"))
    assert not [text for text in said if "another push" in text]


CHART = {"chart": "oci://charts.example.com/shop", "version": "1.0.0", "values": {"image": {"repository": "shop"}}}


@pytest.mark.parametrize(
    ("release", "told"),
    [
        (CHART, []),
        ({**CHART, "values": {"image": {"repository": "shop", "tag": "latest"}}}, ["green runs shop:latest"]),
        ({**CHART, "values": {"image": {"repository": "shop", "tag": "latest", "digest": "sha256:a"}}}, []),
        ({**CHART, "version": None}, ["green installs whatever version of the chart oci://charts.example.com/shop"]),
        ({"chart": "shop", "repository": "https://charts.example.com"}, ["green installs whatever version"]),
        ({"chart": "./shop"}, []),
    ],
)
def test_a_preview_tells_of_a_chart_that_says_no_release(release, told, monkeypatch):
    said = []
    monkeypatch.setattr(digests.pulumi.log, "warn", said.append)
    digests.tell_what_a_chart_moves("green", release)
    assert len(said) == len(told)
    assert all(text.startswith(start) for text, start in zip(said, told, strict=True))
