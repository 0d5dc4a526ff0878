"""The header by which a color is tested is the stack's own secret: never a color's name that anybody guesses."""

from __future__ import annotations

import json
import re

import pulumi
import pytest
from pulumi.runtime import rpc

from bluegreen.aws import EcsService, alb, alb_listeners
from bluegreen.component import previewing
from bluegreen.kubernetes import KubernetesService
from bluegreen.rollout.model import COLORS
from bluegreen.secrets import redact, remember_tokens
from bluegreen.swap import contract
from tests.aws import mocked
from tests.aws.test_entries import COLORS as RELEASES
from tests.aws.test_entries import LISTENER, NETWORK
from tests.kubernetes.declared import Declared
from tests.kubernetes.test_route_entries import COLORS as IMAGES
from tests.kubernetes.test_route_entries import ENTRIES

TOKEN = "0123456789abcdef0123456789abcdef"
STASH = "pulumi:index:Stash"
RESOURCES = "pulumi:pulumi:readStackResourceOutputs"


def declared(entry, **more):
    def program():
        made = EcsService("web", entry=entry, **RELEASES, **NETWORK)
        return pulumi.Output.all(headers=made.preview_headers).apply(seen.update)

    seen = {}
    recorder, _ = mocked.run(program, outputs={STASH: {"output": TOKEN}}, **more)
    return recorder, seen["headers"]


@pytest.mark.parametrize("entry", [alb(listener_arn=LISTENER), alb_listeners()], ids=["alb", "two listeners"])
def test_rules_gates_and_outputs_have_the_same_value(entry):
    recorder, headers = declared(entry)
    wanted = {color: {previewing.PREVIEW_HEADER: f"{color}-{TOKEN}"} for color in COLORS}
    assert headers == wanted
    rules = [found.inputs for found in recorder.resources if found.name.endswith("-preview")]
    values = [rule["conditions"][0]["httpHeader"]["values"] for rule in rules]
    assert sorted(values) == [[f"{color}-{TOKEN}"] for color in COLORS]  # they are registered in any order
    swap = next(found.inputs for found in recorder.resources if found.name == "web-swap")
    assert {color: swap["previews"][color]["headers"] for color in COLORS} == wanted


ROUTES = {key: entry for key, entry in ENTRIES.items() if any(entry.preview_headers.values())}


@pytest.mark.parametrize("route", ROUTES)
def test_routes_on_kubernetes_have_it_in_the_place_of_the_colors_names(route):
    def program():
        made = KubernetesService("shop", entry=ROUTES[route], **IMAGES)
        return pulumi.Output.all(headers=made.preview_headers).apply(seen.update)

    seen = {}
    found = Declared(program, outputs={STASH: {"output": TOKEN}})
    headers = {color: found.swap["previews"][color]["headers"] for color in COLORS}
    assert seen["headers"] == headers
    shown = json.dumps([found.swap["router"], [one.inputs for one in found._resources if one.name.startswith("shop")]])
    assert all(mark not in shown for mark in (*previewing.MARKS.values(), previewing.SUFFIX_MARK))
    if route == "nginx":
        assert headers["green"] == {f"X-Bluegreen-Green-{TOKEN}": "always"}
        annotations = found.one("Ingress", "shop")["metadata"]["annotations"]
        assert annotations["nginx.ingress.kubernetes.io/canary-by-header"] == f"X-Bluegreen-Green-{TOKEN}"
        assert annotations["nginx.ingress.kubernetes.io/canary-by-cookie"] == f"canary-{TOKEN}"
        return
    assert headers == {color: {previewing.PREVIEW_HEADER: f"{color}-{TOKEN}"} for color in COLORS}
    for color in COLORS:
        assert f"{color}-{TOKEN}" in shown
        # In the words of Gateway API, Istio and Contour, Traefik, and the AWS Load Balancer Controller.
        bare = (f'"value": "{color}"', f'"exact": "{color}"', f"`{color}`", f'\\"values\\":[\\"{color}\\"]')
        assert all(text not in shown for text in bare)


def stash_of(recorder):
    return next(found for found in recorder.resources if found.type == STASH)


def given_to(recorder):
    found = stash_of(recorder).inputs["input"]
    return found["value"] if isinstance(found, dict) else found


def test_a_new_stack_gets_a_token_and_every_program_run_would_give_another():
    given = [given_to(declared(alb())[0]) for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{32}", token) for token in given)
    assert given[0] != given[1], "the engine keeps the first, and ignores the others"


@pytest.mark.parametrize("kind", ["pulumi-python:dynamic/bluegreen:TrafficSwap", "bluegreen:index:TrafficSwap"])
def test_a_stack_that_has_the_swap_already_keeps_naming_its_colors(kind):
    urn = f"urn:pulumi:test::shop::bluegreen:aws:EcsService${kind}::web-swap"
    recorder, _ = declared(alb(), calls={RESOURCES: {"outputs": {urn: {}}}})
    assert given_to(recorder) == ""


def test_another_components_swap_says_nothing():
    urn = "urn:pulumi:test::shop::bluegreen:index:TrafficSwap::shop-web-swap"
    recorder, _ = declared(alb(), calls={RESOURCES: {"outputs": {urn: {}}}})
    assert given_to(recorder)


def test_a_chart_or_cluster_in_the_stack_whose_state_refers_to_resources_is_no_obstacle():
    """The program has not come to them yet, so nobody could look them up."""
    refers = {rpc._special_sig_key: rpc._special_resource_sig, "id": "shop/web", "packageVersion": ""}
    chart = "urn:pulumi:test::shop::kubernetes:helm.sh/v4:Chart"
    service = f"{chart}$kubernetes:core/v1:Service::web"
    there = {f"{chart}::web": {"resources": [{**refers, "urn": service}]}, service: {}}
    recorder, _ = declared(alb(), calls={RESOURCES: {"outputs": there}})
    assert given_to(recorder)
    there["urn:pulumi:test::shop::bluegreen:index:TrafficSwap::web-swap"] = {}
    recorder, _ = declared(alb(), calls={RESOURCES: {"outputs": there}})
    assert given_to(recorder) == ""


def configured(monkeypatch, text):
    monkeypatch.setattr(
        previewing.pulumi.Config, "get", lambda config, key, *_: text if key == "previewToken" else None
    )


def test_a_stack_asks_for_a_token_or_for_another_one(monkeypatch):
    configured(monkeypatch, "2")
    urn = "urn:pulumi:test::shop::bluegreen:index:TrafficSwap::web-swap"
    recorder, _ = declared(alb(), calls={RESOURCES: {"outputs": {urn: {}}}})
    assert stash_of(recorder).name == "web-preview-token-2"
    assert given_to(recorder)


def test_a_stack_that_wants_none_has_none(monkeypatch):
    configured(monkeypatch, "off")
    recorder, headers = declared(alb())
    assert headers["green"] == {previewing.PREVIEW_HEADER: "green"}
    assert not [found for found in recorder.resources if found.type == STASH]


def test_another_text_is_refused_by_name(monkeypatch):
    configured(monkeypatch, "two words")
    with pytest.raises(pulumi.RunError, match=r"bluegreen:previewToken: 'two words' is not allowed; allowed: off, or"):
        declared(alb())


def test_it_is_in_no_text_that_a_swap_shows():
    headers = {previewing.PREVIEW_HEADER: f"green-{TOKEN}"}
    inputs = {"previews": {"green": {"url": "http://x", "headers": headers}}, "active_color": "green"}
    contract.problems_in({**inputs, "releases": {"blue": "1", "green": "2"}, "router": {"kind": "memory"}})
    assert redact(f"GET / with green-{TOKEN} answered 500") == "GET / with green-*** answered 500"


def test_a_token_in_a_headers_name_is_hidden_too():
    remember_tokens({f"X-Bluegreen-Green-{'f' * 32}": "always"})
    assert redact(f"x-bluegreen-green-{'f' * 32}: always") == "x-bluegreen-green-***: always"


def test_a_colors_name_is_none():
    remember_tokens({previewing.PREVIEW_HEADER: "green"})
    assert redact("green is live") == "green is live"
