"""Gates, entries, strategies, notifications, sources: whatever one of their functions gets is named.


What is malformed is made from what each argument declares. It is reported where the function is called or where the
component is declared, and never with a traceback; what is taken fits the schema, which other code makes.
"""

from __future__ import annotations

import inspect
import itertools
import math
from typing import Any

import pulumi
import pytest

from bluegreen.adapters.plugin.choices import BY_CLASS, BY_NAME
from bluegreen.adapters.plugin.reading import fits
from bluegreen.adapters.plugin.shapes import Anything, ObjectOf, OneOf
from bluegreen.adapters.plugin.types import Types
from bluegreen.arguments.reporting import reporting
from bluegreen.aws import alb, nlb
from bluegreen.gates.functions import Limits
from bluegreen.naming import camel
from tests import least
from tests.amounts import stride
from tests.arguments.components import make
from tests.aws import mocked

# As many as have no part in common with a stride: each is tried.
JUNK = [
    *(True, -1, 2.5, math.nan, math.inf, "", [], [None], {}, {"a": None}, {1: 2}, (), object(), b"x", 10**40),
    lambda: 1,
]
ECS, KUBERNETES, ARGO = (
    f"bluegreen:{name}" for name in ("aws:EcsService", "kubernetes:KubernetesService", "kubernetes:ArgoRollout")
)
GOOD: dict[str, dict[str, Any]] = {
    **least.of_functions(),
    # Short ways to gates and sources that are among those.
    "cloudwatch": {"namespace": "AWS/ECS", "metric_name": "CPU", "max": 1.0},
    "p99": {"address": "http://prometheus:9090"},
    "prometheus": {"address": "http://prometheus:9090", "query": "up", "max": 1.0},
    "success_rate": {"address": "http://prometheus:9090"},
    "canary": {"weight_percent": 10, "hold_seconds": 60},
    "linear": {"step_percent": 10, "hold_seconds": 60},
    "steps": {"weights": [(10, 60)]},
    "preset": {"name": "CodeDeployDefault.ECSAllAtOnce"},
    "all_at_once": {},
    "analysis": {"name": "errors", "metrics": [{"name": "errors", "provider": {"prometheus": {"query": "up"}}}]},
    "template": {"template_name": "errors"},
    "alb": {},
    "alb_listeners": {},
    "nlb": {},
    "dns": {"zone_id": "Z1", "record_name": "web.example.com", "namespace_name": "internal"},
    "aws_load_balancer": {"host": "web.example.com"},
    "contour": {"fqdn": "web.example.com"},
    "gateway_route": {"parent_refs": [{"name": "gw"}], "hostnames": ["web.example.com"]},
    "grpc_route": {"parent_refs": [{"name": "gw"}], "hostnames": ["web.example.com"]},
    "istio": {"hosts": ["web.example.com"]},
    "linkerd": {"service_name": "web"},
    "nginx": {"host": "web.example.com"},
    "service": {},
    "traefik": {"hostnames": ["web.example.com"]},
    "cloud_dns": {"zone": "projects/shop/managedZones/example", "record_name": "web.example.com"},
    "url_map": {},
    "application_gateway": {"subnet_id": "/subscriptions/s/subnet"},
    "load_balancer": {},
    "traffic_manager": {},
    "haproxy": {"map_file": "/etc/haproxy/web.map", "socket": "/run/haproxy/admin.sock"},
    "envoy": {"routes_file": "/etc/envoy/web.json", "admin_url": "http://127.0.0.1:9901"},
}
PLACES = {
    "gates": (ECS, "gates", True),
    "notifications": (ECS, "notifications", True),
    "strategy": (ECS, "strategy", False),
    "pre_promotion": (ARGO, "pre_promotion", True),
    "bluegreen.aws.entry.Entry": (ECS, "entry", False),
    "bluegreen.azure.entry.Entry": ("bluegreen:azure:VmScaleSets", "entry", False),
    "bluegreen.azure.traffic_profiles.entry.TrafficManagerEntry": ("bluegreen:azure:TwoApps", "entry", False),
    "bluegreen.google.dns.entry.CloudDnsEntry": ("bluegreen:google:TwoServices", "entry", False),
    "bluegreen.google.entry.Entry": ("bluegreen:google:InstanceGroups", "entry", False),
    "bluegreen.hosts.proxy.Proxy": ("bluegreen:hosts:ProxiedService", "proxies", True),
    "bluegreen.kubernetes.entry.Entry": (KUBERNETES, "entry", False),
}


FREE = {("template", "cluster_scope")}
"""What the plugin alone calls, with what it has checked."""


def cases():
    for kind, (token, argument, many) in PLACES.items():
        choice = {**BY_NAME, **BY_CLASS}[kind]
        for name in choice.functions:
            yield pytest.param(choice, name, token, argument, many, id=f"{kind.rpartition('.')[2]} {name}")


def told(function, token, argument, many, arguments):
    """The refusal's text; empty where the arguments are taken. Anything else than a refusal is a fault."""

    def program():
        made = function(**arguments)
        strategy = {"strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 60}]}} if argument == "gates" else {}
        make(token, **strategy, **{argument: [made] if many else made})

    try:
        mocked.run(program)
    except pulumi.RunError as error:
        return str(error)
    return ""


def arguments_of(function, name):
    """Its own ones; those that all gates take are tried on one."""
    own = [one.name for one in inspect.signature(function).parameters.values() if one.kind is not one.VAR_KEYWORD]
    return own + (list(Limits.__annotations__) if name == "http" else [])


def shapes_of(choice, name):
    types = Types()
    made = types[types._choice(choice)].properties[camel(name)].shape
    return {key: found.shape for key, found in types[made.token].properties.items()}


@pytest.mark.parametrize(("choice", "name", "token", "argument", "many"), cases())
def test_no_argument_of_any_of_them_ends_in_a_traceback_or_is_taken_as_what_it_is_not(
    choice, name, token, argument, many
):
    function, shapes = choice.load(name), shapes_of(choice, name)
    assert told(function, token, argument, many, GOOD[name]) == ""
    every = itertools.product(arguments_of(function, name), JUNK)
    for own, value in itertools.islice(every, 0, None, stride(7)):
        said = told(function, token, argument, many, {**GOOD[name], own: value})
        if said:
            assert "is not allowed; allowed: " in said, (own, value, said)
            continue
        shape = shapes.get(camel(own), Anything())
        free = isinstance(shape, (Anything, ObjectOf, OneOf)) or (name, own) in FREE
        assert free or fits(shape, value), (own, value)


def test_what_is_wrong_is_told_with_what_else_is_wrong_by_the_path_where_it_stands():
    with pytest.raises(pulumi.RunError) as refused:
        mocked.run(lambda: make(ECS, "a/b", entry=nlb(listener_port=[None], load_balancer_arn="")))
    for line in ("listener_port: <class 'list'> is not allowed; allowed: a port, 1 to 65535",):
        assert line in str(refused.value)
    with pytest.raises(pulumi.RunError) as refused:
        mocked.run(lambda: make(ECS, "a/b", entry=alb(load_balancer_arn="", internal="yes")))
    for line in (
        "name: 'a/b' is not allowed",
        "entry.load_balancer_arn: '' is not allowed; allowed: a text that is not empty, or absent",
        "entry.internal: 'yes' is not allowed; allowed: true or false",
    ):
        assert line in str(refused.value)


def test_a_mistake_of_the_function_itself_is_none_of_its_arguments():
    @reporting
    def broken(number: int = 1) -> int:
        raise LookupError("a fault")

    with pytest.raises(LookupError):
        broken(2)
    with pytest.raises(pulumi.RunError, match=r"broken\(\) is refused; nothing was written:\n  number: 'x' is not"):
        broken("x")
