"""docs/adopt.md says of each router on Kubernetes what is taken, kept and refused: held to what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bluegreen.kubernetes.client import Resource
from bluegreen.kubernetes.live_object import KubernetesObjectRouter
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import NotOwned
from bluegreen.rollout.model import Convergence, Weights
from tests.routers import test_argo_world as argo
from tests.routers.kubernetes_memory import Server
from tests.routers.test_kubernetes_adoption import HELM, KINDS, adopted
from tests.routers.test_kubernetes_others_files import FILES, SECTIONS, read
from tests.routers.test_kubernetes_world import BLUE, GREEN, router, where

PAGE = Path(__file__).resolve().parents[2] / "docs" / "adopt.md"
ROWS = {
    "an HTTPRoute, a GRPCRoute, Linkerd's HTTPRoute": (
        "gateway_http_route",
        "gateway_grpc_route",
        "linkerd_http_route",
    ),
    "a VirtualService": ("istio_virtual_service",),
    "an HTTPProxy": ("contour_http_proxy",),
    "a TraefikService": ("traefik_service",),
    "an Ingress of the AWS Load Balancer Controller": ("aws_load_balancer_ingress",),
    "an Ingress pair of ingress-nginx": ("nginx_canary",),
    "a Service": ("kubernetes_service",),
    "an Argo Rollout": ("argo_rollouts",),
}
NGINX = "nginx.ingress.kubernetes.io/"


def table():
    """The rows of the first table below the heading, by what one has."""
    lines = PAGE.read_text().partition("## On Kubernetes")[2].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {row[0]: row[1:] for row in rows}


def test_each_router_that_can_be_handed_an_object_has_a_row():
    rows = table()
    assert ROWS.keys() <= rows.keys()
    named = {kind for kinds in ROWS.values() for kind in kinds}
    routers = {kind: ROUTERS.load(kind) for kind in ROUTERS.kinds()}
    takes = {kind for kind, router in routers.items() if issubclass(router, KubernetesObjectRouter)}
    assert named == {*takes, "argo_rollouts"}
    assert all(cell for name in ROWS for cell in rows[name])


def leaves(value, path=()):
    if isinstance(value, dict):
        return {one: leaf for key, item in value.items() for one, leaf in leaves(item, (*path, str(key))).items()}
    if isinstance(value, list):
        return {one: leaf for n, item in enumerate(value) for one, leaf in leaves(item, (*path, str(n))).items()}
    return {path: value}


def of_others(found):
    """An object's own fields, and annotations with objects in them as such."""
    notes = found["metadata"].get("annotations") or {}
    read_notes = {key: json.loads(one) if one.startswith("{") else one for key, one in notes.items()}
    kept = {key: one for key, one in read_notes.items() if not key.startswith("bluegreen/")}
    return leaves({"spec": found["spec"], "annotations": kept})


def taken(kind):
    """The fields that differ between the one color and the other."""
    server = Server()
    server.declare(where(kind), read(kind), HELM)
    made = router(server, kind, adopt=True, **SECTIONS.get(kind, {}))
    before = of_others(server.get(where(kind)))
    made.read()
    made.write(GREEN)
    after = of_others(server.get(where(kind)))
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


@pytest.mark.parametrize("kind", FILES)
def test_what_is_taken_is_what_the_page_says(kind):
    (row,) = (name for name, kinds in ROWS.items() if kind in kinds)
    words = re.findall(r"`([\w-]+)`", table()[row][0])
    changed = taken(kind)
    assert changed
    for path in changed:
        assert any(part.removeprefix(NGINX) in words for part in path), f"{'.'.join(path)} is not in {words}"


def test_of_a_rollout_it_is_the_reference():
    server = Server()
    for color in ("blue", "green"):
        template = {"template": {"metadata": {"labels": {"bluegreen/color": color}}}}
        server.declare(Resource("v1", "PodTemplate", "podtemplates", "shop", f"web-{color}"), template)
    argo.declare(server)
    made = argo.router(server)
    made.write(BLUE)
    before = of_others(server.get(argo.WHAT))
    made.write(GREEN)
    after = of_others(server.get(argo.WHAT))
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert {path[1] for path in changed} == {"workloadRef"}
    assert "`workloadRef`" in table()["an Argo Rollout"][0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_stranger_is_refused_also_in_part(kind):
    for production in [[("stranger", {})], [("web-blue", {"weight": 9}), ("stranger", {"weight": 1})]]:
        server = Server()
        made = adopted(server, kind, *production)
        before = server.get(where(kind))
        with pytest.raises(NotOwned):
            made.read()
        assert server.get(where(kind)) == before


WRONG = [
    ({f"{NGINX}affinity": "cookie"}, "affinity-canary-behavior: legacy"),
    ({f"{NGINX}canary-weight-total": "1000"}, "canary-weight-total: 1000"),
    ({f"{NGINX}canary": "false"}, "is no canary"),
]


@pytest.mark.parametrize(("note", "said"), WRONG)
def test_of_ingress_nginx_what_the_page_names_is_refused_before_a_write(note, said):
    server, kind = Server(), "nginx_canary"
    given = read(kind)
    given["metadata"]["annotations"] |= note
    server.declare(where(kind), given, HELM)
    with pytest.raises(NotOwned, match=said):
        router(server, kind, adopt=True).read()
    assert not [one for one in server.requests if one.startswith("PATCH")]


@pytest.mark.parametrize(("note", "said"), WRONG)
def test_what_somebody_put_there_since_stops_no_rollback(note, said):
    server, kind = Server(), "nginx_canary"
    server.declare(where(kind), read(kind), HELM)
    made = router(server, kind, adopt=True)
    made.write(GREEN)
    server.edit(where(kind), {"metadata": {"annotations": note}})
    later = router(server, kind)
    later.read()
    later.write(BLUE)
    assert later.verify(BLUE) is Convergence.CONVERGED, said
    assert later.read().weights == BLUE


def test_a_weight_out_of_another_total_is_that_share():
    server, kind = Server(), "nginx_canary"
    server.declare(where(kind), read(kind), HELM)
    made = router(server, kind, adopt=True)
    made.write(Weights(50, 50))
    server.edit(where(kind), {"metadata": {"annotations": {f"{NGINX}canary-weight-total": "1000"}}})
    assert router(server, kind).read().weights == Weights(95, 5)


@pytest.mark.parametrize("action", [{"type": "redirect", "redirectConfig": {"host": "a"}}, {"type": "authenticate"}])
def test_an_action_that_is_no_forward_is_refused_and_stays(action):
    server, kind = Server(), "aws_load_balancer_ingress"
    given = read(kind)
    given["metadata"]["annotations"]["alb.ingress.kubernetes.io/actions.web"] = json.dumps(action)
    server.declare(where(kind), given, HELM)
    before = server.get(where(kind))
    for adopt in (True, False):
        made = router(server, kind, adopt=adopt, **SECTIONS[kind])
        with pytest.raises(NotOwned, match=action["type"]):
            made.create(BLUE, {})
    assert server.get(where(kind)) == before


def test_a_selector_that_is_neither_colors_is_refused():
    server, kind = Server(), "kubernetes_service"
    given = read(kind)
    given["spec"]["selector"] = {"app": "web"}
    server.declare(where(kind), given, HELM)
    made = router(server, kind, adopt=True)
    with pytest.raises(NotOwned):
        made.create(BLUE, {})
    assert server.get(where(kind))["spec"]["selector"] == {"app": "web"}
