"""Never refused and never lost: sign-in, filters, timeouts, stickiness, conditions, health checks, other rules.

One at a time, on the rule that leads to production, for each router that can be handed an object.
"""

from __future__ import annotations

import json

import pytest

from bluegreen.rollout.model import Weights
from tests.routers.kubernetes_memory import Server
from tests.routers.test_kubernetes_adoption import HELM, adopted, theirs
from tests.routers.test_kubernetes_others_files import read
from tests.routers.test_kubernetes_world import BLUE, GREEN, router, where

HTTP = [
    {"timeouts": {"request": "5s", "backendRequest": "1s"}},
    {"retry": {"attempts": 3, "codes": [503]}},
    {"sessionPersistence": {"sessionName": "s", "type": "Cookie"}},
    {"name": "main"},
    *(
        {"filters": [{"type": kind, key: value}]}
        for kind, key, value in [
            ("RequestHeaderModifier", "requestHeaderModifier", {"set": [{"name": "a", "value": "b"}]}),
            ("ResponseHeaderModifier", "responseHeaderModifier", {"remove": ["server"]}),
            ("RequestMirror", "requestMirror", {"backendRef": {"name": "web-green", "port": 80}}),
            ("URLRewrite", "urlRewrite", {"hostname": "web"}),
            ("CORS", "cors", {"allowOrigins": ["https://example.com"]}),
            ("ExtensionRef", "extensionRef", {"group": "auth.example.org", "kind": "SignIn", "name": "staff"}),
        ]
    ),
]
KEPT = {
    "gateway_http_route": HTTP,
    "linkerd_http_route": HTTP,
    "gateway_grpc_route": [HTTP[2], HTTP[4], HTTP[6], HTTP[-1]],
    "istio_virtual_service": [
        {"timeout": "5s"},
        {"retries": {"attempts": 3}},
        {"fault": {"abort": {"httpStatus": 500, "percentage": {"value": 1}}}},
        {"mirror": {"host": "web-green"}},
        {"mirrors": [{"destination": {"host": "web-green"}, "percentage": {"value": 5}}]},
        {"corsPolicy": {"allowOrigins": [{"exact": "https://example.com"}]}},
        {"headers": {"request": {"add": {"a": "b"}}}},
        {"rewrite": {"uri": "/"}},
        {"name": "main"},
    ],
    "contour_http_proxy": [
        {"authPolicy": {"disabled": False, "context": {"realm": "staff"}}},
        {"jwtVerificationPolicy": {"require": "staff"}},
        {"ipAllowPolicy": [{"cidr": "10.0.0.0/8", "source": "Peer"}]},
        {"timeoutPolicy": {"response": "5s"}},
        {"retryPolicy": {"count": 3}},
        {"rateLimitPolicy": {"global": {"descriptors": []}}},
        {"healthCheckPolicy": {"path": "/healthz"}},
        {"loadBalancerPolicy": {"strategy": "Cookie"}},
        {"pathRewritePolicy": {"replacePrefix": [{"replacement": "/"}]}},
        {"cookieRewritePolicies": [{"name": "s", "secure": True}]},
        {"internalRedirectPolicy": {"maxInternalRedirects": 1}},
        {"enableWebsockets": True},
        {"permitInsecure": True},
    ],
    "traefik_service": [
        {"sticky": {"cookie": {"name": "s", "secure": True}}},
        {"sticky": {"cookie": {}}},
        {"healthCheck": {}},
    ],
    "aws_load_balancer_ingress": [
        {"targetGroupStickinessConfig": {"enabled": True, "durationSeconds": 60}},
        {"targetGroupStickinessConfig": {"enabled": False}},
        {"new": {"a": 1}},
    ],
}
CASES = [(kind, one) for kind, listed in KEPT.items() for one in listed]


def follows(server, kind, made):
    what = where(kind)
    before = theirs(server.get(what))
    assert made.read().weights == BLUE, "it is not refused"
    for weights in (BLUE, Weights(50, 50), GREEN, Weights(50, 50), BLUE):
        made.write(weights)
        assert theirs(server.get(what)) == before
        assert made.read().weights == weights
    made.delete()
    assert theirs(server.get(what)) == before


@pytest.mark.parametrize(("kind", "more"), CASES, ids=[f"{kind} {json.dumps(one)[:50]}" for kind, one in CASES])
def test_it_is_kept_on_productions_rule(kind, more):
    server = Server()
    follows(server, kind, adopted(server, kind, ("web-blue", {}), **more))


@pytest.mark.parametrize(
    "note",
    [
        {"auth-type": "oidc", "auth-idp-oidc": '{"issuer":"i","secretName":"s"}'},
        {"auth-type": "cognito", "auth-on-unauthenticated-request": "authenticate"},
        {"conditions.web": '[{"field":"source-ip","sourceIpConfig":{"values":["10.0.0.0/8"]}}]'},
        {"inbound-cidrs": "10.0.0.0/8"},
        {"wafv2-acl-arn": "arn:aws:wafv2:eu-central-1:1:regional/webacl/a/b"},
        {"target-group-attributes": "stickiness.enabled=true,deregistration_delay.timeout_seconds=5"},
        {"load-balancer-attributes": "idle_timeout.timeout_seconds=600"},
        {"healthcheck-path": "/healthz", "success-codes": "200-299"},
        {"actions.other": '{"type":"redirect","redirectConfig":{"protocol":"HTTPS"}}'},
    ],
    ids=str,
)
def test_so_is_what_stands_beside_an_action(note):
    server, kind = Server(), "aws_load_balancer_ingress"
    given = read(kind)
    given["metadata"]["annotations"] |= {f"alb.ingress.kubernetes.io/{key}": value for key, value in note.items()}
    server.declare(where(kind), given, HELM)
    forward = {"targetGroups": [{"serviceName": f"web-{color}", "servicePort": 80} for color in ("blue", "green")]}
    follows(server, kind, router(server, kind, adopt=True, forward=forward))


@pytest.mark.parametrize(
    "name",
    ["auth-url", "auth-signin", "auth-tls-secret", "auth-secret", "whitelist-source-range", "limit-rps", "enable-cors"],
)
def test_and_what_stands_beside_a_canarys_weight(name):
    server, kind = Server(), "nginx_canary"
    given = read(kind)
    given["metadata"]["annotations"][f"nginx.ingress.kubernetes.io/{name}"] = "kept"
    server.declare(where(kind), given, HELM)
    made = router(server, kind, adopt=True)
    assert made.read().weights == BLUE
    for weights in (Weights(50, 50), GREEN, BLUE):
        made.write(weights)
        notes = dict(server.get(where(kind))["metadata"]["annotations"])
        assert {key: notes[key] for key in given["metadata"]["annotations"]} == {
            **given["metadata"]["annotations"],
            "nginx.ingress.kubernetes.io/canary-weight": str(weights.green),
        }


@pytest.mark.parametrize(
    "more",
    [
        {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}}},
        {"externalTrafficPolicy": "Local", "healthCheckNodePort": 30100},
        {"loadBalancerSourceRanges": ["10.0.0.0/8"]},
        {"loadBalancerIP": "192.0.2.1", "loadBalancerClass": "example.com/fast"},
        {"externalIPs": ["192.0.2.7"]},
        {"publishNotReadyAddresses": True},
        {"trafficDistribution": "PreferClose"},
    ],
    ids=str,
)
def test_and_all_of_a_service_but_its_selector(more):
    server, kind = Server(), "kubernetes_service"
    given = read(kind)
    given["spec"] |= more
    server.declare(where(kind), given, HELM)
    made = router(server, kind, adopt=True)
    assert made.read().weights == BLUE
    for weights in (GREEN, BLUE):
        made.write(weights)
        spec = server.get(where(kind))["spec"]
        assert {key: value for key, value in spec.items() if key != "selector"} == {
            key: value for key, value in given["spec"].items() if key != "selector"
        }
