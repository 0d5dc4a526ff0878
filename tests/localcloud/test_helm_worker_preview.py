"""Objects of a chart that act without traffic rest in the idle color, and the real engine's preview shows it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.kubernetes.node import LocalNode
from localcloud.progress import Silent
from localcloud.tools import helm
from tests.localcloud.kubernetes_stack import Stack

CHART = Path(__file__).resolve().parents[1] / "kubernetes" / "chart"
BESIDE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ include "shop.fullname" . }}-worker}
spec:
  replicas: 3
  selector: {matchLabels: {app: {{ .Release.Name }}-worker}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}-worker}}
    spec:
      containers: [{name: worker, image: "bluegreen.local/app:v1"}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: {{ include "shop.fullname" . }}-report}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: report, image: "bluegreen.local/app:v1"}]
"""
PROGRAM = """
import pulumi
from bluegreen.kubernetes import HelmService

config = pulumi.Config()
release = {"chart": config.require("chart"), "values": {"image": {"tag": "v1"}}}
HelmService(
    "web",
    active_color=config.require("activeColor"),
    blue=release,
    green=release,
    without_traffic=config.get_object("withoutTraffic"),
)
"""


@pytest.fixture
def stack(node: LocalNode, tmp_path: Path) -> Iterator[Stack]:
    chart = tmp_path / "shop"
    shutil.copytree(CHART, chart)
    (chart / "templates" / "beside.yaml").write_text(BESIDE)
    project = tmp_path / "project"
    project.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{helm.ensure(Silent())}:{node.process_env()['PATH']}")
        made = Stack(node, project, PROGRAM)
        made.set(chart=str(chart))
        yield made


def previewed(stack: Stack) -> tuple[dict[str, Any], str]:
    """The specs that a preview shows, by kind and name, and all that it says beside."""
    said = stack.run("preview", "--json")
    found, _ = json.JSONDecoder().raw_decode(said[said.index("{") :])
    states = [step["newState"] for step in found["steps"] if "newState" in step]
    specs = {
        (state["inputs"]["kind"], state["inputs"]["metadata"]["name"]): state["inputs"].get("spec") or {}
        for state in states
        if "metadata" in state.get("inputs", {}) and "kind" in state["inputs"]
    }
    return specs, json.dumps(found.get("diagnostics", [])) + said


@pytest.mark.parametrize(("live", "idle"), [("blue", "green"), ("green", "blue")])
def test_a_preview_shows_that_a_charts_worker_rests_with_its_color(stack: Stack, live: str, idle: str) -> None:
    stack.set(activeColor=live)
    specs, said = previewed(stack)
    assert specs["Deployment", f"web-{live}-worker"]["replicas"] == 3
    assert specs["Deployment", f"web-{idle}-worker"]["replicas"] == 0
    assert not specs["CronJob", f"web-{live}-report"].get("suspend")
    assert specs["CronJob", f"web-{idle}-report"]["suspend"] is True
    for named in ("Deployment/web-worker", "CronJob/web-report"):
        assert f"web: {named} of the chart acts in the live color alone" in said


def test_a_preview_shows_that_it_acts_in_both_where_somebody_has_said_so(stack: Stack) -> None:
    stack.set(activeColor="blue", withoutTraffic=json.dumps({"Deployment/web-worker": "both"}))
    specs, said = previewed(stack)
    assert [specs["Deployment", f"web-{color}-worker"]["replicas"] for color in ("blue", "green")] == [3, 3]
    assert specs["CronJob", "web-green-report"]["suspend"] is True
    assert "Deployment/web-worker of the chart acts" not in said
