"""The waits, on a real node: pods that come, pods that never will, and words that say why."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from localcloud.kubernetes.node import LocalNode
from localcloud.plugins.driver import Driver
from localcloud.plugins.kubernetes.awaits import network
from localcloud.plugins.kubernetes.awaits.stated import statements
from localcloud.plugins.kubernetes.driver import CallFailed, Resource
from localcloud.plugins.values import ProviderError
from localcloud.plugins.wire import props_of, struct_of
from tests.localcloud.kubernetes_cases import (
    CLAIM,
    CONFIG_MAP,
    DAEMON_SET,
    DEPLOYMENT,
    JOB,
    POD,
    ROUTE,
    SERVICE,
    STATEFUL_SET,
    changed,
    config_map,
    job,
    manifest,
    service,
    workload,
)

INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"


@pytest.fixture(autouse=True)
def settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "SETTLE_SECONDS", 0.3)


def not_ready(driver: Driver, resource: Resource, seconds: float = 2) -> tuple[list[str], Resource]:
    """Why a creation did not become ready in time, and the resource as it reached the state."""
    request = provider_pb2.CreateRequest(urn=resource.urn, properties=struct_of(resource.inputs), timeout=seconds)
    with pytest.raises(CallFailed) as failed:
        driver.call("Create", request)
    status = status_pb2.Status.FromString(dict(failed.value.trailing)["grpc-status-details-bin"])
    kept = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(kept)
    resource.id, resource.outputs = kept.id, props_of(kept.properties)
    assert kept.reasons[0] == failed.value.details
    return list(kept.reasons), resource


def test_a_deployment_is_waited_for_and_says_why_it_is_not_ready(place: Any) -> None:
    inputs = workload("Deployment", "broken", LocalNode.image("broken"))
    reasons, resource = not_ready(place.driver, place.driver.check(DEPLOYMENT, "broken", inputs), 8)
    name = resource.inputs["metadata"]["name"]
    assert f"failed to fully initialize or become live: '{name}' timed out waiting to be Ready" in reasons[0]
    assert "[MinimumReplicasUnavailable] Deployment does not have minimum availability." in reasons
    assert "Minimum number of live Pods was not attained" in reasons
    assert any("containers with unready status: [app]" in one for one in reasons)
    good = place.driver.update(resource, workload("Deployment", "broken"))
    assert good.outputs["status"]["readyReplicas"] == 1
    # Rolled forward to something that does not come: the old pod stays, and the update fails.
    short = changed(inputs, metadata__annotations={"pulumi.com/timeoutSeconds": "3"})
    with pytest.raises(CallFailed, match=f'"{good.id}" failed to fully initialize or become live'):
        place.plugin(timeout_seconds=0).update(good, short)
    skipped = changed(inputs, metadata__annotations={"pulumi.com/skipAwait": "true"})
    assert place.driver.update(good, skipped).id == good.id


def test_an_image_that_cannot_be_had_is_named(place: Any) -> None:
    inputs = workload("StatefulSet", "no-image", "bluegreen.local/app:none")
    reasons, _ = not_ready(place.driver, place.driver.check(STATEFUL_SET, "no-image", inputs), 20)
    assert "0 out of 1 replicas succeeded readiness checks" in reasons
    assert any("[ErrImageNeverPull]" in one and "bluegreen.local/app:none" in one for one in reasons)


def test_workloads_are_ready_when_their_pods_are(place: Any) -> None:
    stateful = workload("StatefulSet", "stateful", spec__replicas=2)
    made = place.make(STATEFUL_SET, "stateful", stateful)
    assert made.outputs["status"]["readyReplicas"] == 2
    newer = workload("StatefulSet", "stateful", LocalNode.image("v2"), spec__replicas=2)
    status = place.driver.update(made, newer).outputs["status"]
    assert status["currentRevision"] == status["updateRevision"]
    daemon = place.make(DAEMON_SET, "daemon", workload("DaemonSet", "daemon"))
    assert daemon.outputs["status"]["numberAvailable"] == 1
    template = workload("Deployment", "pod")["spec"]["template"]
    assert place.make(POD, "pod", {"spec": template["spec"]}).outputs["status"]["phase"] == "Running"
    none = place.make(DEPLOYMENT, "none", workload("Deployment", "none", spec__replicas=0))
    assert place.driver.read(none) is not None
    for resource in (made, daemon, none):
        place.driver.delete(resource)
        assert place.driver.read(resource) is None


def test_a_job_is_done_or_failed(place: Any) -> None:
    command = ["kubectl", "version", "--client"]
    done = place.make(JOB, "done", job(command, LocalNode.kubectl_image))
    assert done.outputs["status"]["succeeded"] == 1
    assert place.driver.read(done) is not None
    began = time.monotonic()
    reasons, failed = not_ready(place.driver, place.driver.check(JOB, "failed", job(["/not-there"])), 3600)
    assert time.monotonic() - began < 600  # not until the time is up
    assert "failed" in reasons[0]
    assert any("BackoffLimitExceeded" in one for one in reasons)
    anew = {"metadata__annotations": {"pulumi.com/replaceUnready": "true"}}
    assert place.driver.diff(failed, changed(failed.inputs, **anew)).replaces
    assert not place.driver.diff(done, changed(done.inputs, **anew)).replaces
    place.driver.delete(failed)


def test_a_service_waits_for_its_endpoints(place: Any) -> None:
    driver = place.driver
    place.make(DEPLOYMENT, "served", workload("Deployment", "served"))
    waiting = workload("Deployment", "waiting", LocalNode.image("broken"))
    place.make(DEPLOYMENT, "waiting", changed(waiting, metadata__annotations={"pulumi.com/skipAwait": "true"}))
    assert place.make(SERVICE, "served", service(spec__selector={"app": "served"})).id
    unready = driver.check(SERVICE, "waiting", service(spec__selector={"app": "waiting"}))
    deadline = time.monotonic() + 60
    while "waiting" not in place.kubectl(
        "get", "pods", "-o", "jsonpath={.items[?(@.status.podIP)].metadata.labels.app}"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    reasons, _ = not_ready(driver, unready)
    assert any("Service does not target any Pods" in one for one in reasons)
    # Nothing selected, nothing to wait for.
    for name, spec in {
        "bare": {},
        "empty": {"selector": {}},
        "headless": {"clusterIP": "None", "selector": {"app": "waiting"}},
        "outside": {"type": "ExternalName", "externalName": "example.org", "ports": None},
        "nobody": {"selector": {"app": "nobody-has-this"}},
    }.items():
        inputs = service()
        inputs["spec"] |= spec
        assert place.make(SERVICE, name, inputs).id
    reasons, _ = not_ready(driver, driver.check(SERVICE, "balanced", service(spec__type="LoadBalancer")))
    assert any("Service was not allocated an IP address" in one for one in reasons)


def test_an_ingress_waits_for_an_address(place: Any) -> None:
    place.make(SERVICE, "behind", service(metadata__name="behind"))
    inputs = manifest("""
        spec: {rules: [{http: {paths: [
          {path: /, pathType: Prefix, backend: {service: {name: behind, port: {number: 80}}}}]}}]}
    """)
    reasons, _ = not_ready(place.driver, place.driver.check(INGRESS, "in", inputs))
    assert any(".status.loadBalancer field was not updated" in one for one in reasons)
    skipped = changed(inputs, metadata__annotations={"pulumi.com/skipAwait": "true"})
    assert place.make(INGRESS, "skipped", skipped).id


def test_a_claim_waits_to_be_bound(place: Any) -> None:
    inputs = manifest(
        "spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}"
    )
    reasons, resource = not_ready(place.driver, place.driver.check(CLAIM, "claim", inputs))
    assert any("PersistentVolumeClaim is Pending, storage class 'none'" in one for one in reasons)
    name = resource.inputs["metadata"]["name"]  # the node has no controllers of volumes, which would release it
    place.kubectl("patch", "persistentvolumeclaim", name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    place.driver.delete(resource)


def test_custom_resources_wait_for_what_they_say(place: Any) -> None:
    spec = {"rules": [{"backendRefs": [{"name": "a", "port": 80}]}]}
    assert place.make(ROUTE, "free", {"spec": spec}).id
    told = {"spec": spec, "metadata": {"annotations": {"pulumi.com/waitFor": "jsonpath={.spec.rules[0].name}=there"}}}
    reasons, _ = not_ready(place.driver, place.driver.check(ROUTE, "told", told))
    assert any("Waiting for jsonpath={.spec.rules[0].name}=there" in one for one in reasons)
    stated = config_map(metadata__annotations={"pulumi.com/waitFor": '["jsonpath={.data.a}=1", "jsonpath={.data}"]'})
    assert place.make(CONFIG_MAP, "stated", stated).id


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("condition=Ready", True),
        ("condition=Ready=False", False),
        ("condition=Other", False),
        ("jsonpath={.status.phase}=Running", True),
        ("jsonpath={.status.phase}", True),
        ("jsonpath={.status.nothing}", False),
        ('jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', True),
        ("jsonpath={.status.conditions[*].type}=Ready", True),
        ("jsonpath='{.status.conditions[0].status}'=True", True),
    ],
)
def test_statements(text: str, holds: bool) -> None:
    obj = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
    assert [one.holds(obj) for one in statements(text)] == [holds]


def test_statements_of_another_form_are_refused() -> None:
    with pytest.raises(ProviderError, match='expected a "jsonpath=" or "condition=" prefix'):
        statements("ready")


def test_a_cancelled_wait_ends(place: Any) -> None:
    driver = place.plugin()
    inputs = workload("Deployment", "cancelled", LocalNode.image("broken"))
    timer = threading.Timer(1.5, lambda: driver.call("Cancel", empty_pb2.Empty()))
    timer.start()
    reasons, _ = not_ready(driver, driver.check(DEPLOYMENT, "cancelled", inputs), 60)
    assert "Resource operation was cancelled" in reasons[0]


def test_a_deletion_that_does_not_end_names_the_finalizers(place: Any) -> None:
    made = place.make(CONFIG_MAP, "held", config_map(metadata={"name": "held", "finalizers": ["example.org/held"]}))
    request = provider_pb2.DeleteRequest(id=made.id, urn=made.urn, properties=struct_of(made.outputs), timeout=1)
    with pytest.raises(CallFailed, match="timed out waiting for the condition"):
        place.driver.call("Delete", request)
    assert any("finalizers might be preventing deletion (example.org/held)" in one for one in place.driver.said)
    place.kubectl("patch", "configmap", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
