"""Charts over the real `helm`: releases that Helm keeps, and charts whose objects are the stack's own resources."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from localcloud.kubernetes.node import LocalNode
from localcloud.plugins.kubernetes.driver import WHICH, CallFailed, Refused, Resource
from localcloud.plugins.values import Secret
from localcloud.plugins.wire import props_of, struct_of
from localcloud.progress import Silent
from localcloud.tools import helm
from tests.localcloud.kubernetes_stack import Stack

RELEASE = "kubernetes:helm.sh/v3:Release"
TEMPLATE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-web, namespace: {{ .Release.Namespace }}}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - {name: app, image: {{ .Values.image | quote }}, imagePullPolicy: Never}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-facts}
data:
  version: {{ .Capabilities.KubeVersion.Version | quote }}
  routes: {{ .Capabilities.APIVersions.Has "apps/v1/Deployment" | quote }}
  there: {{ if lookup "v1" "Namespace" "" "default" }}"yes"{{ else }}"no"{{ end }}
  deep: {{ .Values.deep.value | quote }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-kept
  annotations: {helm.sh/resource-policy: keep}
stringData: {a: very-hidden}
"""
HOOK = """
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-hook, annotations: {helm.sh/hook: test}}
"""
PROGRAM = """
import pulumi
from pulumi_kubernetes import core
from pulumi_kubernetes.helm import v3, v4

config = pulumi.Config()
namespace = core.v1.Namespace("charts", metadata={"name": config.require("namespace")})
values = {"image": config.require("image"), "deep": {"value": config.require_secret("deep")}}
where = {"namespace": namespace.metadata.name, "chart": config.require("chart")}
release = v3.Release("kept", v3.ReleaseArgs(**where, name="kept", values=values, timeout=60))
chart = v4.Chart("drawn", v4.ChartArgs(**where, name="drawn", values=values))
pulumi.export("status", release.status.status)
pulumi.export("revision", release.status.revision)
pulumi.export("version", release.status.version)
pulumi.export("names", release.resource_names)
"""


@pytest.fixture(scope="module", autouse=True)
def helm_on_path(node: LocalNode) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{helm.ensure(Silent())}:{node.process_env()['PATH']}")
        yield


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chart") / "shop"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 1.2.3\nappVersion: '7'\n")
    (folder / "values.yaml").write_text(f"image: {LocalNode.image('v1')}\ndeep: {{value: '1', other: '2'}}\n")
    (folder / "templates" / "all.yaml").write_text(TEMPLATE)
    (folder / "templates" / "hook.yaml").write_text(HOOK)
    return folder


def _release(place: Any, chart: Path, name: str, **more: Any) -> Resource:
    inputs = {"chart": str(chart), "namespace": place.namespace, "timeout": 60, **more}
    return place.driver.check(RELEASE, name, inputs)


def test_a_release_through_its_life(place: Any, chart: Path) -> None:
    driver = place.driver
    resource = _release(place, chart, "life", values={"deep": {"value": "9"}})
    name = resource.inputs["name"]
    assert name.startswith("life-")
    assert resource.inputs["resourceNames"]["Deployment.apps/apps/v1"] == [f"{place.namespace}/{name}-web"]
    assert len(resource.inputs["checksum"]) == 64
    made = driver.create(resource)
    assert made.id == f"{place.namespace}/{name}"
    assert made.outputs["status"] == {
        "appVersion": "7",
        "chart": "shop",
        "name": name,
        "namespace": place.namespace,
        "revision": 1,
        "status": "deployed",
        "version": "1.2.3",
    }
    assert place.kubectl("get", f"deployment/{name}-web", "-o", "jsonpath={.status.readyReplicas}") == "1"
    assert place.kubectl("get", f"configmap/{name}-facts", "-o", "jsonpath={.data.deep}") == "9"
    inputs = {"chart": str(chart), "namespace": place.namespace, "timeout": 60, "values": {"deep": {"value": "9"}}}
    assert driver.diff(made, inputs).detailed == {}
    assert driver.diff(driver.read(made), inputs).detailed == {}
    changed = {**inputs, "values": {"deep": {"value": "10"}, "image": LocalNode.image("v2")}}
    plan = driver.diff(made, changed)
    assert plan.detailed == {"checksum": "update", "values.deep.value": "update", "values.image": "add"}
    assert driver.diff(made, {**inputs, "namespace": "other"}).replaces == ["namespace"]
    updated = driver.update(made, changed)
    assert updated.outputs["status"]["revision"] == 2
    driver.delete(updated)
    assert driver.read(updated) is None
    assert f"{name}-web" not in place.kubectl("get", "deployments", "-o", "name")


def test_a_release_that_fails_is_kept_with_its_reason(place: Any, chart: Path) -> None:
    broken = {"image": "bluegreen.local/app:none"}
    resource = _release(place, chart, "broken", values=broken, timeout=3)
    request = provider_pb2.CreateRequest(urn=resource.urn, properties=struct_of(resource.inputs))
    with pytest.raises(CallFailed, match="was created, but failed to initialize completely") as failed:
        place.driver.call("Create", request)
    status = status_pb2.Status.FromString(dict(failed.value.trailing)["grpc-status-details-bin"])
    kept = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(kept)
    resource.id, resource.outputs = kept.id, props_of(kept.properties)
    assert resource.outputs["status"]["status"] == "failed"
    # Without values Helm would take those of the release that failed.
    repaired = {"chart": str(chart), "namespace": place.namespace, "values": {"image": LocalNode.image("v1")}}
    good = place.driver.update(resource, repaired)
    assert (good.outputs["status"]["status"], good.outputs["status"]["revision"]) == ("deployed", 2)
    place.driver.delete(good)
    atomic = _release(place, chart, "atomic", values=broken, timeout=3, atomic=True)
    with pytest.raises(CallFailed, match="context deadline exceeded"):
        place.driver.create(atomic)
    assert place.driver.read(Resource(RELEASE, "atomic", {}, f"{place.namespace}/{atomic.inputs['name']}")) is None


def test_what_helm_or_the_plugin_refuses(place: Any, chart: Path) -> None:
    with pytest.raises(Refused, match="chrt"):
        place.driver.check(RELEASE, "a", {"chart": str(chart), "chrt": "x"})
    with pytest.raises(Refused, match="check the chart name and repository configuration"):
        place.driver.check(RELEASE, "a", {"chart": str(chart / "none")})
    files = [{"text": "{deep: {value: from-a-file, more: 1}}"}]
    merged = _release(place, chart, "a", valueYamlFiles=files, values={"deep": {"more": 2}})
    assert merged.inputs["values"] == {"deep": {"value": "from-a-file", "more": 2}}
    given = struct_of({"chart": str(chart), "values": {"deep": {"value": Secret("hush")}}})
    urn = f"urn:pulumi:s::p::{RELEASE}::hidden"
    checked = place.driver.call("Check", provider_pb2.CheckRequest(urn=urn, news=given, randomSeed=b"1"))
    assert isinstance(props_of(checked.inputs, keep_secrets=True)["values"]["deep"]["value"], Secret)
    rendered = place.driver.invoke("kubernetes:helm:template", jsonOpts=json.dumps({"path": str(chart)}))["result"]
    assert [one["kind"] for one in rendered] == ["Secret", "ConfigMap", "Deployment"]


@pytest.mark.skipif(WHICH != "", reason="the stand-in alone runs the program, from this process' PATH")
def test_without_the_helm_program_a_chart_is_refused(place: Any, chart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert shutil.which("helm") is None
    with pytest.raises(Refused, match="the `helm` program is not on PATH"):
        place.driver.check(RELEASE, "a", {"chart": str(chart)})


def test_charts_in_a_stack(node: LocalNode, chart: Path, tmp_path: Path) -> None:
    stack, namespace = Stack(node, tmp_path, PROGRAM), f"kubernetes-plugin-charts-{secrets.token_hex(3)}"
    stack.set(chart=str(chart), image=LocalNode.image("v1"), namespace=namespace)
    stack.run("config", "set", "--secret", "deep", "hush-hush")
    try:
        assert stack.changes("up")["created"] == 7
        said = json.loads(stack.run("stack", "output", "--json"))
        assert (said["status"], said["revision"], said["version"]) == ("deployed", 1, "1.2.3")
        assert said["names"]["Deployment.apps/apps/v1"] == [f"{namespace}/kept-web"]
        resources = stack.resources()
        assert resources[f"Deployment drawn:{namespace}/drawn-web"]["parent"].endswith("::drawn")
        facts = resources[f"ConfigMap drawn:{namespace}/drawn-facts"]["outputs"]["data"]
        assert facts["version"].startswith("v1.34.")
        assert (facts["routes"], facts["there"]) == ("true", "yes")
        assert resources[f"Secret drawn:{namespace}/drawn-kept"]["retainOnDelete"] is True
        assert not any("hook" in name for name in resources)
        stack.set(image=LocalNode.image("v2"))
        changes = stack.changes("up")
        assert (changes["updated"], changes["unchanged"]) == (2, 5)
        assert json.loads(stack.run("stack", "output", "--json"))["revision"] == 2
    finally:
        stack.run("destroy", "--yes", "--skip-preview")
