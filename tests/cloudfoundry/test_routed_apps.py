"""The component for apps behind a route: what it declares, and what it refuses."""

from __future__ import annotations

import pulumi
import pytest

import bluegreen
from bluegreen.cloudfoundry import RoutedApps
from tests.aws import mocked

PLACE = {"space": "shop/production", "route": "web.apps.example.com"}
PUSHED = {"blue": {"release": "v1"}, "green": {"release": "v2"}}
IMAGES = {"blue": {"image": "example.com/app:v1"}, "green": {"image": "example.com/app:v2"}}
WITH_URLS = {
    "blue": {"release": "v1", "url": "https://web-blue.apps.example.com"},
    "green": {"release": "v2", "url": "https://web-green.apps.example.com"},
}


def declared(**more):
    """The swap's inputs."""
    given = {"active_color": "blue", **PLACE, **PUSHED, **more}
    recorder, _ = mocked.run(lambda: RoutedApps("web", **given))
    return next(found for found in recorder.resources if found.type.endswith("bluegreen:TrafficSwap")).inputs


def refused(**more):
    with pytest.raises(pulumi.RunError) as found:
        declared(**more)
    assert "nothing was written" in str(found.value)
    return str(found.value)


def test_the_shortest_program_names_what_goes_without_saying():
    swap = declared()
    apps = {"blue": "web-blue", "green": "web-green"}
    place = {"kind": "cloudfoundry", **PLACE, "apps": apps, "process": "web"}
    assert swap["router"] == {**place, "overlap_seconds": 15, "owner": "shop/test/web"}
    assert swap["capacity"] == {**place, "desired_count": 1}
    assert swap["releases"] == {"blue": "v1", "green": "v2"}


def test_what_a_pipeline_pushes_is_told_by_its_name_and_its_digest():
    first = declared()["digests"]
    named = declared(green={"release": "v3"})["digests"]
    built = declared(green={"release": "v2", "digest": "sha256:1"})["digests"]
    assert first["blue"] == named["blue"] == built["blue"]
    assert len({first["green"], named["green"], built["green"]}) == 3


def test_images_are_brought_by_the_swap_which_is_told_nothing_else_of_them():
    swap = declared(**IMAGES)
    assert swap["router"]["install"] == IMAGES
    assert swap["releases"] == {"blue": "example.com/app:v1", "green": "example.com/app:v2"}
    assert not swap.get("digests")
    assert "install" not in swap["capacity"]


def test_a_color_is_previewed_by_a_route_of_its_own():
    swap = declared(**WITH_URLS, gates=[bluegreen.gates.http("/healthz")])
    assert {color: found["url"] for color, found in swap["previews"].items()} == {
        color: given["url"] for color, given in WITH_URLS.items()
    }
    assert "http" in refused(gates=[bluegreen.gates.http("/healthz")])


def test_a_connection_goes_to_router_and_capacity():
    swap = declared(cloudfoundry_connection={"api_url": "https://api.cf.example.com"})
    for section in ("router", "capacity"):
        assert swap[section]["cloudfoundry"] == {"api_url": "https://api.cf.example.com"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"space": "production"}, "space: 'production' is not allowed; allowed: ORGANIZATION/SPACE"),
        ({"route": "https://web.apps.example.com"}, "route: 'https://web.apps.example.com' is not allowed"),
        ({"overlap_seconds": 601}, "overlap_seconds: 601 is not allowed"),
        ({"blue": {"release": ""}}, "blue.release: '' is not allowed"),
        (
            {"blue": {"release": "v1", "app": "web"}, "green": {"release": "v2", "app": "web"}},
            "another app than blue's",
        ),
        ({"green": IMAGES["green"]}, "blue.image: None is not allowed; allowed: an image or a droplet for each color"),
        ({"green": {"image": "a:1", "droplet": "d"}, "blue": IMAGES["blue"]}, "absent beside image"),
        ({"green": {"image": "a:1", "digest": "d"}, "blue": IMAGES["blue"]}, "absent beside an image or a droplet"),
        ({"green": WITH_URLS["green"]}, "blue.url: None is not allowed; allowed: a URL for each color, or for none"),
        ({"green": {"release": "v2", "memory": "1G"}}, "green.memory"),
        (
            {"green": {"image": "user:pw@example.com/app:1"}, "blue": IMAGES["blue"]},
            "without a user's name and password",
        ),
        ({"cloudfoundry_connection": {"api_url": "https://u:pw@api.example.com"}}, "without a user's name"),
        ({"cloudfoundry_connection": {"region": "x"}}, "cloudfoundry.region"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(more, said):
    found = refused(**more)
    assert said in found
    assert "pw@" not in found
