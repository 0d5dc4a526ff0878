"""Routes with the user's own rules: filters, timeouts, several rules; the colors' Services have all of the ports."""

from __future__ import annotations

import json

import pulumi
import pytest

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
from bluegreen.rollout.model import Weights
from tests.kubernetes.declared import Declared
from tests.kubernetes.test_route_entries import GATEWAY, declared, router_of

TO_ASSETS = [{"name": "assets", "port": 80}]
HTTP = [
    {"matches": [{"path": {"type": "PathPrefix", "value": "/static"}}], "backendRefs": TO_ASSETS},
    {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}], "matches": [{"method": "PUT"}]},
    {
        "matches": [{"path": {"type": "PathPrefix", "value": "/api"}, "headers": [{"name": "v", "value": "2"}]}],
        "timeouts": {"request": "10s"},
        "sessionPersistence": {"sessionName": "shop"},
    },
    {"filters": [{"type": "URLRewrite", "urlRewrite": {"hostname": "web"}}]},
]
ISTIO = [
    {"match": [{"uri": {"prefix": "/static"}}], "route": [{"destination": {"host": "assets"}}]},
    {"match": [{"uri": {"exact": "/old"}}], "redirect": {"uri": "/"}},
    {"name": "main", "timeout": "10s", "retries": {"attempts": 3}, "match": [{"headers": {"v": {"exact": "2"}}}]},
]
CONTOUR = [
    {"conditions": [{"prefix": "/static"}], "services": TO_ASSETS},
    {"conditions": [{"prefix": "/"}], "timeoutPolicy": {"response": "10s"}, "retryPolicy": {"count": 3}},
]
TRAEFIK = [
    {"match": "Host(`a`) && PathPrefix(`/static`)", "services": TO_ASSETS},
    {"match": "Host(`a`) || Host(`b`)", "middlewares": [{"name": "sign-in"}], "priority": 9},
]
INGRESS = [
    {
        "host": "a.example.com",
        "http": {
            "paths": [
                {"path": "/static", "pathType": "Prefix", "backend": {"service": {"name": "assets"}}},
                {"path": "/api", "pathType": "Exact"},
            ]
        },
    },
    {"host": "b.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix"}]}},
    {"host": "c.example.com", "http": {"paths": [{"path": "/", "backend": {"service": {"name": "other"}}}]}},
]
WITH_RULES = {
    "gateway_route": (gateway_route, {"parent_refs": GATEWAY, "hostnames": ["a.example.com", "b.example.com"]}, HTTP),
    "grpc_route": (grpc_route, {"parent_refs": GATEWAY, "hostnames": ["a.example.com"]}, [{"timeouts": {}}]),
    "linkerd": (linkerd, {"service_name": "checkout"}, HTTP),
    "istio": (istio, {"hosts": ["a.example.com"]}, ISTIO),
    "istio, with subsets": (istio, {"hosts": ["a.example.com"], "subsets": True}, ISTIO),
    "contour": (contour, {"fqdn": "a.example.com"}, CONTOUR),
    "traefik": (traefik, {"hostnames": ["a.example.com"]}, TRAEFIK),
    "nginx": (nginx, {"host": "a.example.com"}, INGRESS),
    "aws_load_balancer": (aws_load_balancer, {"host": "a.example.com"}, INGRESS),
}


def made(name, **more):
    entry, options, rules = WITH_RULES[name]
    return declared(entry(**options, rules=rules, **more))[0]


def colors_of(rule, key="backendRefs"):
    return [one.get("name") for one in rule.get(key) or ()]


BOTH = ["shop-blue", "shop-green"]


@pytest.mark.parametrize("name", ["gateway_route", "linkerd"])
def test_a_rule_without_backends_leads_to_the_colors_and_any_other_stays(name):
    found = made(name, cookie="color")
    rules = found.swap["router"]["rules"]
    assert [rules[0], rules[1]] == HTTP[:2]
    for rule, given in zip(rules[2:], HTTP[2:], strict=True):
        assert {key: value for key, value in rule.items() if key != "backendRefs"} == given
        assert colors_of(rule) == BOTH
    written = router_of(found)._fields(Weights(90, 10))["spec"]["rules"]
    assert [one.get("weight") for one in written[3]["backendRefs"]] == [90, 10]
    ways = found.one("HTTPRoute", "shop-preview")["spec"]["rules"]
    assert [colors_of(way) for way in ways] == [["shop-blue"], ["shop-green"]] * 2
    assert ways[0]["timeouts"] == {"request": "10s"}, "a tester meets what production has"
    assert [len(way["matches"]) for way in ways] == [2] * 4, "by the header, and by the cookie"
    first = ways[0]["matches"][0]
    assert first["path"]["value"] == "/api"
    assert [header["name"] for header in first["headers"]] == ["v", "X-Bluegreen-Color"]


def test_before_each_of_istios_are_the_ways_to_each_color():
    for name in ("istio", "istio, with subsets"):
        routes = made(name).swap["router"]["http"]
        assert [routes[0], routes[1]] == ISTIO[:2]
        ways, main = routes[2:4], routes[4]
        assert main["timeout"] == ways[0]["timeout"] == "10s"
        assert (main["name"], "name" in ways[0]) == ("main", False)
        assert [len(one["route"]) for one in (*ways, main)] == [1, 1, 2]
        assert ways[1]["match"] == [{"headers": {"v": {"exact": "2"}, "x-bluegreen-color": {"exact": "green"}}}]
        router_of(made(name))


def test_contours_and_traefiks_routes():
    found = made("contour")
    routes = found.swap["router"]["routes"]
    assert routes[0] == CONTOUR[0]
    assert (colors_of(routes[1], "services"), routes[1]["retryPolicy"]) == (BOTH, {"count": 3})
    ways = found.one("HTTPProxy", "shop-host")["spec"]["routes"]
    assert [colors_of(way, "services") for way in ways] == [["shop-blue"], ["shop-green"]]
    assert [way["conditions"][0] for way in ways] == [{"prefix": "/"}] * 2
    assert ways[0]["timeoutPolicy"] == {"response": "10s"}

    routes = made("traefik").one("IngressRoute", "shop")["spec"]["routes"]
    assert routes[0] == {"kind": "Rule", **TRAEFIK[0]}
    assert [colors_of(route, "services") for route in routes[1:]] == [["shop-blue"], ["shop-green"], ["shop"]]
    assert routes[1]["match"] == "(Host(`a`) || Host(`b`)) && Header(`X-Bluegreen-Color`, `blue`)"
    assert [route["priority"] for route in routes[1:]] == [10, 10, 9]
    assert all(route["middlewares"] == [{"name": "sign-in"}] for route in routes[1:]), "nobody gets past the sign-in"


def test_paths_of_an_ingress():
    found = made("nginx")
    main, canary = (found.one("Ingress", name)["spec"]["rules"] for name in ("shop-main", "shop"))

    def leads(rules):
        return [
            (rule["host"], [path["backend"]["service"]["name"] for path in rule["http"]["paths"]]) for rule in rules
        ]

    assert leads(main) == [
        ("a.example.com", ["assets", "shop-blue"]),
        ("b.example.com", ["shop-blue"]),
        ("c.example.com", ["other"]),
    ]
    assert leads(canary) == [("a.example.com", ["shop-green"]), ("b.example.com", ["shop-green"])]
    balanced = made("aws_load_balancer").one("Ingress", "shop")["spec"]["rules"]
    actions = ["production-blue", "production-green", "production"]
    assert leads(balanced)[0] == ("a.example.com", ["assets", *actions])
    assert leads(balanced)[2] == ("c.example.com", ["other"])


@pytest.mark.parametrize("name", WITH_RULES)
def test_what_cannot_be_is_refused_by_the_option(name):
    entry, options, rules = WITH_RULES[name]
    closed = [{**rule, "backendRefs": [], "route": [], "services": [], "http": {}} for rule in rules]
    for more, said in [
        ({"rules": closed}, "rules of which at least one has no backend"),
        ({"rules": rules, "paths": ["/shop"]}, "paths: ['/shop'] is not allowed; allowed: none beside rules"),
        ({"rules": "all"}, "rules: 'all' is not allowed; allowed: a list"),
    ]:
        with pytest.raises(pulumi.RunError) as refused:
            declared(entry(**options, **more))
        assert said in str(refused.value)


# -- ports

METRICS = {"name": "metrics", "port": 9090, "targetPort": 9090}


def ports_of(found, name):
    return [(one["name"], one["port"]) for one in found.one("Service", name)["spec"]["ports"]]


def test_the_stage_and_the_colors_services_have_all_of_productions_ports():
    given = [{"name": "http", "port": 80, "targetPort": "web", "nodePort": 30080}, METRICS]
    found, _ = declared(service(service_type="NodePort", overrides={"ports": given}))
    for name in ("shop", "shop-stage", "shop-blue", "shop-green"):
        assert ports_of(found, name) == [("http", 80), ("metrics", 9090)]
        assert found.one("Service", name)["spec"]["ports"][0]["targetPort"] == "web"
    assert "nodePort" not in found.one("Service", "shop-blue")["spec"]["ports"][0]
    assert "nodePort" in found.one("Service", "shop")["spec"]["ports"][0]


def test_so_they_have_of_a_service_that_is_there_already():
    there = {"ports": [{"name": "http", "port": 8080, "nodePort": 30080}, METRICS], "type": "NodePort"}
    outputs = {"kubernetes:core/v1:Service": {"spec": there}}
    colors = {"active_color": "blue", "blue": {"image": "app:v1"}, "green": {"image": "app:v2"}}
    found = Declared(lambda: KubernetesService("shop", entry=service(adopt=True), **colors), outputs=outputs)
    assert ports_of(found, "shop-blue") == [("http", 80), ("http-8080", 8080), ("metrics", 9090)]
    assert "nodePort" not in json.dumps(found.one("Service", "shop-blue")["spec"]["ports"])


def test_behind_a_route_further_ports_are_named():
    found, _ = declared(gateway_route(parent_refs=GATEWAY, hostnames=["a"], ports=[METRICS]))
    assert ports_of(found, "shop-green") == [("http", 80), ("metrics", 9090)]
