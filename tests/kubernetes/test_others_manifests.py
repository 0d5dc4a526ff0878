"""A whole set as a chart renders it becomes two colors: a closed world, in which nothing acts twice."""

from __future__ import annotations

import json
from pathlib import Path

import pulumi
import pytest
import yaml

from bluegreen.kubernetes import ManifestService, service
from bluegreen.kubernetes.manifests.coloring import color_manifests, key_of
from bluegreen.kubernetes.manifests.reading import objects_in
from bluegreen.kubernetes.manifests.references import named_in
from tests.kubernetes.declared import Declared

FILE = Path(__file__).parent / "others" / "shop.yaml"
OWN_KINDS = ["Role", "RoleBinding", "ScaledObject", "ServiceAccount", "TriggerAuthentication"]
ELSEWHERE = {"Secret/shop-tls", "ClusterIssuer/public", "Secret/scrape"}
"""What the set names and does not have: the certificate is made by cert-manager, the password by somebody else."""


def shop(active="blue", **more):
    colors = {color: {"manifests": FILE} for color in ("blue", "green")}
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    settings = {
        "namespace": "shop",
        "workload": "Deployment/shop-web",
        "container_port": "http",
        "per_color_kinds": OWN_KINDS,
        "entry": service(overrides={"ports": ports}),
    }
    return Declared(lambda: ManifestService("shop", active_color=active, **colors, **{**settings, **more}))


@pytest.mark.parametrize("color", ["blue", "green"])
def test_all_that_an_object_names_is_there(color):
    manifests = objects_in(FILE.read_text())
    placed = [{**one, "metadata": {**one["metadata"], "namespace": "shop"}} for one in manifests]
    split = color_manifests(placed, color, per_color_kinds=OWN_KINDS, production=["shop"])
    there = {key_of(one) for one in (*split.own, *split.shared)} | {"Service/shop"}
    named = {f"{kind}/{name}" for one in (*split.own, *split.shared) for kind, name in named_in(one)}
    of_the_set = {name for name in named if name.partition("/")[0] in {one["kind"] for one in manifests}}
    outside = {"Service/payments", "Service/db"}  # hosts elsewhere: they look like names, and are none of the set's
    assert of_the_set - there - ELSEWHERE - outside == set()
    assert len(of_the_set & {key_of(one) for one in split.own}) >= 11, "and most are the color's own"


def test_addresses_and_values_are_what_they_have_to_be():
    found = shop()
    settings = found.one("ConfigMap", "shop-green")["data"]
    assert settings["REDIS_HOST"] == "shop-redis-green"
    assert (settings["MIDNIGHT"], settings["since"]) == ("00:00:00", "2026-04-01")
    text = settings["application.yaml"]
    assert "redis://shop-redis-green:6379/0" in text
    assert "http://shop-search-green.shop.svc.cluster.local:9200" in text
    assert "https://payments.example.com" in text
    triggers = found.one("ScaledObject", "shop-worker-green")["spec"]["triggers"]
    assert triggers[0]["metadata"]["address"] == "shop-redis-green.shop.svc:6379"
    web = found.one("Deployment", "shop-web-green")
    pods = json.dumps(web["spec"]["template"]["spec"])
    for said in ("nc -z shop-redis-green.shop.svc", "--upstream=http://shop-search-green:9200", "shop-files-green"):
        assert said in pods
    assert web["metadata"]["annotations"]["configmap.reloader.stakater.com/reload"] == "shop-green"


@pytest.mark.parametrize(("active", "idle"), [("blue", "green"), ("green", "blue")])
def test_nothing_acts_twice(active, idle):
    found = shop(active)
    assert found.one("CronJob", f"shop-mails-{idle}")["spec"]["suspend"] is True
    assert found.one("Deployment", f"shop-worker-{idle}")["spec"]["replicas"] == 0
    paused = {"autoscaling.keda.sh/paused-replicas": "0"}
    assert found.one("ScaledObject", f"shop-worker-{idle}")["metadata"]["annotations"] == paused
    assert found.one("Deployment", f"shop-worker-{active}")["spec"]["replicas"] == 2
    for kind, name in (("StatefulSet", "shop-redis"), ("Deployment", "shop-search")):
        assert found.one(kind, f"{name}-{idle}")["spec"].get("replicas") != 0, "a Service leads to it"


def test_production_selects_the_web_server_alone_and_scales_it():
    found = shop()
    labels = {"app.kubernetes.io/name": "shop", "app.kubernetes.io/component": "web", "bluegreen/color": "green"}
    assert found.swap["router"]["selectors"]["green"] == labels
    assert found.swap["capacity"]["workloads"]["green"] == "shop-web-green"
    assert found.swap["capacity"]["autoscaling"] == {"min_replicas": 2, "max_replicas": 10}
    assert {"NetworkPolicy/shop", "Ingress/shop", "ServiceMonitor/shop"} <= found.objects, "both colors' once"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"per_color_kinds": []}, "Put Role into per_color_kinds"),
        ({"per_color_kinds": []}, "Put ScaledObject into per_color_kinds"),
        ({"entry": service(), "container_port": "grpc"}, "container_port: 'grpc'"),
        ({"workload": None}, "`workload` says which"),
    ],
)
def test_what_is_left_open_is_refused_by_name(more, said):
    with pytest.raises(pulumi.RunError) as refused:
        shop(**more)
    assert said in str(refused.value)


def test_a_real_server_takes_both_colors(node):
    """All kinds that every cluster has, as a dry run."""
    manifests = [
        one for one in objects_in(FILE.read_text()) if "k8s.io/" in one["apiVersion"] or "." not in one["apiVersion"]
    ]
    placed = [{**one, "metadata": {**one["metadata"], "namespace": "default"}} for one in manifests]
    for color in ("blue", "green"):
        split = color_manifests(placed, color, per_color_kinds=OWN_KINDS, production=["shop"])
        text = yaml.safe_dump_all([*split.own, *split.shared])
        answer = node.kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=text)
        assert len(answer.splitlines()) == len(manifests)
