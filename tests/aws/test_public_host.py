"""Gates ask by the name that clients have: a load balancer's own has no certificate, and no rule is for it."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.aws import EcsCodeDeployService, EcsNativeService, EcsService, alb, alb_listeners, dns, nlb
from bluegreen.component.previewing import PREVIEW_HEADER
from tests.aws import mocked
from tests.aws.test_entries import COLORS, NETWORK

HOST = "shop.example.com"


def headers(component=EcsService, **more):
    recorder, _ = mocked.run(lambda: component("web", **COLORS, **NETWORK, **more))
    swap = next(found.inputs for found in recorder.resources if found.name == "web-swap")
    return swap["previews"]["green"]["headers"]


@pytest.mark.parametrize("entry", [alb, alb_listeners, nlb], ids=["alb", "two listeners", "nlb"])
def test_a_public_host_is_asked_for_behind_every_load_balancer(entry):
    assert headers(entry=entry(), public_host=HOST)["Host"] == HOST
    assert "Host" not in headers(entry=entry())


@pytest.mark.parametrize("component", [EcsCodeDeployService, EcsNativeService])
def test_components_with_one_service_take_it_too(component):
    assert headers(component, public_host=HOST) == {"Host": HOST}


@pytest.mark.parametrize("entry", [alb, alb_listeners])
def test_the_entrys_first_host_is_the_one_where_none_is_named(entry):
    hosts = ["*.example.com", HOST, "other.example.com"]
    assert headers(entry=entry(host_headers=hosts)) == {PREVIEW_HEADER: "green", "Host": HOST}
    assert headers(entry=entry(host_headers=hosts), public_host="other.example.com")["Host"] == "other.example.com"
    assert "Host" not in headers(entry=entry(host_headers=["*.example.com"]))


@pytest.mark.parametrize("wrong", ["https://shop.example.com", "", "shop.example.com/"])
def test_what_is_no_host_is_refused_by_name(wrong):
    with pytest.raises(pulumi.RunError, match=r"public_host: .* is not allowed; allowed: a host name, such as shop"):
        headers(entry=dns(zone_id="Z1", record_name="a.example.com"), public_host=wrong)
