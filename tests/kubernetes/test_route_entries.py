"""The resources of each way to the colors, the swap's fields among them, and the refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pulumi
import pytest

from bluegreen import kubernetes
from bluegreen.fields import Fields
from bluegreen.kubernetes import (
    KubernetesService,
    aws_load_balancer,
    contour,
    gateway_route,
    grpc_route,
    istio,
    linkerd,
    nginx,
    service,
    traefik,
)
from bluegreen.kubernetes.routes.weighted_entry import WeightedEntry
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.model import Weights
from tests.kubernetes.declared import Declared

COLORS = {"active_color": "blue", "blue": {"image": "app:v1"}, "green": {"image": "app:v2"}}
GATEWAY = [{"name": "public", "namespace": "gateways"}]
ENTRIES = {
    "service": service(),
    "gateway_route": gateway_route(parent_refs=GATEWAY, hostnames=["shop.example.com"], paths=["/shop"]),
    "grpc_route": grpc_route(parent_refs=GATEWAY, hostnames=["orders.example.com"], grpc_services=["shop.v1.Orders"]),
    "traefik": traefik(hostnames=["shop.example.com"], entry_points=["web"], sticky={"cookie": {"name": "color"}}),
    "istio": istio(hosts=["shop.example.com"], gateways=["public", "mesh"]),
    "istio_subsets": istio(hosts=["shop"], subsets=True, traffic_policy={"connectionPool": {}}),
    "linkerd": linkerd(service_name="checkout"),
    "linkerd_policy": linkerd(service_name="checkout", api_group="policy.linkerd.io"),
    "nginx": nginx(host="shop.example.com", cookie="canary", tls_secret="shop-tls"),
    "contour": contour(fqdn="shop.example.com", tls={"secretName": "shop-tls"}),
    "aws_load_balancer": aws_load_balancer(host="shop.example.com", stickiness_seconds=60),
}


def declared(entry, **more):
    set_once = {}

    def note(args):
        if args.opts.ignore_changes:
            set_once[f"{args.type_.rpartition(':')[2]}/{args.name}"] = list(args.opts.ignore_changes)

    options = pulumi.ResourceOptions(transformations=[note])
    found = Declared(lambda: KubernetesService("shop", entry=entry, opts=options, **{**COLORS, **more}))
    return found, set_once


def router_of(found):
    fields = Fields(found.swap["router"], "router")
    router = ROUTERS.build(ROUTERS.parse(fields))
    assert not fields.problems
    return router


def dig(manifest, path):
    for key in path:
        if not isinstance(manifest, dict) or key not in manifest:
            return None
        manifest = manifest[key]
    return manifest


@pytest.mark.parametrize("name", ENTRIES)
def test_no_field_of_the_swap_is_declared_unless_it_is_set_once(name):
    found, set_once = declared(ENTRIES[name])
    router = router_of(found)
    what = router._object
    manifest = found.of(what.kind)[what.name]
    assert manifest["apiVersion"] == what.api_version
    assert manifest["metadata"]["namespace"] == what.namespace
    written = router._fields(Weights(100, 0))
    kept = {tuple(path.split(".")) for path in set_once.get(f"{what.kind}/{what.name}", ())}
    for path in leaves(written):
        owned = next((path[:end] for end in range(1, len(path) + 1) if path[:end] in kept), None)
        assert owned or dig(manifest, path) is None, f"{name}: {'.'.join(path)} has two owners"


@pytest.mark.parametrize("name", ENTRIES)
def test_whatever_kubectl_wrote_into_a_field_of_the_swap_outlives_an_update_of_the_object(name):
    """Its plugin takes what kubectl wrote for the stack's, and an apply removes what is the stack's and not said."""
    found, set_once = declared(ENTRIES[name])
    router = router_of(found)
    what = router._object
    kept = {tuple(path.split(".")) for path in set_once.get(f"{what.kind}/{what.name}", ())}
    for path in leaves(router._fields(Weights(100, 0))):
        if path[:2] != ("metadata", "annotations"):
            assert any(path[: len(one)] == one for one in kept), f"{name}: {'.'.join(path)} would be removed"


def test_the_stage_and_the_counts_outlive_it_too():
    autoscaling = {"min_replicas": 2, "max_replicas": 6, "target_cpu_percent": 60}
    found, set_once = declared(service(), autoscaling=autoscaling)
    wanted = {"Service/shop": ["spec.selector"], "Service/shop-stage": ["spec.selector"]}
    wanted |= {f"Deployment/shop-{color}": ["spec.replicas"] for color in ("blue", "green")}
    wanted |= {f"HorizontalPodAutoscaler/shop-{color}": ["spec.minReplicas"] for color in ("blue", "green")}
    assert set_once == wanted
    for name in ("shop-blue", "shop-green"):
        assert "minReplicas" not in found.one("HorizontalPodAutoscaler", name)["spec"]


def leaves(fields, before=()):
    """The paths of everything that an apply owns; a list is owned as a whole."""
    for key, value in fields.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*before, key))
        else:
            yield (*before, key)


@pytest.mark.parametrize("name", ENTRIES)
def test_each_color_has_a_service_that_never_changes_and_what_retires_knows_where_requests_go(name):
    found, _ = declared(ENTRIES[name])
    for color in ("blue", "green"):
        selector = found.one("Service", f"shop-{color}")["spec"]["selector"]
        assert selector == {"app.kubernetes.io/name": "shop", "bluegreen/color": color}
    only_if = found.swap["capacity"]["retire"].get("only_if", {})
    assert set(only_if) == {"blue", "green"}
    rules = found.one("Role", "shop-retire")["rules"]
    what = router_of(found)._object
    assert any(rule["resources"] == [what.plural] and rule["resourceNames"] == [what.name] for rule in rules)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_color_is_retired_only_where_all_traffic_is_the_other_ones(name):
    found, _ = declared(ENTRIES[name])
    only_if = found.swap["capacity"]["retire"].get("only_if", {})
    router = router_of(found)
    assert set(only_if) == {"blue", "green"}
    for color, condition in only_if.items():
        if "router" in condition:  # what it finds among the rules of others is shown where it retires
            assert condition["router"] == found.swap["router"]
            continue
        for live, split in (("blue", False), ("green", False), ("blue", True)):
            weights = Weights(60, 40) if split else Weights.all_on(live)
            if split and name == "service":
                continue
            values = asked(router._fields(weights), condition["json_path"])
            allowed = values == [condition["equals"]]
            assert allowed == (live != color and not split), (color, live, split, values)


def asked(fields, path):
    """The value that kubectl finds at a path: its own small language, as far as these paths use it."""
    found = [fields]
    for step in path.strip("{}").replace("\\.", "\0").replace("[", ".[").split("."):
        key = step.replace("\0", ".")
        if key == "[*]":
            found = [item for one in found for item in one]
        elif key.startswith("["):
            found = [one[int(key[1:-1])] for one in found]
        elif key:
            found = [one[key] for one in found if key in one]
    return found


def test_an_http_route_belongs_to_its_gateways_and_another_one_leads_to_each_color():
    found, _ = declared(ENTRIES["gateway_route"])
    production, preview = found.one("HTTPRoute", "shop"), found.one("HTTPRoute", "shop-preview")
    for route in (production, preview):
        assert (route["spec"]["parentRefs"], route["spec"]["hostnames"]) == (GATEWAY, ["shop.example.com"])
    assert "rules" not in production["spec"]
    for color, rule in zip(("blue", "green"), preview["spec"]["rules"], strict=True):
        (match,) = rule["matches"]
        assert match["path"]["value"] == "/shop", "a longer path would win over a header"
        assert match["headers"] == [{"type": "Exact", "name": "X-Bluegreen-Color", "value": color}]
        assert rule["backendRefs"] == [{"name": f"shop-{color}", "port": 80}]
    assert found.swap["previews"]["green"] == {
        "url": "http://shop.example.com",
        "headers": {"X-Bluegreen-Color": "green"},
    }


def test_a_grpc_route_speaks_http_2_to_its_services():
    found, _ = declared(ENTRIES["grpc_route"])
    (port,) = found.one("Service", "shop-blue")["spec"]["ports"]
    assert port["appProtocol"] == "kubernetes.io/h2c"
    (rule,) = found.swap["router"]["rules"]
    assert rule["matches"][0]["method"]["service"] == "shop.v1.Orders"


def test_traefik_takes_the_way_to_a_color_before_production():
    found, _ = declared(ENTRIES["traefik"])
    spec = found.one("IngressRoute", "shop")["spec"]
    assert spec["entryPoints"] == ["web"]
    *previews, production = spec["routes"]
    assert production["services"] == [{"name": "shop", "kind": "TraefikService"}]
    assert all(len(route["match"]) > len(production["match"]) for route in previews)
    assert found.one("TraefikService", "shop")["spec"] == {}
    assert found.swap["router"]["weighted"]["sticky"] == {"cookie": {"name": "color"}}
    assert (
        declared(traefik(hostnames=["a.example.com"], tls={}))[0].swap["previews"]["blue"]["url"].startswith("https:")
    )


def test_istio_has_a_placeholder_until_the_first_swap():
    found, set_once = declared(ENTRIES["istio"])
    spec = found.one("VirtualService", "shop")["spec"]
    assert spec["http"][0]["directResponse"]["status"] == 503
    assert set_once["VirtualService/shop"] == ["spec.http"]
    assert (spec["hosts"], spec["gateways"]) == (["shop.example.com"], ["public", "mesh"])
    assert "DestinationRule" not in {name.partition("/")[0] for name in found.objects}


def test_istios_subsets_are_of_a_service_that_nobody_calls():
    found, _ = declared(ENTRIES["istio_subsets"])
    rule = found.one("DestinationRule", "shop-colors")["spec"]
    assert rule["host"] == "shop-colors"
    assert {one["name"]: one["labels"]["bluegreen/color"] for one in rule["subsets"]} == {
        "blue": "blue",
        "green": "green",
    }
    assert rule["trafficPolicy"] == {"connectionPool": {}}
    assert found.one("Service", "shop-colors")["spec"]["selector"] == {"app.kubernetes.io/name": "shop"}
    assert found.swap["router"]["destinations"]["green"] == {"host": "shop-colors", "subset": "green"}


@pytest.mark.parametrize("name", ["linkerd", "linkerd_policy"])
def test_linkerds_routes_belong_to_a_service_without_pods(name):
    found, _ = declared(ENTRIES[name])
    assert "selector" not in found.one("Service", "checkout")["spec"]
    for route in ("shop", "shop-preview"):
        (parent,) = found.one("HTTPRoute", route)["spec"]["parentRefs"]
        assert (parent["kind"], parent["name"]) == ("Service", "checkout")
    assert found.swap["previews"]["blue"]["url"] == "http://checkout.default.svc.cluster.local"


def test_nginx_has_a_canary_whose_backend_is_green():
    found, _ = declared(ENTRIES["nginx"])
    canary, main = found.one("Ingress", "shop"), found.one("Ingress", "shop-main")
    backends = [one["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] for one in (canary, main)]
    assert backends == ["shop-green", "shop-blue"]
    annotations = canary["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/canary"] == "true"
    assert annotations["nginx.ingress.kubernetes.io/canary-by-cookie"] == "canary"
    assert main["spec"]["tls"] == [{"secretName": "shop-tls", "hosts": ["shop.example.com"]}]
    assert {color: found.swap["previews"][color]["headers"] for color in ("blue", "green")} == {
        "blue": {"X-Bluegreen-Green": "never"},
        "green": {"X-Bluegreen-Green": "always"},
    }


def test_nginx_needs_the_main_color_alive_so_that_each_color_keeps_a_pod():
    found, _ = declared(ENTRIES["nginx"], active_color="green", replicas=4)
    counts = {name: one["spec"]["replicas"] for name, one in found.of("Deployment").items()}
    assert counts == {"shop-blue": 1, "shop-green": 4}
    assert found.swap["idle_capacity_percent"] == 1
    found, _ = declared(ENTRIES["nginx"], idle_capacity_percent=50, replicas=4)
    assert found.one("Deployment", "shop-green")["spec"]["replicas"] == 2
    with pytest.raises(pulumi.RunError, match="idle_capacity_percent: 0 is not allowed; allowed: 1 to 100"):
        declared(ENTRIES["nginx"], idle_capacity_percent=0)


def test_nginx_affinity_is_refused_unless_the_canary_does_not_care():
    affinity = {"nginx.ingress.kubernetes.io/affinity": "cookie"}
    with pytest.raises(pulumi.RunError, match="affinity: 'cookie' is not allowed; allowed: none, or"):
        declared(nginx(host="a", annotations=affinity))
    legacy = {**affinity, "nginx.ingress.kubernetes.io/affinity-canary-behavior": "legacy"}
    found, _ = declared(nginx(host="a", annotations=legacy))
    assert found.one("Ingress", "shop-main")["metadata"]["annotations"].items() >= legacy.items()


def test_contours_host_includes_what_is_the_swaps_after_the_ways_to_each_color():
    found, _ = declared(ENTRIES["contour"])
    root = found.one("HTTPProxy", "shop-host")["spec"]
    assert root["virtualhost"] == {"fqdn": "shop.example.com", "tls": {"secretName": "shop-tls"}}
    assert root["includes"] == [{"name": "shop", "namespace": "default"}]
    assert len(root["routes"]) == 2
    assert found.one("HTTPProxy", "shop")["spec"] == {}


def test_an_aws_load_balancer_keeps_both_target_groups():
    certificate = pulumi.Output.from_input("arn:certificate")
    entry = aws_load_balancer(url="https://shop.example.com", target_type="instance", certificate_arns=[certificate])
    found, _ = declared(entry)
    annotations = found.one("Ingress", "shop")["metadata"]["annotations"]
    for color in ("blue", "green"):
        action = json.loads(annotations[f"alb.ingress.kubernetes.io/actions.production-{color}"])
        assert action["forwardConfig"]["targetGroups"][0]["serviceName"] == f"shop-{color}"
    assert annotations["alb.ingress.kubernetes.io/certificate-arn"] == "arn:certificate"
    assert found.one("Service", "shop-blue")["spec"]["type"] == "NodePort", "nodes are what is registered"
    found, _ = declared(ENTRIES["aws_load_balancer"])
    assert found.swap["router"]["forward"]["targetGroupStickinessConfig"] == {"enabled": True, "durationSeconds": 60}


def test_a_route_that_is_there_is_taken_over_and_not_made():
    found, _ = declared(gateway_route(parent_refs=GATEWAY, url="http://10.0.0.1", route_name="legacy", adopt=True))
    assert set(found.of("HTTPRoute")) == {"legacy-preview"}
    assert (found.swap["router"]["name"], found.swap["router"]["adopt"]) == ("legacy", True)


def test_what_adopts_a_route_makes_no_second_way_to_production():
    """It would go around what the route that is there has, such as sign-in: a color is reached by its header alone."""
    for name, entry in ENTRIES.items():
        if not isinstance(entry, WeightedEntry):
            continue
        adopting = replace(entry, options={**entry.options, "route_name": "legacy", "adopt": True})
        found, _ = declared(adopting)
        for one in sorted(found.objects):
            kind, _, made = one.partition("/")
            assert made != "legacy", (name, one)
            spec = found.one(kind, made).get("spec") or {}
            for rule in [*spec.get("rules", ()), *spec.get("routes", ()), *spec.get("http", ())]:
                if kind not in ("Role", "ClusterRole"):
                    assert "X-Bluegreen-Color" in json.dumps(rule), (name, one)


def test_what_adopts_traefiks_service_makes_ways_of_open_rules_alone():
    own = [
        {"match": "Host(`a.example.com`)", "middlewares": [{"name": "sign-in"}]},
        {"match": "PathPrefix(`/static`)", "services": [{"name": "assets", "port": 80}]},
    ]
    found, _ = declared(traefik(rules=own, url="http://a.example.com", route_name="legacy", adopt=True))
    routes = found.one("IngressRoute", "legacy-preview")["spec"]["routes"]
    assert [route["services"][0]["name"] for route in routes] == ["shop-blue", "shop-green"]
    assert all(route["middlewares"] == [{"name": "sign-in"}] for route in routes)


def test_where_a_service_answers_depends_on_its_type():
    def url(entry):
        return declared(entry)[0].swap["previews"]["blue"]["url"]

    assert url(service()) == "http://shop-blue.default.svc.cluster.local"
    assert url(service(port=8080)) == "http://shop-blue.default.svc.cluster.local:8080"
    ports = {"production": 30080, "blue": 30081, "green": 30082}
    entry = service(service_type="NodePort", node_ports=ports, node_host="10.0.0.7")
    assert url(entry) == "http://10.0.0.7:30081"
    found, _ = declared(
        service(service_type="LoadBalancer", annotations={"a": "b"}, overrides={"loadBalancerClass": "c"})
    )
    front = found.one("Service", "shop")
    assert front["metadata"]["annotations"]["pulumi.com/waitFor"] == "jsonpath={.status.loadBalancer.ingress}"
    assert "pulumi.com/skipAwait" not in front["metadata"]["annotations"]
    assert front["spec"]["loadBalancerClass"] == "c"
    assert found.one("Service", "shop-blue")["spec"]["type"] == "ClusterIP"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (gateway_route(parent_refs=[]), "parent_refs: [] is not allowed; allowed: the Gateways"),
        (gateway_route(parent_refs=GATEWAY), "url: None is not allowed; allowed: where production requests go"),
        (gateway_route(parent_refs=GATEWAY, hostnames=["*.example.com"]), "url: None is not allowed"),
        (gateway_route(parent_refs=GATEWAY, url="shop"), "url: 'shop' is not allowed; allowed: a URL"),
        (gateway_route(parent_refs=[{"nam": "a"}], url="http://a"), "parent_refs[0].name: None is not allowed"),
        (gateway_route(parent_refs=GATEWAY, hostnames=["a"], scheme="ftp"), "scheme: 'ftp' is not allowed"),
        (gateway_route(parent_refs=GATEWAY, hostnames=["a"], paths=["shop"]), "paths: ['shop'] is not allowed"),
        (traefik(hostnames=["a"], port=0), "port: 0 is not allowed"),
        (traefik(hostnames=["a"], service_type="Pod"), "service_type: 'Pod' is not allowed"),
        (istio(hosts=[]), "hosts: [] is not allowed"),
        (istio(hosts=["a"], traffic_policy={}), "traffic_policy: {} is not allowed; allowed: none without subsets"),
        (linkerd(service_name="a", api_group="linkerd.io"), "api_group: 'linkerd.io' is not allowed; allowed: gateway"),
        (aws_load_balancer(host="a", target_type="pod"), "target_type: 'pod' is not allowed; allowed: instance, ip"),
        (aws_load_balancer(), "url: None is not allowed"),
        (contour(fqdn=""), "fqdn: '' is not allowed"),
        (nginx(host="a", ingress_class=""), "ingress_class: '' is not allowed"),
    ],
)
def test_what_cannot_be_is_refused_with_a_message_before_anything_is_declared(entry, expected):
    with pytest.raises(pulumi.RunError) as refused:
        declared(entry)
    assert expected in str(refused.value)


def test_a_stack_imports_only_what_it_uses():
    program = "import sys, bluegreen.kubernetes; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    packages = {name.partition(".")[0] for name in done.stdout.split()}
    assert not packages & {"boto3", "pulumi_aws", "pulumi_kubernetes", "kubernetes"}
    everything = ", ".join(kubernetes.__all__)
    program = f"import sys; from bluegreen.kubernetes import {everything}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    packages = {name.partition(".")[0] for name in done.stdout.split()}
    assert not packages & {"boto3", "pulumi_aws", "kubernetes"}


@pytest.mark.parametrize(
    ("spec", "status", "url"),
    [
        ({"type": "NodePort", "ports": [{"port": 80, "nodePort": 31000}]}, {}, "http://10.0.0.7:31000"),
        ({"type": "ClusterIP", "ports": [{"port": 8080}]}, {}, "http://web.default.svc.cluster.local:8080"),
        (
            {"type": "LoadBalancer", "ports": [{"port": 80}]},
            {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}},
            "http://192.0.2.7",
        ),
    ],
)
def test_a_service_that_is_there_answers_where_it_says(spec, status, url):
    existing = {"workload": "web", "labels": {"app": "web"}, "release": "web:v1"}
    colors = {"blue": {"existing": existing}, "green": {"image": "app:v2", "labels": {"app": "web-green"}}}
    seen = []

    def program():
        entry = service(service_name="web", adopt=True, node_host="10.0.0.7")
        made = KubernetesService("shop", entry=entry, active_color="blue", **colors)
        made.url.apply(seen.append)

    found = Declared(program, outputs={"kubernetes:core/v1:Service": {"spec": spec, "status": status}})
    assert seen == [url]
    assert found.swap["router"]["adopt"] is True
