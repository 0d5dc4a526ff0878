"""Objects with any field that their definitions know are adopted, swapped, let go, and are what they were.

At least 90 % of what is generated has to be adopted; a report (``--junit-xml``) has the share.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bluegreen.kubernetes.routes import rules
from bluegreen.rollout.errors import NotOwned
from bluegreen.rollout.model import Weights
from tests.amounts import examples
from tests.routers.crd_strategies import at, objects, spec_of, values
from tests.routers.kubernetes_memory import Server
from tests.routers.test_kubernetes_adoption import HELM, ONE, theirs
from tests.routers.test_kubernetes_world import BLUE, GREEN, router, where

# Of fewer than ten a single one that is refused would be more than a tenth.
EXAMPLES, ADOPTED = max(10, examples(40)), 0.9


@dataclass(frozen=True)
class Kind:
    """How objects of a kind are made.

    Attributes:
        definition: project, plural and version.
        key: the list of rules in ``spec``.
        backends: a rule's key for its backends.
        match: a rule's key for what it is for, with a match of production's own.
        section: the router's own part.
    """

    definition: tuple[str, str, str]
    key: str
    backends: str
    match: tuple[str, object]
    section: dict[str, object]


PREFIX = [{"path": {"type": "PathPrefix", "value": "/production"}}]
HTTP = {**rules.http_route_production(ONE)[0], "matches": PREFIX}
KINDS = {
    "gateway_http_route": Kind(
        ("gateway-api", "httproutes", "v1"), "rules", "backendRefs", ("matches", PREFIX), {"rules": [HTTP]}
    ),
    "gateway_grpc_route": Kind(
        ("gateway-api", "grpcroutes", "v1"),
        "rules",
        "backendRefs",
        ("matches", [{"method": {"service": "production"}}]),
        {"rules": [{**HTTP, "matches": [{"method": {"service": "production"}}]}]},
    ),
    "linkerd_http_route": Kind(
        ("linkerd", "httproutes", "v1beta3"), "rules", "backendRefs", ("matches", PREFIX), {"rules": [HTTP]}
    ),
    "istio_virtual_service": Kind(
        ("istio", "virtualservices", "v1"),
        "http",
        "route",
        ("match", [{"uri": {"prefix": "/production"}}]),
        {"http": [{**rules.istio_production(ONE)[0], "match": [{"uri": {"prefix": "/production"}}]}]},
    ),
    "contour_http_proxy": Kind(
        ("contour", "httpproxies", "v1"),
        "routes",
        "services",
        ("conditions", [{"prefix": "/production"}]),
        {"routes": [{**rules.contour_production(ONE)[0], "conditions": [{"prefix": "/production"}]}]},
    ),
}


def named(backend, kind, name):
    backend = {key: value for key, value in backend.items() if key not in ("weight", "namespace", "group", "kind")}
    if kind == "istio_virtual_service":
        return {**backend, "destination": {"host": name, "port": {"number": 80}}}
    return {**backend, "name": name, "port": 80, **({"mirror": False} if "mirror" in backend else {})}


@st.composite
def specs(draw, kind):
    """An object of others, and in it one rule that leads to blue."""
    how = KINDS[kind]
    schema = spec_of(*how.definition)
    rule = at(schema, how.key, "[]")
    backend = objects(at(rule, how.backends, "[]"), depth=3)
    spec = draw(objects(schema, without=(how.key, "includes", "tcp", "tls")))
    production = {
        **draw(objects(rule, depth=1, without=(how.backends, how.match[0], *CLOSING))),
        how.match[0]: copy.deepcopy(how.match[1]),
        how.backends: [named(draw(backend), kind, "web-blue")],
    }
    others = draw(st.lists(values(rule, depth=1), max_size=3))
    for number, other in enumerate(others):
        if kind == "istio_virtual_service":  # one without a match would be before all others
            other["match"] = [{"uri": {"exact": f"/{number}"}}, *other.get("match", [])]
    place = draw(st.integers(0, len(others)))
    return {**spec, how.key: [*others[:place], production, *others[place:]]}


# What a rule has in place of backends.
CLOSING = ("directResponse", "redirect", "delegate", "directResponsePolicy", "requestRedirectPolicy", "name")


def plain(found):
    """All that is not the swap's, with the weight of production's backends, which is."""
    seen = theirs(found)
    return json.loads(json.dumps(seen, sort_keys=True))


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_the_definition_knows_stays(kind, record_property):
    counted: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES,
        derandomize=EXAMPLES < 40,  # a part is the same one each time
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(spec=specs(kind))
    def check(spec):
        server = Server()
        server.declare(where(kind), {"spec": spec}, HELM)
        made = router(server, kind, adopt=True, **KINDS[kind].section)
        before = plain(server.get(where(kind)))
        try:
            live = made.read().weights
        except NotOwned:
            counted["refused"] += 1
            assert plain(server.get(where(kind))) == before
            return
        counted["adopted"] += 1
        assert live == BLUE
        for weights in (BLUE, Weights(90, 10), GREEN, BLUE):
            made.write(weights)
            assert plain(server.get(where(kind))) == before
            assert router(server, kind, **KINDS[kind].section).read().weights == weights
        made.delete()
        assert plain(server.get(where(kind))) == before

    check()
    share = counted["adopted"] / counted.total()
    record_property("adopted", f"{share:.0%} of {counted.total()}")
    assert share >= ADOPTED, f"{share:.0%} of {counted.total()} {kind} were adopted"
