"""When a Service's swap counts as done, and what is known of pods that are not ready: real pods on a real node."""

from __future__ import annotations

import re

import pytest

from bluegreen.kubernetes.endpoints import service_health
from bluegreen.kubernetes.selectors.router import KubernetesServiceRouter
from bluegreen.rollout.calls import guarded
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.model import Convergence, Readiness, Weights
from tests.routers import kubernetes_workshop

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
GATE = "example.com/registered"
NEVER_READY = {"readinessProbe": {"httpGet": {"path": "/no-such-page", "port": 8080}, "periodSeconds": 1}}
# A color for each way of not being ready: what its pods have, and what is reported.
SICK = {
    "probe": ({"container": NEVER_READY}, r"container app runs and is not ready: its readiness probe does not pass"),
    "image": ({"image": "bluegreen.local/app:no-such"}, r"container app: ErrImageNeverPull: Container image .*no-such"),
    "crash": ({"container": {"env": [{"name": "SLOW_MS", "value": "x"}]}}, r"container app: .*exit code 1 \(Error\)"),
    "place": ({"nodeSelector": {"no": "such-node"}}, r"Unschedulable: 0/1 nodes are available: .*"),
    "gate": (
        {"readinessGates": [{"conditionType": GATE}]},
        rf"readiness gate {GATE} is not set: nothing has set it yet",
    ),
}


def labels(app, color="blue"):
    return {"app": app, "color": color}


@pytest.fixture(scope="module")
def here(node):
    with kubernetes_workshop.namespace(node, "health") as made:
        for app, (pod, _) in SICK.items():
            made.deployment(app, labels(app), **pod)
        made.deployment("closed", labels("closed"), container={"ports": [{"name": "web", "containerPort": 8080}]})
        for color in ("blue", "green"):
            made.deployment(f"well-{color}", labels("well", color))
        half = {**labels("well", "green"), "part": "unready"}
        made.deployment("half-green", half, container=NEVER_READY)
        made.wait_until_ready("well-blue", "well-green", "closed")
        made.wait_until("half-green runs", lambda: [pod for pod in made.pods(half) if "podIP" in pod["status"]])
        yield made


@pytest.fixture
def build(here):
    def make(app, service=None, **more):
        selectors = {color: labels(app, color) for color in ("blue", "green")}
        name = service or here.service(here.fresh_name(app))
        return KubernetesServiceRouter(
            namespace=here.namespace, service=name, selectors=selectors, owner="a/b/c", cluster=here.cluster, **more
        )

    return make


def pod_of(here, app, color="blue", **more):
    return here.pods({**labels(app, color), **more})[0]


@pytest.fixture
def slice_of(here):
    """Puts pods into a Service's EndpointSlices by hand; the controller leaves slices of others alone."""
    made = []

    def add(service, pod, **conditions):
        name = here.fresh_name("by-hand")
        target = {"kind": "Pod", "namespace": here.namespace, "name": "x", "uid": pod["metadata"]["uid"]}
        made.append(here.resource("EndpointSlice", name))
        here.cluster.apply(
            made[-1],
            {
                "metadata": {
                    "labels": {
                        "kubernetes.io/service-name": service,
                        "endpointslice.kubernetes.io/managed-by": "tests",
                    }
                },
                "addressType": "IPv4",
                "ports": [{"name": "", "port": 8080}],
                "endpoints": [{"addresses": ["10.9.9.9"], "conditions": conditions, "targetRef": target}],
            },
        )

    def clear():
        while made:
            here.cluster.delete(made.pop())

    add.clear = clear
    yield add
    clear()


# -- verify


def converges(router, weights):
    """Within many looks, so as not to be decided by time."""
    return any(router.verify(weights) is Convergence.CONVERGED for _ in range(100))


def test_a_swap_is_done_when_only_the_new_colors_pods_get_requests(here, build):
    router = build("well")
    for weights in (BLUE, GREEN, BLUE):
        router.write(weights)
        assert converges(router, weights)
        assert router.progress() == ""
        names = {name.rsplit("-", 2)[0] for name in here.pods_behind(router.service)}
        assert names == ({"well-blue"} if weights == BLUE else {"well-green", "half-green"})


def test_a_pod_of_the_old_color_in_any_slice_is_waited_for(here, build, slice_of):
    router = build("well")
    router.write(BLUE)
    assert converges(router, BLUE)
    slice_of(router.service, pod_of(here, "well"), ready=True)
    router.write(GREEN)
    here.wait_until("green is behind it", lambda: len(here.pods_behind(router.service)) == 3)
    assert router.verify(GREEN) is Convergence.PENDING
    assert router.progress() == "1 endpoint of blue is still in the EndpointSlices"
    slice_of(router.service, pod_of(here, "crash"), ready=False)
    assert router.verify(GREEN) is Convergence.PENDING
    assert router.progress() == "1 endpoint of blue and 1 of neither color are still in the EndpointSlices"
    slice_of.clear()
    assert converges(router, GREEN)


def test_pods_of_the_new_color_that_get_no_requests_do_not_matter(here, build, slice_of):
    router = build("well")
    router.write(GREEN)
    assert converges(router, GREEN)
    unready = pod_of(here, "well", "green", part="unready")
    slice_of(router.service, unready, ready=False, serving=False, terminating=True)
    assert converges(router, GREEN)


def test_without_a_ready_pod_of_the_new_color_nothing_is_done(here, build):
    router = build("probe")
    router.write(BLUE)
    here.wait_until("the pod is behind it", lambda: here.pods_behind(router.service))
    assert router.verify(BLUE) is Convergence.PENDING
    assert router.progress() == f"no ready endpoint of blue is in the EndpointSlices of Service {router.service} yet"


def test_the_look_again_is_short(build):
    clock = FakeClock()
    router = build("probe")
    router.write(BLUE)
    before = clock.now_seconds
    with guarded(lambda: None, sleep=clock.sleep):
        assert router.verify(BLUE) is Convergence.PENDING
    assert clock.now_seconds - before < 0.5


# -- health


def test_pods_that_are_ready_are_counted(build):
    assert build("well").health("blue") == Readiness(True, 1, 1)


def test_some_ready_and_some_not_is_told_with_the_counts(build):
    health = build("well").health("green")
    assert (health.ready, health.healthy, health.expected) == (False, 1, 2)
    assert health.reason.startswith("pod half-green-")


def test_no_pod_at_all_is_told_with_the_selector(here, build):
    health = build("nothing").health("green")
    assert (health.ready, health.healthy, health.fatal) == (False, 0, False)
    assert health.reason == f"no pod in {here.namespace} matches app=nothing,color=green"


@pytest.mark.parametrize("app", SICK)
def test_the_first_pod_that_is_not_ready_is_told_with_its_reason(here, build, app):
    router, wanted = build(app), re.compile(rf"pod {app}-\w+-\w+: {SICK[app][1]}")
    here.wait_until(f"{app}: {wanted.pattern}", lambda: wanted.match(router.health("blue").reason))
    health = router.health("blue")
    assert (health.ready, health.healthy, health.expected, health.fatal) == (False, 0, 1, False)
    router.write(BLUE)
    here.wait_until("so does the Service's own health", lambda: wanted.match(of_service(here, router).reason))


def of_service(here, router):
    return service_health(here.cluster, here.namespace, router.service)


def test_a_named_port_that_no_container_has_is_fatal_and_names_both(here, build):
    router = build("closed")
    health = router.health("blue")
    pod = pod_of(here, "closed")["metadata"]["name"]
    assert (health.ready, health.healthy, health.fatal) == (False, 0, True)
    expected = f"Service {router.service} sends port 80 to the port named 'http', which no container of {pod} has"
    assert health.reason == expected
    router.write(BLUE)
    here.wait_until("the Service has an endpoint", lambda: here.pods_behind(router.service))
    assert of_service(here, router).reason == expected
    here.service(router.service, ports=[{"port": 80, "targetPort": "web"}])
    here.wait_until("it is mended", lambda: of_service(here, router).ready)
    assert build("closed", service=router.service).health("blue").ready


def test_a_readiness_gate_is_respected_and_then_passed(here, build):
    router = build("gate")
    router.write(BLUE)
    assert router.verify(BLUE) is Convergence.PENDING
    pod = pod_of(here, "gate")["metadata"]["name"]
    for status in ("False", "True"):
        patch = f'{{"status":{{"conditions":[{{"type":"{GATE}","status":"{status}","reason":"Registering"}}]}}}}'
        here.node.kubectl("patch", "pod", pod, "-n", here.namespace, "--subresource=status", "-p", patch)
        if status == "False":
            here.wait_until("it is told", lambda: f"{GATE} is False: Registering" in router.health("blue").reason)
    here.wait_until("it is ready", lambda: router.health("blue").ready)
    assert converges(router, BLUE)


def test_a_service_without_pods_or_selector_or_at_all(here):
    bare, gone = here.service(here.fresh_name()), here.fresh_name()
    lost = here.service(here.fresh_name(), selector={"app": "nobody"})
    told = {name: service_health(here.cluster, here.namespace, name) for name in (bare, gone, lost)}
    assert told[bare].reason == f"Service {here.namespace}/{bare} has no selector and no ready endpoint"
    assert (told[gone].reason, told[gone].fatal) == (f"there is no Service {here.namespace}/{gone}", True)
    assert told[lost].reason == f"no pod in {here.namespace} matches app=nobody, the selector of Service {lost}"
    assert not any(health.ready for health in told.values())
