"""Two ways to name one place are one place, and two places are two."""

from __future__ import annotations

import json
import math
from pathlib import Path
from unittest import mock

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.swap import contract, resting, several

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:orders"
SAME = [
    ("route53", {"zone_id": "Z1", "record_name": "app.example.com"}, {"record_name": "App.Example.COM."}),
    ("route53", {"zone_id": "Z1", "record_name": "app.example.com"}, {"zone_id": "/hostedzone/Z1"}),
    ("lambda_alias", {"function_name": "orders", "alias_name": "live"}, {"function_name": FUNCTION}),
    (
        "ecs_native",
        {"cluster": "shop", "service": "web"},
        {"cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/shop"},
    ),
    (
        "codedeploy",
        {"cluster": "shop", "service": "web"},
        {"service": "arn:aws:ecs:eu-west-1:123456789012:service/shop/web"},
    ),
    ("alb", {"listener_arn": "arn:l", "priority": 100}, {"priority": 100.0}),
    ("envoy", {"routes_file": "/etc/envoy/web.json", "route_config": "web"}, {"routes_file": "/etc//envoy/./web.json"}),
    ("haproxy", {"map_file": "/etc/haproxy/web.map"}, {"map_file": "//etc/haproxy/a/../web.map"}),
    ("azure_slots", {"app_id": "/sites/web"}, {"slot": "Staging"}),
    ("azure_slots", {"app_id": "/sites/web", "slot": "next"}, {"app_id": "/Sites/Web", "slot": "NEXT"}),
    ("azure_traffic_manager", {"profile_id": "/profiles/shop"}, {"profile_id": "/Profiles/Shop"}),
    ("beanstalk", {"cname_prefix": "shop", "environments": {"blue": "a", "green": "b"}}, {"cname_prefix": "Shop"}),
    ("cloudfoundry", {"space": "shop/production", "route": "web.example.com"}, {"route": "Web.Example.COM"}),
]
ANOTHER = [
    ("route53", {"zone_id": "Z1", "record_name": "app.example.com"}, {"record_name": "api.example.com"}),
    (
        "lambda_alias",
        {"function_name": FUNCTION, "alias_name": "live"},
        {"function_name": FUNCTION.replace("east", "west")},
    ),
    ("lambda_alias", {"function_name": "orders", "alias_name": "live"}, {"alias_name": "Live"}),
    (
        "ecs_native",
        {"cluster": "shop", "service": "web"},
        {"cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/other"},
    ),
    ("alb", {"listener_arn": "arn:l", "priority": 100}, {"priority": 101}),
    ("envoy", {"routes_file": "/etc/envoy/web.json", "route_config": "web"}, {"routes_file": "/etc/envoy/Web.json"}),
    ("haproxy", {"map_file": "/etc/haproxy/web.map"}, {"map_file": "/etc/web.map"}),
    ("azure_slots", {"app_id": "/sites/web"}, {"slot": "next"}),
    ("beanstalk", {"cname_prefix": "shop", "environments": {"blue": "a", "green": "b"}}, {"cname_prefix": "shop2"}),
]


def changed(kind, place, change):
    old = {"kind": kind, **place}
    return contract.where_changed({"router": old}, {"router": {**old, **change}})


@pytest.mark.parametrize(("kind", "place", "change"), SAME)
def test_another_name_for_a_place_is_the_same_place(kind, place, change):
    assert not changed(kind, place, change)
    assert not contract.where_changed(
        {"router": {"kind": kind, **place, **change}}, {"router": {"kind": kind, **place}}
    )


@pytest.mark.parametrize(("kind", "place", "change"), SAME)
def test_a_release_of_several_routers_says_the_place_whatever_it_is_called(kind, place, change):
    beside, one = {"kind": "memory", "name": "beside"}, {"kind": kind, **place}
    assert several.places_said([beside, one]) == several.places_said([beside, {**one, **change}])


@pytest.mark.parametrize(("kind", "place", "change"), ANOTHER)
def test_two_places_are_said_apart_though_their_names_share_what_is_left_of_them(kind, place, change):
    one = {"kind": kind, **place}
    first, second = several.places_said([one, {**one, **change}])
    assert first != second
    assert several.places_said([{**one, **change}, one]) == [second, first]


@pytest.mark.parametrize(("kind", "place", "change"), ANOTHER)
def test_another_place_is_another_place(kind, place, change):
    assert changed(kind, place, change)


@pytest.mark.parametrize("port", ["x", [], {}, math.inf, math.nan, None])
def test_a_place_that_makes_no_sense_can_be_compared_all_the_same(port):
    """It is refused elsewhere, by its name."""
    for kind, place in (("envoy", {"routes_file": "/web.json"}), ("haproxy", {"map_file": "/web.map"})):
        assert changed(kind, {**place, "ssh": {"host": "h"}}, {"ssh": {"host": "h", "port": port}}) == bool(port)


def test_what_is_compared_in_a_way_of_its_own_is_a_key_of_the_place():
    for kind in ROUTERS.entries:
        router = ROUTERS.load(kind)
        assert set(getattr(router, "same_place", {})) <= router.where, kind
    for kind in CAPACITIES.entries:
        capacity = CAPACITIES.load(kind)
        assert set(getattr(capacity, "same_place", {})) <= capacity.where, kind


@pytest.mark.parametrize(
    "change",
    [
        {"workload_kind": "Deployment"},
        {"cluster": {"kubeconfig": "/elsewhere/none"}},
        {"namespace": "other"},
        {"workload_kind": "StatefulSet"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_scaled_is_the_same_by_another_name(monkeypatch, change):
    """Or its retirement would be taken back, as that of what is scaled no more."""
    built = []
    monkeypatch.setattr(resting.states, "spec_of", lambda _: built.append(True) or mock.Mock())
    section = {"kind": "kubernetes", "namespace": "shop", "workloads": {"blue": "web-blue", "green": "web-green"}}
    resting.former_of({"capacity": section}, {"capacity": {**section, **change}})
    assert bool(built) == (change in ({"namespace": "other"}, {"workload_kind": "StatefulSet"}))


# -- clusters

KUBERNETES = [kind for kind in ROUTERS.entries if "namespace" in ROUTERS.load(kind).where]
CONTEXTS = {
    "blue": "https://One.example.com/",
    "alias": "https://one.example.com:443",
    "other": "https://two.example.com",
}


@pytest.fixture
def kubeconfig(tmp_path, monkeypatch):
    path = tmp_path / "config"
    content = {
        "current-context": "blue",
        "contexts": [{"name": name, "context": {"cluster": f"c-{name}", "user": "u"}} for name in CONTEXTS],
        "clusters": [{"name": f"c-{name}", "cluster": {"server": server}} for name, server in CONTEXTS.items()],
    }
    path.write_text(json.dumps(content))
    monkeypatch.setenv("KUBECONFIG", str(path))
    return str(path)


@pytest.fixture
def no_kubeconfig(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))


def moved(kind, old, new):
    place = {"namespace": "shop", "name": "web"}
    return contract.where_changed(
        {"router": {"kind": kind, **place, **old}}, {"router": {"kind": kind, **place, **new}}
    )


def within(**cluster):
    return {"cluster": cluster}


@pytest.mark.parametrize("kind", KUBERNETES)
def test_another_cluster_is_another_place(kind, kubeconfig):
    assert moved(kind, within(context="blue"), within(context="other"))
    assert moved(kind, {}, within(context="other"))
    assert moved(kind, within(context="other"), {})


@pytest.mark.parametrize("kind", KUBERNETES)
def test_another_name_for_a_cluster_is_the_same_cluster(kind, kubeconfig):
    same = [
        {},
        {"cluster": None},
        within(),
        within(context=None),
        within(context="blue"),
        within(context="alias"),
        within(kubeconfig=kubeconfig),
        within(kubeconfig=kubeconfig, context="alias"),
        within(context=UNKNOWN),
        {"cluster": UNKNOWN},
    ]
    for old in same[:-2]:
        for new in same:
            assert not moved(kind, old, new), (old, new)


@pytest.mark.parametrize("kind", KUBERNETES)
def test_where_no_kubeconfig_is_to_be_read_two_contexts_are_two_clusters_and_no_more_is_known(kind, no_kubeconfig):
    assert moved(kind, within(context="blue"), within(context="other"))
    for old, new in [({}, within(context="blue")), (within(context="a", kubeconfig="/x"), within(context="a"))]:
        assert not moved(kind, old, new)
        assert not moved(kind, new, old)


@pytest.mark.parametrize("content", ["", "[]", "{", "contexts: 5", "contexts: [5]\ncurrent-context: a"])
def test_a_kubeconfig_that_makes_no_sense_says_nothing(content, kubeconfig):
    Path(kubeconfig).write_text(content)
    assert not moved("kubernetes_service", {}, within(context="blue"))
    assert moved("kubernetes_service", within(context="other"), within(context="blue"))


@pytest.mark.parametrize("name", ["2026-04-01", "22:30", "=", "12:30:45"])
def test_names_in_a_kubeconfig_are_the_texts_that_kubectl_sees(name, kubeconfig):
    """Other readers make a date of the first, minutes of the second, and end at the third."""
    Path(kubeconfig).write_text(
        f"current-context: {name}\n"
        f"contexts:\n- name: {name}\n  context: {{cluster: one, user: u}}\n"
        "- name: alias\n  context: {cluster: one, user: u}\n- name: other\n  context: {cluster: two, user: u}\n"
        "clusters:\n- name: one\n  cluster: {server: https://one.example.com}\n"
        "- name: two\n  cluster: {server: https://two.example.com}\n"
    )
    assert not moved("kubernetes_service", {}, within(context=name))
    assert not moved("kubernetes_service", within(context="alias"), {})
    assert moved("kubernetes_service", within(context="other"), {})
    assert moved("kubernetes_service", within(context="other"), within(context=name))
