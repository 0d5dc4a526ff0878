"""Objects on a real API server: who owns what, what is refused, what a refresh and an import find."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from localcloud.plugins.kubernetes import writing
from localcloud.plugins.kubernetes.awaits import network
from localcloud.plugins.kubernetes.driver import CallFailed, Resource
from localcloud.plugins.values import UNKNOWN, Secret
from localcloud.plugins.wire import props_of, struct_of
from tests.localcloud.kubernetes_cases import (
    CONFIG_MAP,
    DEPLOYMENT,
    NAMESPACE,
    ROUTE,
    SECRET,
    SERVICE,
    changed,
    config_map,
    manifest,
    service,
    workload,
)


def managers(resource: Resource) -> set[tuple[str, str]]:
    fields = resource.outputs["metadata"]["managedFields"]
    return {(one["manager"], one["operation"]) for one in fields if one["manager"].startswith("pulumi")}


def test_a_life_under_a_manager_of_its_own(place: Any) -> None:
    """Made by a plain create, then changed and given up by applies that took over what the create wrote."""
    driver, inputs = place.driver, config_map(data={"a": "1", "b": "2"}, metadata__labels={"x": "y"})
    preview = driver.create(driver.check(CONFIG_MAP, "life", inputs), preview=True)
    assert preview.id == ""
    assert preview.outputs["data"] == {"a": "1", "b": "2"}
    assert "life" not in place.kubectl("get", "configmaps", "-o", "name")
    made = place.make(CONFIG_MAP, "life", inputs)
    manager = made.outputs["__fieldManager"]
    assert made.id == f"{place.namespace}/{made.inputs['metadata']['name']}"
    assert manager.startswith("pulumi-kubernetes-")
    assert managers(made) == {(manager, "Update")}
    assert (made.outputs["__inputs"], made.outputs["__initialApiVersion"]) == (made.inputs, "v1")
    read = driver.read(made)
    assert (read.inputs, read.outputs) == (made.inputs, made.outputs)
    wanted = config_map(data={"a": "9"}, metadata__labels={"x": "y"})
    assert driver.update(made, wanted, preview=True).outputs["data"]["a"] == "9"
    assert driver.read(made).outputs == made.outputs
    updated = driver.update(made, wanted)
    assert updated.outputs["data"] == {"a": "9"}
    assert managers(updated) == {(manager, "Apply")}
    driver.delete(updated)
    assert driver.read(updated) is None
    driver.delete(updated)  # a delete that ran before is no error


def test_what_exists_already_fails_a_create_but_not_its_preview(place: Any) -> None:
    named = config_map(metadata__name="taken")
    place.make(CONFIG_MAP, "taken", named)
    resource = place.driver.check(CONFIG_MAP, "again", named)
    assert place.driver.create(resource, preview=True).outputs["data"] == {"a": "1"}
    with pytest.raises(CallFailed, match=r'was not successfully created by .*: configmaps "taken" already exists'):
        place.driver.create(resource)
    adopting = place.plugin(upsertExistingObjects="true")
    assert adopting.create(adopting.check(CONFIG_MAP, "again", changed(named, data={"c": "3"}))).outputs["data"]["c"]


def test_a_conflict_names_the_fields_and_the_other_manager(place: Any) -> None:
    made = place.make(CONFIG_MAP, "conflict", config_map(data={"a": "1"}))
    made = place.driver.update(made, config_map(data={"a": "1", "b": "1"}))
    theirs = json.dumps({"data": {"a": "theirs"}})
    place.kubectl(
        *("patch", "configmap", made.inputs["metadata"]["name"], "--type=merge", "--field-manager=swap", "-p", theirs)
    )
    wanted = config_map(data={"a": "ours", "b": "2"})
    for preview in (True, False):
        with pytest.raises(CallFailed, match="Server-Side Apply field conflict detected") as failed:
            place.driver.update(made, wanted, preview=preview)
    assert f'managed by field manager "{made.outputs["__fieldManager"]}" had an apply conflict' in failed.value.details
    assert 'conflict with "swap"' in failed.value.details
    assert ".data.a" in failed.value.details
    kept = _kept(failed.value)
    assert kept.id == made.id
    assert props_of(kept.properties)["data"] == {"a": "theirs", "b": "1"}
    assert place.driver.update(made, wanted, ignore=("data.a",)).outputs["data"] == {"a": "theirs", "b": "2"}
    forced = changed(wanted, metadata__annotations={"pulumi.com/patchForce": "true"})
    assert place.driver.update(made, forced).outputs["data"] == {"a": "ours", "b": "2"}


def _kept(error: CallFailed) -> Any:
    status = status_pb2.Status.FromString(dict(error.trailing)["grpc-status-details-bin"])
    kept = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(kept)
    return kept


def test_a_selector_and_a_scale_of_others_survive_updates(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a swap: it applies the Service's selector and scales the Deployment, each as its own manager."""
    monkeypatch.setattr(network, "SETTLE_SECONDS", 0.3)
    driver = place.driver
    svc = place.make(SERVICE, "swapped", service())
    web = place.make(DEPLOYMENT, "scaled", workload("Deployment", "scaled"))
    name = svc.inputs["metadata"]["name"]
    selector = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": place.namespace}}
    selector["spec"] = {"selector": {"color": "green"}}
    place.apply(selector, "bluegreen")
    deployment = f"deployment/{web.inputs['metadata']['name']}"
    place.kubectl("scale", deployment, "--replicas=2")
    place.kubectl("rollout", "status", deployment, "--timeout=180s")
    assert driver.diff(driver.read(svc), service()).detailed == {}
    assert driver.diff(driver.read(web), workload("Deployment", "scaled")).detailed == {}
    svc = driver.update(svc, service(metadata__labels={"a": "b"}))
    assert svc.outputs["spec"]["selector"] == {"color": "green"}
    svc = driver.update(svc, service(metadata__labels={"a": "c"}))
    assert svc.outputs["spec"]["selector"] == {"color": "green"}
    assert svc.outputs["spec"]["clusterIP"].startswith("10.96.")
    web = driver.update(web, workload("Deployment", "scaled", spec__minReadySeconds=1))
    assert (web.outputs["spec"]["replicas"], web.outputs["status"]["readyReplicas"]) == (2, 2)


def test_a_patch_changes_an_object_of_others_and_gives_it_back(place: Any) -> None:
    driver = place.driver
    svc = place.make(SERVICE, "patched", service(metadata__name="patched"))
    patch = service(metadata={"name": "patched", "labels": {"by": "patch"}})
    del patch["spec"]
    made = place.make(SERVICE + "Patch", "patch", patch)
    assert made.outputs["metadata"]["labels"] == {"by": "patch"}
    assert driver.diff(made, patch).detailed == {}
    made = driver.update(made, changed(patch, metadata__labels={"by": "another"}))
    assert driver.read(svc).outputs["metadata"]["labels"] == {"by": "another"}
    driver.delete(made)
    assert "labels" not in driver.read(svc).outputs["metadata"]
    only = place.make(SERVICE + "Patch", "only", service(metadata__name="of-the-patch"))
    with pytest.raises(CallFailed, match="managing a required field, so it can't be deleted directly"):
        driver.delete(only)


def test_names_that_the_api_does_not_know_are_refused(place: Any) -> None:
    spec = {"rules": [{"backendRef": [{"name": "a", "port": 80}]}]}
    resource = place.driver.check(ROUTE, "typo", {"metadata": {}, "spec": spec})
    for preview in (True, False):
        with pytest.raises(CallFailed, match=r"\.?spec.rules\[0\].backendRef"):
            place.driver.create(resource, preview=preview)
    with pytest.raises(CallFailed, match=r"spec.ports\[0\].port: Invalid value: 70000"):
        place.make(SERVICE, "typo", service(spec__ports=[{"port": 70000}]))


def test_a_custom_resource_waits_for_its_definition(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_FIRST_PAUSE_SECONDS", 0.01)
    group = f"{place.namespace}.example"
    token = f"kubernetes:{group}/v1:Widget"
    resource = place.driver.check(token, "widget", {"spec": {"size": 3}})
    assert place.driver.create(resource, preview=True).outputs["spec"] == {"size": 3}
    with pytest.raises(CallFailed, match=f'no matches for kind "Widget" in version "{group}/v1"'):
        place.driver.create(resource)
    size = {"type": "object", "properties": {"size": {"type": "integer"}, "x": {"type": "object"}}}
    size["properties"]["x"]["x_kubernetes_preserve_unknown_fields"] = True
    schema = {"type": "object", "properties": {"spec": size}}
    definition = manifest(
        f"{{metadata: {{name: widgets.{group}}}, spec: {{group: {group}, scope: Namespaced, "
        "names: {plural: widgets, kind: Widget}, versions: [{name: v1, served: true, storage: true}]}}"
    )
    definition["spec"]["versions"][0]["schema"] = {"openAPIV3Schema": schema}
    defined = place.make("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "widgets", definition)
    try:
        kept = defined.outputs["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        assert kept["properties"]["x"]["x_kubernetes_preserve_unknown_fields"] is True
        assert place.driver.diff(defined, definition).detailed == {}
        monkeypatch.setattr(writing, "_FIRST_PAUSE_SECONDS", 0.2)
        made = place.driver.create(resource)
        assert made.outputs["spec"] == {"size": 3}
        schema["properties"]["status"] = {"type": "object"}
        defined = place.driver.update(defined, definition)
        assert place.driver.update(made, {"spec": {"size": 4}}).outputs["spec"] == {"size": 4}
    finally:
        place.driver.delete(defined)
    assert place.driver.read(resource) is None
    place.driver.delete(resource)


def test_secrets_stay_secret(place: Any) -> None:
    driver, given = place.driver, {"stringData": {"token": Secret("hush")}, "kind": "Secret", "apiVersion": "v1"}
    urn = f"urn:pulumi:s::p::{SECRET}::hidden"
    checked = driver.call("Check", provider_pb2.CheckRequest(urn=urn, news=struct_of(given), randomSeed=b"1"))
    assert isinstance(props_of(checked.inputs, keep_secrets=True)["data"], Secret)
    made = driver.call("Create", provider_pb2.CreateRequest(urn=urn, properties=checked.inputs))
    state = props_of(made.properties, keep_secrets=True)
    assert isinstance(state["data"], Secret)
    assert isinstance(state["__inputs"]["data"], Secret)
    assert state["data"].value == {"token": "aHVzaA=="}
    request = provider_pb2.ReadRequest(id=made.id, urn=urn, properties=made.properties, inputs=checked.inputs)
    read = driver.call("Read", request)
    assert props_of(read.inputs, keep_secrets=True)["data"].value == {"token": "aHVzaA=="}
    assert isinstance(props_of(read.properties, keep_secrets=True)["data"], Secret)


def test_an_import_takes_what_is_there(place: Any) -> None:
    place.kubectl("create", "configmap", "found", "--from-literal=a=b")
    found = place.driver.read(Resource(CONFIG_MAP, "found", {}, f"{place.namespace}/found"))
    assert found.inputs["data"] == {"a": "b"}
    assert found.inputs["metadata"] == {"name": "found", "namespace": place.namespace}
    wanted = config_map(metadata__name="found", data={"a": "c"})
    assert place.driver.update(found, wanted).outputs["data"] == {"a": "c"}
    assert place.driver.read(Resource(CONFIG_MAP, "none", {}, f"{place.namespace}/none")) is None


def test_what_a_preview_cannot_know_is_left_open(place: Any) -> None:
    unknown = config_map(data={"a": UNKNOWN})
    assert (
        place.driver.create(place.driver.check(CONFIG_MAP, "a", unknown), preview=True).outputs["data"]["a"] is UNKNOWN
    )
    elsewhere = place.driver.check(CONFIG_MAP, "a", config_map(metadata__namespace="not-there-yet"))
    assert place.driver.create(elsewhere, preview=True).outputs["data"] == {"a": "1"}
    made = place.make(CONFIG_MAP, "a", config_map())
    assert place.driver.update(made, unknown, preview=True).outputs["data"]["a"] is UNKNOWN
    assert place.driver.diff(made, unknown).detailed == {"data.a": "update-replace"}


def test_many_objects_side_by_side(place: Any) -> None:
    """One provider, many threads, as the engine calls it: each object is one of its own."""
    fresh = place.plugin()

    def one(number: int) -> Resource:
        made = fresh.create(fresh.check(CONFIG_MAP, f"many-{number}", config_map(data={"a": str(number)})))
        return fresh.update(made, config_map(data={"a": f"{number}!"}))

    with ThreadPoolExecutor(40) as threads:
        made = list(threads.map(one, range(80)))
    assert [each.outputs["data"]["a"] for each in made] == [f"{number}!" for number in range(80)]
    assert len({each.id for each in made}) == len({each.outputs["__fieldManager"] for each in made}) == 80


def test_client_side_mode_merges(place: Any) -> None:
    driver = place.plugin(enableServerSideApply="false", enableConfigMapMutable="true")
    made = driver.create(driver.check(CONFIG_MAP, "merged", config_map(data={"a": "1", "b": "2"})))
    assert made.outputs["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "pulumi"}
    place.kubectl("patch", "configmap", made.inputs["metadata"]["name"], "--type=merge", "-p", '{"data":{"c":"3"}}')
    updated = driver.update(made, config_map(data={"a": "9"}))
    assert updated.outputs["data"] == {"a": "9", "c": "3"}
    driver.delete(updated)


def test_a_namespace_goes_with_all_that_is_in_it(place: Any) -> None:
    made = place.make(NAMESPACE, f"{place.namespace}-gone", {"metadata": {"labels": {"a": "b"}}})
    place.make(CONFIG_MAP, "inside", config_map(metadata__namespace=made.id))
    place.driver.delete(made)
    assert place.driver.read(made) is None
    protected = place.driver.read(Resource(NAMESPACE, "default", {}, "default"))
    protected.outputs["__fieldManager"] = "pulumi-kubernetes-x"
    with pytest.raises(CallFailed, match="this namespace may not be deleted"):
        place.driver.delete(protected)
    assert place.driver.read(protected) is not None
