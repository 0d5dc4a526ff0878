"""The weighted routers against a real API server with each platform's published CRDs: what is owned, refused and read.

Their controllers do not run here; what one would say in a status is played through the status subresource.
Linkerd's own kind has no definition that can be had: its stand-in is the Gateway API's under Linkerd's group.
"""

from __future__ import annotations

import contextlib
import json
import shlex
from pathlib import Path

import pytest
import yaml

from bluegreen.fields import Fields
from bluegreen.kubernetes.client import Resource
from bluegreen.kubernetes.routes import rules
from bluegreen.permissions import rbac
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Convergence, Weights
from tests.routers.kubernetes_weighted_workshop import PLANS, STACK, WANTED, accepted, opened, soon, valid

CONVERGED, PENDING = Convergence.CONVERGED, Convergence.PENDING


@pytest.fixture(scope="module")
def shop(node):
    with opened(node, "weighted") as made:
        yield made


def router(shop, plan, **more):
    fields = Fields(shop.section(plan, **more), "router")
    parsed = ROUTERS.parse(fields)
    assert parsed is not None, [str(problem) for problem in fields.problems]
    return ROUTERS.build(parsed)


def at(found, path):
    for name in path:
        found = found.get(name, {})
    return found


def owners(found, path):
    """Who manages a field, as the API server has it."""
    keys = [f"f:{name}" for name in path]
    entries = found["metadata"]["managedFields"]
    return {entry["manager"] for entry in entries if _has(entry.get("fieldsV1", {}), keys)}


def _has(fields, keys):
    return not keys or (keys[0] in fields and _has(fields[keys[0]], keys[1:]))


@pytest.mark.parametrize("plan", PLANS)
def test_the_swap_owns_its_part_and_the_stack_the_rest(shop, plan):
    what = shop.declare(plan)
    made = router(shop, plan)
    assert made.read().weights == Weights()
    made.write(Weights(90, 10))
    found = shop.get(what)
    assert owners(found, made.owned_path) == {"bluegreen"}
    # The stack comes again with what it declared: nothing moves, and nobody has a conflict.
    declared = {key: value for key, value in PLANS[plan].declared.items() if key != "spec"}
    spec = {key: value for key, value in PLANS[plan].declared.get("spec", {}).items() if key != "http"}
    shop.cluster.apply(what, {**declared, "spec": spec}, STACK)
    assert made.read().weights == Weights(90, 10)
    assert owners(shop.get(what), made.owned_path) == {"bluegreen"}


@pytest.mark.parametrize("plan", PLANS)
def test_at_0_and_100_the_idle_color_has_no_backend_in_production(shop, plan):
    what = shop.declare(plan)
    made = router(shop, plan)
    made.write(Weights.all_on("green"))
    owned = at(shop.get(what), made.owned_path)
    production = json.dumps(owned[-1] if isinstance(owned, list) else owned)
    assert "blue" not in production
    made.write(Weights())
    owned = at(shop.get(what), made.owned_path)
    production = json.dumps(owned[-1] if isinstance(owned, list) else owned)
    assert "web-" not in production
    assert "subset" not in production


@pytest.mark.parametrize("plan", PLANS)
def test_the_command_by_hand_does_what_it_says(shop, plan):
    shop.declare(plan)
    router(shop, plan).write(Weights.all_on("blue"))
    (command,) = router(shop, plan).commands(Weights(25, 75))
    program, *arguments = shlex.split(command)
    assert program == "kubectl"
    shop.node.kubectl(*arguments)
    assert router(shop, plan).read().weights == Weights(25, 75)


@pytest.mark.parametrize("plan", PLANS)
def test_a_stranger_is_told_by_name_and_taken_over_where_that_is_asked(shop, plan):
    what = shop.declare(plan)
    made = router(shop, plan)
    # As somebody wrote it before: the router's own fields, by another hand.
    fields = made._fields(Weights(30, 70))
    annotations = {k: v for k, v in fields.pop("metadata", {}).get("annotations", {}).items() if "bluegreen" not in k}
    shop.cluster.merge(what, {**fields, "metadata": {"annotations": annotations}}, "kubectl-edit")
    with pytest.raises(NotOwned, match=r"already, set by kubectl-edit: declare it without, or say `adopt`"):
        made.read()
    adopting = router(shop, plan, adopt=True)
    assert adopting.read().weights == Weights(30, 70)
    adopting.write(Weights(30, 70))
    assert router(shop, plan).read().weights == Weights(30, 70)
    adopting.write(Weights(20, 80))
    path = (*made.owned_path, "services") if plan == "traefik_service" else made.owned_path
    assert owners(shop.get(what), path) == {"bluegreen"}
    with pytest.raises(NotOwned, match="belongs to 'project/stack/web', not to 'project/stack/other'"):
        router(shop, plan, owner="project/stack/other").read()


@pytest.mark.parametrize("plan", PLANS)
def test_a_deleted_swap_leaves_requests_where_they_are(shop, plan):
    what = shop.declare(plan)
    made = router(shop, plan)
    made.write(Weights.all_on("green"))
    before = at(shop.get(what), made.owned_path)
    made.delete()
    found = shop.get(what)
    assert at(found, made.owned_path) == before
    assert owners(found, made.owned_path) == set()
    assert not [name for name in found["metadata"].get("annotations", {}) if name.startswith("bluegreen/")]
    assert router(shop, plan).read().weights == Weights()


@pytest.mark.parametrize("plan", ["gateway_http_route", "istio_virtual_service", "contour_http_proxy"])
def test_other_rules_in_the_declaration_do_not_change_what_is_read(shop, plan):
    shop.declare(plan)
    router(shop, plan).write(Weights.all_on("blue"))
    own = PLANS[plan].section
    key = next(key for key in ("rules", "http", "routes") if key in own)
    assert router(shop, plan, **{key: own[key][-1:]}).read().weights == Weights.all_on("blue")


def test_a_list_that_somebody_else_wrote_since_is_drift(shop):
    what = shop.declare("gateway_http_route")
    made = router(shop, "gateway_http_route")
    made.write(Weights.all_on("blue"))
    listed = shop.get(what)["spec"]["rules"]
    leak = {"backendRefs": [{"name": "web-legacy", "port": 80}]}
    shop.cluster.merge(what, {"spec": {"rules": [leak, *listed]}}, "kubectl-edit")
    assert made.read().weights == Weights()
    listed[-1]["backendRefs"].append({"name": "web-legacy", "port": 80, "weight": 25})
    shop.cluster.merge(what, {"spec": {"rules": listed}}, "kubectl-edit")
    assert made.read().weights == Weights(80, 0)


def test_a_color_without_a_service_is_named(shop):
    services = {"blue": "web-blue", "green": "web-grene"}
    wanted = rules.Wanted(services=services, port=80)
    made = router(shop, "contour_http_proxy", services=services, routes=rules.contour_production(wanted))
    assert "web-grene" in made.health("green").reason
    assert not made.health("green").ready
    assert "web-blue" in made.health("blue").reason  # it is there and has no pod


@pytest.mark.parametrize(
    ("plan", "own", "said"),
    [
        (
            "gateway_http_route",
            {"rules": [{"matches": [{"path": {"type": "Glob", "value": "/"}}]}]},
            "Unsupported value",
        ),
        ("gateway_grpc_route", {"rules": [{"matches": [{"method": {"service": 7}}]}]}, "service"),
        ("traefik_service", {"weighted": {"sticky": {"cookie": {"maxAge": "long"}}}}, "maxAge"),
        ("istio_virtual_service", {"http": [{"timeout": "soon"}]}, "timeout"),
        ("contour_http_proxy", {"routes": [{"timeoutPolicy": {"response": "soon"}}]}, "timeoutPolicy"),
    ],
)
def test_what_the_schema_refuses_is_told_in_its_words(shop, plan, own, said):
    what = shop.declare(plan)
    (key,) = own
    declared = PLANS[plan].section[key]
    wrong = {**declared, **own[key]} if isinstance(own[key], dict) else [{**declared[-1], **own[key][0]}]
    with pytest.raises(PlatformError, match=said) as failed:
        router(shop, plan, **{key: wrong}).write(Weights.all_on("blue"))
    assert f"patch {what.rbac}" in str(failed.value)


def test_a_kind_that_the_cluster_does_not_know_is_told_so(shop, monkeypatch):
    made = router(shop, "gateway_http_route")
    monkeypatch.setattr(type(made), "kind", ("gateway.networking.k8s.io/v9", "HTTPRoute", "httproutes"))
    with pytest.raises(PlatformError, match="is its CustomResourceDefinition installed"):
        made.read()


@pytest.mark.parametrize("plan", [plan for plan in PLANS if "," not in plan])
def test_the_documented_role_is_enough(shop, plan, tmp_path):
    what = shop.declare(plan)
    account = what.name
    documents = rbac.documents([plan], shop.namespace, account, {what.rbac: [what.name]})
    shop.node.apply(rbac.as_yaml(documents))
    found = yaml.safe_load(Path(shop.kubeconfig).read_text())
    found["users"][0]["user"] = {"token": shop.node.kubectl("create", "token", account, "-n", shop.namespace).strip()}
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(found))
    made = router(shop, plan, cluster={"kubeconfig": str(kubeconfig)})

    def allowed():
        with contextlib.suppress(PlatformError):
            return made.read()

    assert soon(allowed, 10), "the Role is there, and the API server has heard of it"
    made.write(Weights(90, 10))
    made.mark({"lease.1": "x"})
    assert made.read().marks == {"lease.1": "x"}
    made.verify(Weights(90, 10))
    assert "no pod" in made.health("green").reason
    made.delete()
    stranger = router(shop, plan, name="another", cluster={"kubeconfig": str(kubeconfig)})
    with pytest.raises(PlatformError, match="forbidden"):
        stranger.read()


# -- what a controller says (played)


@pytest.mark.parametrize("plan", ["gateway_http_route", "gateway_grpc_route", "linkerd_http_route"])
def test_a_route_has_taken_effect_when_its_parent_says_so(shop, plan):
    what = shop.declare(plan)
    made = router(shop, plan)
    made.write(Weights.all_on("blue"))
    assert made.verify(Weights.all_on("blue")) is PENDING
    assert "no controller has said a word" in made.progress()
    shop.say(what, accepted(shop.get(what)))  # played
    assert (made.verify(Weights.all_on("blue")), made.progress()) == (CONVERGED, "")
    made.write(Weights(90, 10))
    assert made.verify(Weights(90, 10)) is PENDING
    assert "has not looked at the route as it is now" in made.progress()
    shop.say(what, accepted(shop.get(what), "False", "Service weighted/web-green not found"))  # played
    with pytest.raises(PlatformError, match="Accepted is false: BackendNotFound: Service weighted/web-green not found"):
        made.verify(Weights(90, 10))


def test_linkerd_says_no_generation(shop):
    what = shop.declare("linkerd_http_route")
    made = router(shop, "linkerd_http_route")
    made.write(Weights.all_on("blue"))
    status = accepted(shop.get(what))
    for condition in status["parents"][0]["conditions"]:
        del condition["observedGeneration"]
    shop.say(what, status)  # played
    assert made.verify(Weights.all_on("blue")) is CONVERGED


def test_a_proxy_has_taken_effect_when_contour_says_so(shop):
    what = shop.declare("contour_http_proxy")
    made = router(shop, "contour_http_proxy")
    made.write(Weights.all_on("blue"))
    assert made.verify(Weights.all_on("blue")) is PENDING
    assert "Contour has not said a word" in made.progress()
    shop.say(what, valid(shop.get(what)))  # played
    assert made.verify(Weights.all_on("blue")) is CONVERGED
    made.write(Weights(90, 10))
    assert made.verify(Weights(90, 10)) is PENDING
    shop.say(what, valid(shop.get(what), "invalid", "Spec.Routes unresolved service reference"))  # played
    with pytest.raises(PlatformError, match=r"invalid: Spec\.Routes unresolved service reference"):
        made.verify(Weights(90, 10))


# -- Ingresses that make no sense


@pytest.mark.parametrize(
    ("plan", "change", "said"),
    [
        ("nginx_canary", {"nginx.ingress.kubernetes.io/canary": None}, "is no canary"),
        ("nginx_canary", {"nginx.ingress.kubernetes.io/canary-weight-total": "1000"}, "canary-weight-total: 1000"),
    ],
)
def test_an_ingress_that_is_no_canary_is_refused(shop, plan, change, said):
    what = shop.declare(plan)
    shop.cluster.merge(what, {"metadata": {"annotations": change}}, STACK)
    made = router(shop, plan)
    made.write(Weights.all_on("blue"))
    with pytest.raises(PlatformError, match=said):
        made.verify(Weights.all_on("blue"))


def test_an_ingress_whose_paths_lead_past_the_swap_is_refused(shop):
    backend = {"service": {"name": "web-blue", "port": {"number": 80}}}
    spec = {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]}
    for plan, said in (
        ("nginx_canary", "leads to web-blue: declare it with web-green alone"),
        ("aws_load_balancer_ingress", "no path to the action: .* service 'web' with the port name 'use-annotation'"),
    ):
        shop.declare(plan, spec=spec)
        made = router(shop, plan)
        made.write(Weights.all_on("blue"))
        with pytest.raises(PlatformError, match=said):
            made.verify(Weights.all_on("blue"))


@pytest.mark.parametrize("said", ["no json", "[]", '{"type":"redirect"}'])
def test_an_action_that_is_no_forward_reaches_no_color(shop, said):
    what = shop.declare("aws_load_balancer_ingress")
    made = router(shop, "aws_load_balancer_ingress")
    made.write(Weights.all_on("blue"))
    action = {made.owned_path[-1]: said}
    shop.cluster.merge(what, {"metadata": {"annotations": action}}, "kubectl-edit")
    assert made.read().weights == Weights()


def test_the_colors_own_actions_keep_both_target_groups_attached(shop):
    found = shop.get(shop.declare("aws_load_balancer_ingress"))
    prefix = "alb.ingress.kubernetes.io/actions.web-"
    groups = [json.loads(found["metadata"]["annotations"][prefix + color]) for color in ("blue", "green")]
    named = [group["serviceName"] for action in groups for group in action["forwardConfig"]["targetGroups"]]
    assert named == ["web-blue", "web-green"]
    paths = found["spec"]["rules"][0]["http"]["paths"]
    assert [path["backend"]["service"]["name"] for path in paths] == ["web-blue", "web-green", "web"]


def test_a_service_of_the_cluster_is_not_touched(shop):
    before = shop.get(Resource("v1", "Service", "services", shop.namespace, "web-blue"))
    shop.declare("istio_virtual_service, subsets")
    router(shop, "istio_virtual_service, subsets").write(Weights(50, 50))
    after = shop.get(Resource("v1", "Service", "services", shop.namespace, "web-blue"))
    assert before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]
    assert WANTED.services["blue"] == before["metadata"]["name"]
