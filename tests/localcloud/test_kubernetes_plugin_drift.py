"""A value of somebody's in a field that the swap owns is still there after the stack has changed the object.

The plugin makes what kubectl wrote the stack's, and an apply removes what is the stack's and not in its inputs. A
component ignores these fields therefore, although it declares no value for them.
"""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import httpx
import pytest

from bluegreen.kubernetes.client import MANAGER, KubernetesConnection, Resource
from bluegreen.kubernetes.routes.keeping import keep
from bluegreen.kubernetes.routes.nginx_canary import INGRESS
from bluegreen.kubernetes.services import SELECTOR
from bluegreen.kubernetes.workloads.autoscaling import MINIMUM
from localcloud import loopback
from localcloud.load import Load
from tests.localcloud.kubernetes_cases import (
    DEPLOYMENT,
    ROUTE,
    SERVICE,
    STATEFUL_SET,
    changed,
    manifest,
    service,
    workload,
)

GRPC = "kubernetes:gateway.networking.k8s.io/v1:GRPCRoute"
LINKERD = "kubernetes:policy.linkerd.io/v1beta3:HTTPRoute"
PROXY = "kubernetes:projectcontour.io/v1:HTTPProxy"
TRAEFIK = "kubernetes:traefik.io/v1alpha1:TraefikService"
ISTIO = "kubernetes:networking.istio.io/v1:VirtualService"
ROLLOUT = "kubernetes:argoproj.io/v1alpha1:Rollout"
INGRESSES = "kubernetes:networking.k8s.io/v1:Ingress"
SCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
_SCALER = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, spec: {maxReplicas: 6, scaleTargetRef: {}}}"
_TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "nobody"}
_ROUTE = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, spec: {parentRefs: [{name: public}]}}"
_GRPC = "{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, spec: {parentRefs: [{name: public}]}}"
_LINKERD = "{apiVersion: policy.linkerd.io/v1beta3, kind: HTTPRoute, spec: {parentRefs: [{name: web, kind: Service}]}}"
_PROXY = "{apiVersion: projectcontour.io/v1, kind: HTTPProxy, spec: {ingressClassName: contour}}"
_TRAEFIK = "{apiVersion: traefik.io/v1alpha1, kind: TraefikService, spec: {}}"
_ISTIO = "{apiVersion: networking.istio.io/v1, kind: VirtualService, spec: {hosts: [a], http: []}}"
_ROLLOUT = "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, spec: {selector: {matchLabels: {a: b}}}}"


def rules(color: str) -> list[dict[str, Any]]:
    return [{"backendRefs": [{"name": f"web-{color}", "port": 80}]}]


def ways(color: str) -> list[dict[str, Any]]:
    return [{"conditions": [{"prefix": "/"}], "services": [{"name": f"web-{color}", "port": 80}]}]


def weighted(color: str) -> dict[str, Any]:
    return {"services": [{"name": f"web-{color}", "port": 80, "weight": 100}]}


def routes(color: str) -> list[dict[str, Any]]:
    return [{"route": [{"destination": {"host": f"web-{color}"}}]}]


def reference(color: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "PodTemplate", "name": f"web-{color}"}


# By kind: its inputs, the field as a component ignores it, the swap's value and somebody else's.
FIELDS: dict[str, tuple[str, dict[str, Any], str, Any, Any]] = {
    "selector": (SERVICE, service(), *SELECTOR, {"color": "blue"}, {"color": "green"}),
    "rules": (ROUTE, manifest(_ROUTE), "spec.rules", rules("blue"), rules("green")),
    "grpc rules": (GRPC, manifest(_GRPC), "spec.rules", rules("blue"), rules("green")),
    "linkerd's rules": (LINKERD, manifest(_LINKERD), "spec.rules", rules("blue"), rules("green")),
    "routes": (PROXY, manifest(_PROXY), "spec.routes", ways("blue"), ways("green")),
    "weighted": (TRAEFIK, manifest(_TRAEFIK), "spec.weighted", weighted("blue"), weighted("green")),
    "http": (ISTIO, manifest(_ISTIO, spec__http=routes("nobody")), "spec.http", routes("blue"), routes("green")),
    "reference": (ROLLOUT, manifest(_ROLLOUT), "spec.workloadRef", reference("blue"), reference("green")),
    "minimum": (SCALER, manifest(_SCALER, spec__scaleTargetRef=_TARGET), *MINIMUM, 4, 2),
    "replicas": (DEPLOYMENT, workload("Deployment", "drift", spec__replicas=0), "spec.replicas", 2, 1),
    "stateful": (STATEFUL_SET, workload("StatefulSet", "drifts", spec__replicas=0), "spec.replicas", 2, 1),
}
PATCHES = ("kubectl-patch", "kubectl-edit", "helm", "argocd-controller")
WAYS = (*PATCHES, "apply", "server-side apply", "server-side apply of another tool")


ANNOTATIONS = ("nginx.ingress.kubernetes.io/canary-weight", "alb.ingress.kubernetes.io/actions.production")
_INGRESS = (
    "{apiVersion: networking.k8s.io/v1, kind: Ingress, "
    "spec: {defaultBackend: {service: {name: a, port: {number: 80}}}}}"
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("field", FIELDS)
def test_drift_outlives_a_change_of_the_same_object(place: Any, field: str, way: str) -> None:
    token, inputs, path, ours, theirs = FIELDS[field]
    inputs = changed(inputs, metadata__annotations={"pulumi.com/skipAwait": "true"})
    driver, key = place.driver, path.removeprefix("spec.")
    made = place.make(token, f"drift-{list(FIELDS).index(field)}-{WAYS.index(way)}", inputs)
    _swap(place, made, key, ours)
    _drift(place, made, way, key, theirs)
    assert _spec(driver.read(made), key) == theirs
    labelled = changed(inputs, metadata__labels={"team": "shop"})
    made = driver.update(driver.read(made), labelled, ignore=(path,))
    assert _spec(made, key) == theirs, "no moment without it: the swap may be far away"
    assert made.outputs["metadata"]["labels"] == {"team": "shop"}
    _swap(place, made, key, ours)
    made = driver.update(driver.read(made), changed(inputs, metadata__labels={"team": "fish"}), ignore=(path,))
    assert _spec(made, key) == ours
    assert driver.diff(driver.read(made), made.inputs, ignore=(path,)).detailed == {}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_an_annotation_that_the_hook_keeps_outlives_it_too(place: Any, annotation: str, way: str) -> None:
    driver, inputs = place.driver, manifest(_INGRESS, metadata__annotations={"pulumi.com/skipAwait": "true"})
    made = place.make(INGRESSES, f"kept-{ANNOTATIONS.index(annotation)}-{WAYS.index(way)}", inputs)
    what = Resource(*INGRESS, place.namespace, made.inputs["metadata"]["name"])
    _swap(place, made, annotation, "0")
    _drift(place, made, way, annotation, "70")
    assert _annotations(driver.read(made))[annotation] == "70"
    assert not keep(KubernetesConnection(kubeconfig=str(place.node.kubeconfig)), what, annotation)
    made = driver.update(driver.read(made), changed(inputs, metadata__labels={"team": "shop"}))
    assert _annotations(made)[annotation] == "70", "no moment without it: the swap may be far away"
    assert made.outputs["metadata"]["labels"] == {"team": "shop"}
    _swap(place, made, annotation, "0")
    made = driver.update(driver.read(made), changed(inputs, metadata__labels={"team": "fish"}))
    assert _annotations(made)[annotation] == "0"
    assert driver.diff(driver.read(made), made.inputs).detailed == {}


@pytest.mark.parametrize("field", ["replicas", "stateful"])
def test_a_count_of_kubectl_scale_outlives_it_too(place: Any, field: str) -> None:
    token, inputs, path, ours, _ = FIELDS[field]
    inputs = changed(inputs, metadata__annotations={"pulumi.com/skipAwait": "true"})
    made = place.make(token, "scaled", inputs)
    _swap(place, made, "replicas", ours)
    place.kubectl("scale", f"{made.inputs['kind']}/{made.inputs['metadata']['name']}", "--replicas=1")
    made = place.driver.update(made, changed(inputs, metadata__labels={"team": "shop"}), ignore=(path,))
    assert made.outputs["spec"]["replicas"] == 1


def test_no_request_fails_while_the_stack_changes_what_somebody_moved(place: Any) -> None:
    """The Service, in every way, and the live color's Deployment after `kubectl scale`; no swap runs meanwhile."""
    skipped: dict[str, Any] = {"metadata__annotations": {"pulumi.com/skipAwait": "true"}}
    fleet = {}
    for color in ("blue", "green"):
        inputs = workload("Deployment", f"load-{color}", **skipped, spec__replicas=0)
        fleet[color] = (place.make(DEPLOYMENT, f"load-{color}", inputs), inputs)
        _swap(place, fleet[color][0], "replicas", 2)
        name = fleet[color][0].inputs["metadata"]["name"]
        place.kubectl("rollout", "status", f"deployment/{name}", "--timeout=180s")
    plain = service(**skipped, spec__type="NodePort")
    made = place.make(SERVICE, "load", plain)
    _swap(place, made, "selector", {"app": "load-blue"})
    url = f"http://127.0.0.1:{place.driver.read(made).outputs['spec']['ports'][0]['nodePort']}"
    _reached(url)
    with Load(url, rate_per_second=50) as load:
        for way in WAYS:
            _drift(place, made, way, "selector", {"app": "load-green"})
            made = place.driver.update(
                made, changed(plain, metadata__labels={"way": way.replace(" ", "-")}), ignore=SELECTOR
            )
            assert _spec(made, "selector") == {"app": "load-green"}
            _swap(place, made, "selector", {"app": "load-blue"})
        blue, inputs = fleet["blue"]
        place.kubectl("scale", f"deployment/{blue.inputs['metadata']['name']}", "--replicas=3")
        labelled = changed(inputs, metadata__labels={"team": "shop"})
        assert place.driver.update(blue, labelled, ignore=("spec.replicas",)).outputs["spec"]["replicas"] == 3
    assert load.result.failed == 0, load.result.errors
    assert len(load.result) > len(WAYS), "there were requests"


def _reached(url: str) -> None:
    """The node's proxy follows the Service a moment later."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            loopback.get(url)
            return
        time.sleep(0.1)
    raise AssertionError(f"nobody answers at {url}")


def _annotations(resource: Any) -> dict[str, Any]:
    found: dict[str, Any] = resource.outputs["metadata"]["annotations"]
    return found


def _spec(resource: Any, key: str) -> Any:
    found = resource.outputs["spec"].get(key)
    if key != "rules" or not found:
        return found
    return [{"backendRefs": [{one: ref[one] for one in ("name", "port")} for ref in found[0]["backendRefs"]]}]


def _swap(place: Any, resource: Any, key: str, value: Any) -> None:
    """As the swap writes: by server-side apply, as its own manager."""
    place.apply(_part(place, resource, _field(key, value)), MANAGER)


def _drift(place: Any, resource: Any, way: str, key: str, value: Any) -> None:
    fields = _field(key, value)
    part = _part(place, resource, fields)
    if way in PATCHES:
        group, _, version = part["apiVersion"].rpartition("/")
        kind = f"{part['kind']}.{version}.{group}" if group else part["kind"]
        what = f"{kind}/{part['metadata']['name']}"
        place.kubectl("patch", what, "--type=merge", f"--field-manager={way}", f"--patch={json.dumps(fields)}")
    elif way == "apply":
        whole = {**part, "spec": {**resource.inputs["spec"], **part.get("spec", {})}}
        place.kubectl("apply", "--filename", _file(place, whole))
    else:
        manager = ["--field-manager=flux"] if way.endswith("tool") else []
        place.kubectl("apply", "--server-side", "--force-conflicts", *manager, "--filename", _file(place, part))


def _field(key: str, value: Any) -> dict[str, Any]:
    return {"metadata": {"annotations": {key: value}}} if key in ANNOTATIONS else {"spec": {key: value}}


def _part(place: Any, resource: Any, fields: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": resource.inputs["metadata"]["name"], "namespace": place.namespace, **fields.get("metadata", {})}
    header = {name: resource.inputs[name] for name in ("apiVersion", "kind")}
    return {**header, **fields, "metadata": metadata}


@pytest.fixture(scope="module", autouse=True)
def kinds(node: Any) -> None:
    """The routes that the node does not know by itself."""
    node.install_crds("gateway-api", "linkerd", "istio", "contour", "traefik", "argo-rollouts")


@pytest.fixture(autouse=True)
def files(place: Any, tmp_path: Any) -> None:
    """Where what is applied stands."""
    place.files = tmp_path


def _file(place: Any, whole: dict[str, Any]) -> str:
    file = place.files / "object.json"
    file.write_text(json.dumps(whole))
    return str(file)
