"""Whole swaps with Argo Rollouts' real controller as their engine: its analysis, our gates, and the way back."""

from __future__ import annotations

import json

import pytest

from bluegreen.permissions import needed, rbac
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import NotOwned, SwapAborted, SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap.service import SwapService
from localcloud import loopback
from tests.routers import argo_workshop
from tests.routers.argo_workshop import NAME, NOBODY, capacity_of, live, router_of, settled

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@pytest.fixture(scope="module")
def here(node):
    with argo_workshop.running(node, "argo-swaps") as made:
        yield made


@pytest.fixture
def metric():
    made = argo_workshop.Metric()
    yield made
    made.end()


@pytest.fixture(scope="module")
def plain(here):
    """Without analysis of its own."""
    return live(argo_workshop.build(here))


@pytest.fixture
def at_blue(plain):
    return live(plain).new_release("green")


@pytest.fixture
def analyzed(here, metric):
    """With an analysis before the promotion and one, of some seconds, after it."""
    made = argo_workshop.Service(here.cluster, here.namespace, "analyzed")
    made.blue_green = {
        "prePromotionAnalysis": metric.template(made, "before"),
        "postPromotionAnalysis": metric.template(made, "after", count=3, interval="1s"),
    }
    # Templates that the controller has not seen yet make a Rollout that it looks at again only after 20 s.
    return live(made.declare()).new_release("green")


def inputs(service, color, **more):
    return {
        "name": "web",
        "active_color": color,
        "releases": {"blue": service.workloads["blue"], "green": service.workloads["green"]},
        "router": service.section(),
        "capacity": {**service.section(), "replicas": service.replicas},
        "poll_interval_seconds": 0.1,
        "steady_state_timeout_seconds": 90.0,
        "converge_timeout_seconds": 90.0,
        **more,
    }


def swap(service, olds, color, events=None, cancelled=lambda: False, **more):
    told = [] if events is None else events
    news = inputs(service, color, **more)
    runner = SwapService(told.append, cancelled=cancelled)
    return runner.update(olds, news) if olds else runner.create(news)[1]


def olds_of(service):
    return {**inputs(service, "blue"), "live_color": "blue", "weights": BLUE.as_dict()}


def texts(events, kind):
    return [event.text for event in events if event.kind == kind]


def test_a_swap_starts_promotes_and_rolls_back(here):
    service = argo_workshop.build(here)
    outputs = swap(service, {}, "blue")
    for color, outcome in (("green", "promoted"), ("blue", "rolled_back"), ("green", "promoted")):
        outputs = swap(service, outputs, color)
        assert (outputs["live_color"], outputs["history"][0]["outcome"]) == (color, outcome)
        assert service.answers(color)
        assert not SwapService().diff(outputs, inputs(service, color)).changes


def test_gates_ask_the_new_color_while_it_has_no_traffic(at_blue):
    asked = {"kind": "http", "path": "/", "status": 200, "interval_seconds": 0.5}
    preview = {"url": at_blue.url(preview=True), "headers": {}}
    previews = {"blue": preview, "green": preview}
    events = []

    def report(event):
        events.append(event)
        if event.kind == "gate" and event.text.startswith("gate http") and "pass" in event.text:
            assert loopback.get(preview["url"]).headers["x-color"] == "green"
            assert at_blue.answers("blue")

    runner = SwapService(report)
    news = inputs(at_blue, "green", gates=[asked], previews=previews)
    outputs = runner.update({**olds_of(at_blue), "gates": [asked], "previews": previews}, news)
    assert outputs["live_color"] == "green"
    assert texts(events, "gate")


def test_a_gate_that_says_no_takes_back_what_was_prepared(at_blue):
    refusing = {"kind": "http", "path": "/", "status": 418, "interval_seconds": 0.5}
    preview = {"url": at_blue.url(preview=True), "headers": {}}
    more = {"gates": [refusing], "previews": {"blue": preview, "green": preview}}
    with pytest.raises(SwapFailed, match="traffic was not moved"):
        swap(at_blue, {**olds_of(at_blue), **more}, "green", **more)
    settled(router_of(at_blue), BLUE)
    assert at_blue.rollout["spec"]["workloadRef"]["name"] == at_blue.workloads["blue"]


def test_analysis_that_fails_is_told_with_its_value_and_its_limit_and_can_be_tried_again(analyzed, metric):
    olds = olds_of(analyzed)
    metric.value = 0.5
    with pytest.raises(SwapFailed, match=r"prePromotionAnalysis metric success-rate: 0.5 against result >= 0.99") as no:
        swap(analyzed, olds, "green")
    assert "traffic was not moved" in str(no.value)
    metric.value = 1.0
    events = []
    asked = metric.asked
    assert swap(analyzed, olds, "green")["live_color"] == "blue", "held: nobody has said that it is mended"
    outputs = swap(analyzed, olds, "green", events, retry="mended")
    assert outputs["live_color"] == "green"
    assert metric.asked >= asked + 4, "both analyses anew"
    # Back, and there again while its pods still run: Argo Rollouts itself would ask nothing of what it still keeps.
    outputs = swap(analyzed, outputs, "blue")
    metric.value = 0.5
    with pytest.raises(SwapFailed, match="prePromotionAnalysis metric success-rate"):
        swap(analyzed, outputs, "green")
    assert analyzed.answers("blue")
    metric.value = 0.7
    killed_while_waiting(analyzed)
    metric.value = 1.0
    events.clear()
    assert swap(analyzed, outputs, "green", events, retry="mended")["live_color"] == "green"
    assert any("a fresh start after one that failed" in text for text in texts(events, "prepare"))


def killed_while_waiting(service):
    """A process that pointed the Rollout and was gone, before the analysis failed."""
    capacity = capacity_of(service)
    capacity.preflight("green", 1)
    capacity.prepare("green", 1)
    service.wait(lambda _: capacity.ready("green").fatal)
    assert router_of(service).read().weights == Weights(99, 1)


def test_analysis_that_fails_after_the_shift_gives_the_traffic_back(analyzed, metric):
    def shifted(event):
        if "postPromotionAnalysis Running" in event.text:
            metric.value = 0.7
            metric.held.clear()

    metric.held["after"] = 1
    with pytest.raises(SwapFailed, match=r"postPromotionAnalysis metric success-rate: 0.7 against") as no:
        SwapService(shifted).update(olds_of(analyzed), inputs(analyzed, "green"))
    assert "restored and verified: blue 100 %" in str(no.value)
    assert analyzed.answers("blue")
    assert analyzed.status["phase"] == "Healthy"


def test_an_abort_while_the_analysis_goes_on_gives_the_traffic_back(analyzed, metric):
    def shifted():
        status = analyzed.status
        return status["blueGreen"].get("activeSelector") == status["currentPodHash"] != status["stableRS"]

    metric.held["after"] = 1
    with pytest.raises(SwapAborted, match="restored and verified: blue 100 %"):
        swap(analyzed, olds_of(analyzed), "green", cancelled=shifted)
    assert analyzed.answers("blue")


def test_what_somebody_sent_back_during_its_analysis_does_not_stay_stuck(here, analyzed, metric):
    metric.held["after"] = 1
    router = router_of(analyzed)
    router.write(GREEN)

    def shifted(status):
        router.verify(GREEN)
        return status["blueGreen"].get("activeSelector") == status["currentPodHash"] != status["stableRS"]

    analyzed.wait(shifted)
    patch = json.dumps({"spec": {"workloadRef": {"name": analyzed.workloads["blue"]}}})
    name = analyzed.name
    here.node.kubectl("patch", "rollouts.argoproj.io", name, "-n", here.namespace, "--type=merge", "--patch", patch)
    analyzed.wait(lambda status: status["currentPodHash"] == status["stableRS"])
    assert analyzed.answers("green"), "Argo Rollouts waits for an analysis that it does not start"
    assert swap(analyzed, olds_of(analyzed), "blue")["history"][0]["outcome"] == "healed"
    assert analyzed.answers("blue")


def test_a_killed_update_is_taken_up_or_taken_back(at_blue):
    olds = olds_of(at_blue)
    for color, outcome in (("blue", "healed"), ("green", "resumed")):
        capacity = capacity_of(at_blue)
        capacity.preflight("green", 1)
        capacity.prepare("green", 1)
        at_blue.wait(lambda _, capacity=capacity: capacity.ready("green").ready)
        outputs = swap(at_blue, olds, color)
        assert outputs["history"][0]["outcome"] == outcome
        assert at_blue.answers(color)


def promote(here, service):
    """As `kubectl argo rollouts promote` does, once the Rollout waits; returns when all traffic has moved."""
    where = ("patch", "rollouts.argoproj.io", service.name, "-n", here.namespace, "--type=merge")

    def how():
        here.node.kubectl(*where, "--subresource=status", '--patch={"status":{"pauseConditions":null}}')

    def moved():
        status = service.status
        return status["blueGreen"]["activeSelector"] == status["currentPodHash"]

    service.resume(how, moved)


def test_who_promotes_it_before_it_is_ready_is_found_out_and_traffic_goes_back(here, at_blue):
    # Ready some seconds after it was pointed there, so that the swap looks before that.
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "initialDelaySeconds": 3, "periodSeconds": 1}
    at_blue.template(at_blue.workloads["green"], "green", readinessProbe=probe)
    events = []

    def report(event):
        if event.kind == "prepare" and event.text.startswith("green: ") and not events:
            events.append(event)
            promote(here, at_blue)

    with pytest.raises(SwapFailed, match="moved the traffic before it was resumed: somebody promoted it") as failed:
        SwapService(report).update(olds_of(at_blue), inputs(at_blue, "green"))
    assert failed.value.restored == "restored and verified: blue 100 %, green 0 %"
    assert at_blue.answers("blue")
    assert router_of(at_blue).read().weights == BLUE


@pytest.mark.parametrize("kept_seconds", [60, 0])
def test_who_promotes_it_while_its_gates_are_asked_has_moved_nothing_when_one_says_no(here, at_blue, kept_seconds):
    """Argo Rollouts gives the former pods traffic at once while it keeps them, or has them wait to be resumed."""
    at_blue.declare_rollout(scaleDownDelaySeconds=kept_seconds)
    refusing = {"kind": "http", "path": "/", "status": 418, "interval_seconds": 0.5}
    preview = {"url": at_blue.url(preview=True), "headers": {}}
    more = {"gates": [refusing], "previews": {"blue": preview, "green": preview}}

    def report(event):
        if event.kind == "verify":
            promote(here, at_blue)

    try:
        with pytest.raises(
            SwapFailed, match=r"somebody else moved traffic meanwhile: .* instead of blue 100 %"
        ) as failed:
            SwapService(report).update({**olds_of(at_blue), **more}, inputs(at_blue, "green", **more))
        assert failed.value.restored == "restored and verified: blue 100 %, green 0 %"
        assert at_blue.answers("blue")
        assert router_of(at_blue).read().weights == BLUE
    finally:
        at_blue.declare_rollout()


def test_a_rollout_that_does_not_wait_is_refused_where_gates_are_asked_before(at_blue):
    at_blue.declare_rollout(autoPromotionEnabled=True)
    try:
        with pytest.raises(SwapFailed, match="autoPromotionEnabled: false is needed for the swap's gates"):
            swap(at_blue, olds_of(at_blue), "green")
        # Without them the Rollout is left to itself.
        without = {key: value for key, value in inputs(at_blue, "green").items() if key != "capacity"}
        assert SwapService().update({**olds_of(at_blue), "capacity": None}, without)["live_color"] == "green"
    finally:
        at_blue.declare_rollout()


def test_a_rollout_with_a_template_of_its_own_is_taken_over_with_its_traffic(here):
    service = argo_workshop.build(here)
    template = argo_workshop.pod_template({NAME: service.name}, "former")
    service.cluster.apply(service.resource("Rollout"), {"spec": {"template": template}}, "somebody")
    service.wait(lambda status: status.get("phase") == "Healthy")
    assert service.answers("former")
    with pytest.raises(
        NotOwned, match=r"a pod template of its own \(spec.template\): declare it without, or say `adopt`"
    ):
        router_of(service).read()
    outputs = swap(service, {}, "blue", router=service.section(adopt=True))
    assert (outputs["live_color"], outputs["history"][0]["outcome"]) == ("blue", "started")
    assert service.answers("blue")
    assert service.rollout["spec"].get("template", {}) == {}


def test_what_the_controller_refuses_ends_the_wait(here):
    service = argo_workshop.build(here, blue_green={"prePromotionAnalysis": {"templates": [{"templateName": "typo"}]}})
    capacity = capacity_of(service)
    capacity.clock = FakeClock()
    capacity.prepare("blue", 1)

    def refused(_status):
        capacity.clock.sleep(0.05)  # the controller is nudged by this clock, and nobody else turns it
        return "AnalysisTemplate 'typo' not found" in capacity.ready("blue").reason

    service.wait(refused)
    assert not capacity.ready("blue").fatal
    capacity.clock.sleep(60)
    assert capacity.ready("blue").fatal


def test_without_a_controller_the_wait_is_bounded_and_says_so(here):
    service = argo_workshop.build(here, instance=NOBODY)
    with pytest.raises(SwapFailed, match="Argo Rollouts' controller has not taken notice"):
        swap(service, {}, "blue", steady_state_timeout_seconds=1.0)


def test_previews_say_what_waits_there(at_blue):
    olds, news = olds_of(at_blue), inputs(at_blue, "green")
    assert "green is ready" in " ".join(SwapService().diff(olds, news).notes)
    router_of(at_blue).write(GREEN)
    assert (
        "drift: the live weights are blue 99 %, green 1 %"
        in SwapService().diff(olds, inputs(at_blue, "blue")).warnings[0]
    )


def test_the_documented_role_is_enough(here, at_blue, tmp_path):
    documents = rbac.documents(["argo_rollouts"], here.namespace, "swap")
    (tmp_path / "role.yaml").write_text(rbac.as_yaml(documents))
    here.node.kubectl("apply", "-f", str(tmp_path / "role.yaml"))
    token = here.node.kubectl("create", "token", "swap", "-n", here.namespace).strip()
    config = json.loads(here.node.kubectl("config", "view", "--raw", "--output=json"))
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    cluster = {"kubeconfig": str(tmp_path / "kubeconfig")}
    allowed = {"get deployments.apps", "get replicasets.apps", "get analysisruns.argoproj.io"}
    assert allowed < {permission.action for permission in needed(["argo_rollouts"])}
    section = at_blue.section(cluster=cluster)
    more = {"router": section, "capacity": section}
    outputs = swap(at_blue, {**olds_of(at_blue), **more}, "green", **more)
    assert swap(at_blue, outputs, "blue", **more)["history"][0]["outcome"] == "rolled_back"
