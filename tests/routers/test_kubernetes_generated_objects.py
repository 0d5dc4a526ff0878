"""The same of objects that have no list of rules: one field is the swap's, and all the rest stays what it was.

TraefikServices, both kinds of Ingress, Services and Rollouts that others made, with any of their fields.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bluegreen.kubernetes.client import Resource
from bluegreen.kubernetes.manifests.reading import objects_in
from bluegreen.kubernetes.routes import rules
from bluegreen.rollout.errors import NotOwned
from bluegreen.rollout.model import Weights
from tests.amounts import examples
from tests.routers import test_argo_world as argo
from tests.routers.crd_strategies import at, objects, own_spec_of, spec_of
from tests.routers.kubernetes_memory import Server
from tests.routers.test_kubernetes_adoption import HELM, ONE, theirs
from tests.routers.test_kubernetes_world import BLUE, GREEN, SELECTORS, router, where

# Of fewer than ten a single one that is refused would be more than a tenth.
EXAMPLES, ADOPTED = max(10, examples(40)), 0.9
SETTINGS = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES < 40,  # a part is the same one each time; all of them are new ones
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
NGINX, ALB = "nginx.ingress.kubernetes.io/", "alb.ingress.kubernetes.io/"
TEXTS = st.sampled_from(["a", "on", "5s", "/delta", '{"type":"oidc"}', '[{"HTTPS":443}]', "not { json"])
NOTES = st.dictionaries(
    st.sampled_from(
        [
            *(f"{NGINX}{name}" for name in ("auth-url", "auth-secret", "limit-rps", "canary-by-header", "enable-cors")),
            *(
                f"{ALB}{name}"
                for name in ("auth-type", "auth-idp-oidc", "listen-ports", "conditions.web", "actions.old")
            ),
            *("cert-manager.io/issuer", "example.org/any"),
        ]
    ),
    TEXTS,
    max_size=5,
)
LABELS = st.dictionaries(st.sampled_from(["app", "team"]), st.sampled_from(["a", "b"]), max_size=2)


@st.composite
def traefik_services(draw):
    schema = spec_of("traefik", "traefikservices", "v1alpha1")
    weighted = at(schema, "weighted")
    backend = draw(objects(at(weighted, "services", "[]"), depth=2, without=("kind", "namespace", "weight")))
    mine = {**backend, "name": "web-blue", "port": 80, **draw(st.sampled_from([{}, {"weight": 1}, {"weight": 7}]))}
    made = {**draw(objects(weighted, depth=1, without=("services",))), "services": [mine]}
    return {"spec": {**draw(objects(schema, without=("weighted",))), "weighted": made}}


@st.composite
def ingresses(draw, backend):
    schema = own_spec_of("networking.v1.Ingress")
    rule = draw(objects(at(schema, "rules", "[]"), depth=2, without=("http",)))
    path = draw(objects(at(schema, "rules", "[]", "http", "paths", "[]"), depth=3, without=("backend",)))
    spec = draw(objects(schema, without=("rules", "defaultBackend")))
    listed = [{**rule, "http": {"paths": [{**path, "backend": {"service": backend}}]}}]
    return {"spec": {**spec, "rules": listed}, "metadata": {"annotations": draw(NOTES), "labels": draw(LABELS)}}


@st.composite
def canaries(draw):
    made = draw(ingresses({"name": "web-green", "port": {"number": 80}}))
    more = {f"{NGINX}canary": "true", f"{NGINX}canary-weight": "0"}
    return {**made, "metadata": {**made["metadata"], "annotations": {**made["metadata"]["annotations"], **more}}}


@st.composite
def actions(draw):
    made = draw(ingresses({"name": "web", "port": {"name": "use-annotation"}}))
    more = st.fixed_dictionaries({}, optional={"theirs": TEXTS, "weight": st.integers(1, 9)})
    group = {"serviceName": "web-blue", "servicePort": 80, **draw(more)}
    sticky = st.fixed_dictionaries({}, optional={"enabled": st.booleans(), "durationSeconds": st.integers(1, 99)})
    optional = {"targetGroupStickinessConfig": sticky, "new": TEXTS}
    forward = {**draw(st.fixed_dictionaries({}, optional=optional)), "targetGroups": [group]}
    action = {"type": "forward", "forwardConfig": forward, **draw(st.fixed_dictionaries({}, optional={"order": TEXTS}))}
    notes = {**made["metadata"]["annotations"], f"{ALB}actions.web": json.dumps(action)}
    return {**made, "metadata": {**made["metadata"], "annotations": notes}}


@st.composite
def services(draw):
    spec = draw(objects(own_spec_of("core.v1.Service"), without=("selector",)))
    return {"spec": {**spec, "selector": SELECTORS["blue"]}, "metadata": {"labels": draw(LABELS)}}


KINDS = {
    "traefik_service": (traefik_services(), {"weighted": rules.traefik_weighted(ONE)}, True),
    "nginx_canary": (canaries(), {}, True),
    "aws_load_balancer_ingress": (actions(), {"forward": rules.alb_forward(ONE)}, True),
    "kubernetes_service": (services(), {}, False),
}


def plain(found, kind):
    """All that is not the swap's."""
    seen = theirs(found)
    seen["annotations"].pop(f"{NGINX}canary-weight", None)
    if kind == "kubernetes_service":
        seen["spec"].pop("selector")
    return json.loads(json.dumps(seen, sort_keys=True))


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_the_kind_knows_stays(kind, record_property):
    made_of, section, splits = KINDS[kind]
    counted: Counter[str] = Counter()

    @SETTINGS
    @given(found=made_of)
    def check(found):
        server = Server()
        server.declare(where(kind), found, HELM)
        made = router(server, kind, adopt=True, **section)
        before = plain(server.get(where(kind)), kind)
        try:
            live = made.read().weights
        except NotOwned:
            counted["refused"] += 1
            assert plain(server.get(where(kind)), kind) == before
            return
        counted["adopted"] += 1
        assert live == BLUE
        split = [Weights(90, 10)] if splits else []
        for weights in (BLUE, *split, BLUE, *split, GREEN, BLUE):  # restored, promoted, rolled back
            made.write(weights)
            assert plain(server.get(where(kind)), kind) == before
            assert router(server, kind, **section).read().weights == weights
        made.delete()
        left = server.get(where(kind))
        assert plain(left, kind) == before
        assert not [name for name in left["metadata"].get("annotations") or {} if name == "bluegreen/owner"]

    check()
    share_of(counted, kind, record_property)


def share_of(counted, kind, record_property):
    share = counted["adopted"] / counted.total()
    record_property("adopted", f"{share:.0%} of {counted.total()}")
    assert share >= ADOPTED, f"{share:.0%} of {counted.total()} {kind} were adopted"


# -- Argo Rollouts, which are pointed at a template


@st.composite
def rollouts(draw):
    schema = spec_of("argo-rollouts", "rollouts", "v1alpha1")
    spec = draw(objects(schema, without=("workloadRef", "strategy", "template", "selector")))
    chosen = draw(objects(at(schema, "strategy", "blueGreen"), depth=2, without=("activeService",)))
    strategy = {"blueGreen": {**chosen, "activeService": "web"}}
    return {**spec, "selector": {"matchLabels": {"app": "web"}}, "strategy": strategy}


def test_of_a_rollout_nothing_but_its_template_is_the_swaps(record_property, capsys):
    counted: Counter[str] = Counter()

    @SETTINGS
    @given(spec=rollouts())
    def check(spec):
        counted["adopted" if pointed({"spec": spec}) else "refused"] += 1

    check()
    share_of(counted, "argo_rollouts", record_property)


def pointed(rollout):
    """Adopted, promoted, rolled back and let go; ``False`` where it is refused."""
    server = Server()
    for color in ("blue", "green"):
        template = {"template": {"metadata": {"labels": {"bluegreen/color": color}}}}
        server.declare(Resource("v1", "PodTemplate", "podtemplates", "shop", f"web-{color}"), template)
    server.declare(argo.WHAT, rollout, HELM)
    made = argo.router(server, adopt=True)
    before = of_a_rollout(server)
    try:
        made.write(BLUE)
    except NotOwned:
        return False
    for weights, name in ((GREEN, "web-green"), (BLUE, "web-blue")):
        made.write(weights)
        assert argo.wanted(server) == name
        assert of_a_rollout(server) == before
    made.delete()
    assert of_a_rollout(server) == before
    return True


def of_a_rollout(server):
    found = server.get(argo.WHAT)
    spec = {key: value for key, value in found["spec"].items() if key not in ("workloadRef", "replicas")}
    notes = {
        key: value for key, value in (found["metadata"].get("annotations") or {}).items() if "bluegreen" not in key
    }
    return spec, found["metadata"].get("labels"), notes


def test_of_somebodys_rollout_nothing_but_its_template_is_the_swaps():
    file = Path(__file__).parent / "others" / "argo_rollouts.yaml"
    (found,) = objects_in(file.read_text())
    metadata = {key: value for key, value in found["metadata"].items() if key != "name"}
    assert pointed({"metadata": metadata, "spec": found["spec"]})


def test_the_share_counts_what_is_refused():
    with pytest.raises(AssertionError, match="50% of 2 x were adopted"):
        share_of(Counter(adopted=1, refused=1), "x", lambda *_: None)
