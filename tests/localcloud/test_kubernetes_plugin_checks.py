"""The plugin's refusals, defaults, and differences, without any call to an API server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.plugins.kubernetes import settings
from localcloud.plugins.kubernetes.driver import CallFailed, Driver, Refused, Resource
from localcloud.plugins.kubernetes.state import outputs
from localcloud.plugins.values import UNKNOWN, Secret
from tests.localcloud.kubernetes_cases import (
    CONFIG_MAP,
    DEPLOYMENT,
    JOB,
    ROUTE,
    SECRET,
    SERVICE,
    STATEFUL_SET,
    changed,
    config_map,
    job,
    manifest,
    service,
    workload,
)

# Nobody listens there: a call to the API would fail the test.
NOWHERE = json.dumps(
    {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "a"}}, {"name": "there", "context": {"cluster": "b"}}],
        "clusters": [
            {"name": "a", "cluster": {"server": "http://127.0.0.1:1"}},
            {"name": "b", "cluster": {"server": "http://127.0.0.1:2"}},
        ],
    }
)
WEB = workload("Deployment", "web")


@pytest.fixture(scope="module")
def driver() -> Driver:
    return Driver(NOWHERE, namespace="shop")


def made(driver: Driver, token: str, inputs: dict[str, Any], **live: Any) -> Resource:
    """A resource as it would be in the state, without creating it; `live` is what the API added."""
    resource = driver.check(token, "web", inputs)
    found = changed(resource.inputs, metadata__uid="1", metadata__resourceVersion="7", **live)
    resource.id = f"shop/{found['metadata']['name']}"
    resource.outputs = outputs(resource.inputs, found, {}, "pulumi-kubernetes-1")
    return resource


@pytest.mark.parametrize(
    ("token", "inputs", "path", "reason"),
    [
        (SERVICE, service(spec__port=80), "spec.port", "unknown property; known: allocateLoadBalancerNodePorts"),
        (SERVICE, service(spec__ports={"port": 80}), "spec.ports", "expected a list, got dict"),
        (SERVICE, service(metadata__label={"a": "b"}), "metadata.label", "unknown property"),
        (SERVICE, service(metadata__labels=["a"]), "metadata.labels", "expected a map, got list"),
        (DEPLOYMENT, {**WEB, "replicas": 1}, "replicas", "unknown property; known: apiVersion, kind, metadata, spec"),
        (DEPLOYMENT, workload("Deployment", "a", spec__replica=1), "spec.replica", "unknown property"),
        (SERVICE + "Patch", service(metadata__name="a", spec__x=1), "spec.x", "unknown property"),
        (ROUTE, manifest("{kind: HTTPRoute, metadata: {nam: a}}"), "metadata.nam", "unknown property"),
        (CONFIG_MAP, config_map(data={"a": {"b": "c"}}), "data.a", "expected a single value, got dict"),
    ],
)
def test_names_that_the_sdk_does_not_send_are_refused(
    driver: Driver, token: str, inputs: dict[str, Any], path: str, reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        driver.check(token, "web", inputs)
    assert reason in refused.value.failures[path]
    nested = changed(WEB)
    nested["spec"]["template"]["spec"]["containers"][0]["imagePolicy"] = "Never"
    with pytest.raises(Refused, match=r"spec\.template\.spec\.containers\[0\]\.imagePolicy"):
        driver.check(DEPLOYMENT, "web", nested)


def test_names_and_namespaces_are_made_up_and_kept(driver: Driver) -> None:
    one = driver.check(CONFIG_MAP, "web", config_map()).inputs["metadata"]
    assert one["name"].startswith("web-")
    assert len(one["name"]) == len("web-") + 8
    assert one["annotations"] == {"pulumi.com/autonamed": "true"}
    again = driver.check(CONFIG_MAP, "web", config_map(data={"a": "2"}), {"metadata": one})
    assert again.inputs["metadata"] == one
    mine = driver.check(CONFIG_MAP, "web", config_map(metadata={"name": "mine", "namespace": "own"})).inputs
    assert mine["metadata"] == {"name": "mine", "namespace": "own"}
    assert driver.check("kubernetes:core/v1:Namespace", "web", {}).inputs["metadata"].get("namespace") is None
    with pytest.raises(CallFailed, match=r"patch resources require the `.metadata.name` field to be set"):
        driver.check(SERVICE + "Patch", "web", service())
    with pytest.raises(CallFailed, match="generateName"):
        driver.check(CONFIG_MAP, "web", config_map(metadata__generateName="a-"))


def test_client_side_mode_labels_what_it_makes() -> None:
    driver = Driver(NOWHERE, enableServerSideApply="false")
    labels = driver.check(CONFIG_MAP, "web", config_map()).inputs["metadata"]["labels"]
    assert labels == {"app.kubernetes.io/managed-by": "pulumi"}
    with pytest.raises(CallFailed, match="patch resources require Server-Side Apply mode"):
        driver.check(SERVICE + "Patch", "web", service(metadata__name="a"))


@pytest.mark.parametrize(
    ("token", "inputs", "change", "replaces"),
    [
        (SERVICE, service(metadata__name="a"), {"metadata__name": "b"}, True),
        (SERVICE, service(), {"metadata__namespace": "b"}, True),
        (SERVICE, service(), {"metadata__labels": {"a.b/c": "d"}}, False),
        (SERVICE, service(spec__clusterIP="10.96.0.9"), {"spec__clusterIP": "None"}, True),
        (SERVICE, service(), {"spec__selector": {"app": "web"}}, False),
        (CONFIG_MAP, config_map(), {"data": {"a": "2"}}, True),
        (SECRET, manifest("{apiVersion: v1, kind: Secret, stringData: {a: b}}"), {"stringData": {"a": "c"}}, True),
        (DEPLOYMENT, WEB, {"spec__selector__matchLabels__app": "b"}, True),
        (DEPLOYMENT, WEB, {"spec__replicas": 3}, False),
        (STATEFUL_SET, workload("StatefulSet", "a"), {"spec__serviceName": "b"}, True),
        (STATEFUL_SET, workload("StatefulSet", "a"), {"spec__volumeClaimTemplates": [{}]}, True),
        (STATEFUL_SET, workload("StatefulSet", "a"), {"spec__minReadySeconds": 3}, False),
        (JOB, job(["true"]), {"spec__template__metadata__labels": {"a": "b"}}, True),
        (JOB, job(["true"]), {"spec__backoffLimit": 3}, False),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
            {
                **manifest("{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding}"),
                "roleRef": {"apiGroup": "a", "kind": "Role", "name": "b"},
            },
            {"roleRef__name": "c"},
            True,
        ),
        (SERVICE + "Patch", service(metadata__name="a", spec__clusterIP="None"), {"spec__clusterIP": "1"}, False),
    ],
)
def test_what_replaces(
    driver: Driver, token: str, inputs: dict[str, Any], change: dict[str, Any], replaces: bool
) -> None:
    plan = driver.diff(made(driver, token, inputs), changed(inputs, **change))
    assert bool(plan.replaces) == replaces
    assert len(plan.detailed) == 1
    assert next(iter(plan.detailed.values())).endswith("-replace") == replaces


def test_the_old_one_goes_first_where_the_name_was_chosen(driver: Driver) -> None:
    named = config_map(metadata={"name": "conf", "namespace": "shop"})
    assert driver.diff(made(driver, CONFIG_MAP, named), changed(named, data={"a": "2"})).delete_first
    assert not driver.diff(made(driver, CONFIG_MAP, named), changed(named, metadata__name="other")).delete_first
    plan = driver.diff(made(driver, CONFIG_MAP, config_map()), config_map(data={"a": "2"}))
    assert (plan.replaces, plan.delete_first) == (["data.a"], False)
    mutable = Driver(NOWHERE, enableConfigMapMutable="true")
    assert mutable.diff(made(mutable, CONFIG_MAP, named), changed(named, data={"a": "2"})).replaces == []
    fixed = changed(named, immutable=True)
    assert mutable.diff(made(mutable, CONFIG_MAP, fixed), changed(fixed, data={"a": "2"})).replaces == ["data.a"]


def test_what_others_own_is_no_difference(driver: Driver) -> None:
    """Replicas of an autoscaler, a selector of a swap, defaults of the API, a webhook's sidecar behind the others."""
    live = made(driver, DEPLOYMENT, WEB, spec__replicas=7, spec__strategy={"type": "RollingUpdate"})
    containers = live.outputs["spec"]["template"]["spec"]["containers"]
    containers.append({"name": "sidecar", "image": "proxy"})
    containers[0]["terminationMessagePath"] = "/dev/termination-log"
    assert driver.diff(live, WEB).detailed == {}
    for replicas in (7, 0):
        assert driver.diff(live, changed(WEB, spec__replicas=replicas)).detailed == {"spec.replicas": "add"}
    containers.insert(0, containers.pop())
    assert driver.diff(live, WEB).detailed["spec.template.spec.containers[0].image"] == "update", "lists are by place"
    swapped = made(driver, SERVICE, service(), spec__selector={"color": "green"}, spec__clusterIP="10.96.0.1")
    assert driver.diff(swapped, service()).detailed == {}
    assert driver.diff(swapped, service(spec__selector={}, metadata__labels={})).detailed == {}


def test_a_field_of_ours_that_was_moved_is_a_difference_unless_ignored(driver: Driver) -> None:
    inputs = workload("Deployment", "web", spec__replicas=2)
    live = made(driver, DEPLOYMENT, inputs, spec__replicas=5)
    assert driver.diff(live, inputs).detailed == {"spec.replicas": "update"}
    assert driver.diff(live, inputs, ("spec.replicas",)).detailed == {}
    assert driver.diff(live, WEB).detailed == {"spec.replicas": "delete"}


def test_amounts_and_texts_mean_the_same_in_other_words(driver: Driver) -> None:
    wanted, live = changed(WEB), changed(WEB)
    amounts = ({"cpu": "1000m", "memory": "1024Mi"}, {"cpu": "1", "memory": "1Gi"})
    for obj, requests in zip((wanted, live), amounts, strict=True):
        obj["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": requests}
    assert driver.diff(made(driver, DEPLOYMENT, wanted, spec=live["spec"]), wanted).detailed == {}
    secret = manifest("{apiVersion: v1, kind: Secret, stringData: {a: b}}")
    kept = made(driver, SECRET, secret, data={"a": "Yg=="})
    assert driver.diff(kept, secret).detailed == {}
    moved = made(driver, SECRET, secret, data={"a": "Yw=="})
    assert driver.diff(moved, secret).detailed == {"data.a": "update-replace"}


def test_secrets_are_marked_where_they_come_back() -> None:
    given = {"kind": "Secret", "stringData": {"a": Secret("hush")}}
    kept = outputs({"kind": "Secret", "stringData": {"a": "hush"}}, {"kind": "Secret", "data": {"a": "x"}}, given, "m")
    assert isinstance(kept["data"], Secret)
    assert isinstance(kept["__inputs"]["stringData"], Secret)
    env = {"kind": "Pod", "spec": {"containers": [{"env": [{"value": Secret("hush")}]}], "nodeName": "a"}}
    live = {"kind": "Pod", "spec": {"containers": [{"env": [{"value": "hush"}]}], "nodeName": "a"}}
    kept = outputs(live, live, env, "m")
    assert isinstance(kept["spec"]["containers"], Secret)
    assert kept["spec"]["nodeName"] == "a"
    assert "hush" not in repr(kept)


def test_unknown_settings_and_functions_are_refused() -> None:
    found = settings.refused(
        {"contxt": "a", "renderYamlToDirectory": "x", "helmReleaseSettings": '{"drivr": "a"}', "kubeconfig": UNKNOWN}
    )
    reasons = {one.path: one.reason for one in found}
    assert reasons["contxt"].startswith("unknown setting; known: cluster, clusterIdentifier")
    assert reasons["renderYamlToDirectory"].startswith("not supported")
    assert reasons["helmReleaseSettings.drivr"].startswith("unknown setting; known: driver")
    assert len(reasons) == 3
    driver = Driver(NOWHERE)
    with pytest.raises(CallFailed, match="kubernetes:kustomize:directory is not served by this stand-in"):
        driver.invoke("kubernetes:kustomize:directory", directory="a")


def test_another_cluster_replaces_the_provider() -> None:
    config = {"kubeconfig": NOWHERE}
    assert settings.changed(config, config) == ([], [])
    assert settings.changed(config, {**config, "context": "there"}) == (["context"], ["context"])
    assert settings.changed(config, {**config, "context": "here"}) == (["context"], [])
    assert settings.changed(config, {**config, "namespace": "a"}) == (["namespace"], [])
    assert settings.changed(config, {"kubeconfig": UNKNOWN}) == (["kubeconfig"], ["kubeconfig"])
    named = {**config, "clusterIdentifier": "a"}
    assert settings.changed(named, {**named, "context": "there"}) == (["context"], [])
    assert settings.changed(named, {**named, "clusterIdentifier": "b"})[1] == ["clusterIdentifier"]


def test_an_unreachable_cluster_warns_in_previews_and_fails_writes(driver: Driver) -> None:
    resource = driver.check(CONFIG_MAP, "web", config_map())
    assert driver.create(resource, preview=True).outputs["data"] == {"a": "1"}
    assert any("configured Kubernetes cluster is unreachable: http://127.0.0.1:1" in one for one in driver.said)
    with pytest.raises(CallFailed, match="configured Kubernetes cluster is unreachable"):
        driver.create(resource)
    known = made(driver, CONFIG_MAP, config_map())
    assert driver.update(known, config_map(data={"a": "2"}), preview=True).outputs["data"] == {"a": "2"}
    with pytest.raises(CallFailed, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        driver.read(known)
    with pytest.raises(CallFailed, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        driver.delete(known)
    assert Driver(NOWHERE, deleteUnreachable="true").read(known) is None
    wrong = Driver("/nowhere/kubeconfig")
    with pytest.raises(CallFailed, match="no file /nowhere/kubeconfig"):
        wrong.create(resource)


def test_a_kubeconfig_whose_current_context_is_not_there_leads_nowhere_whatever_is_asked_for() -> None:
    wrong = Driver(json.dumps({**json.loads(NOWHERE), "current-context": "gone"}), context="here")
    with pytest.raises(CallFailed, match="context was not found for specified context: gone"):
        wrong.create(wrong.check(CONFIG_MAP, "web", config_map()))
