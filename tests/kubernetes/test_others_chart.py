"""A chart as many are, rendered by Helm itself, in both colors: what the component makes of each of its objects."""

from __future__ import annotations

import subprocess
from functools import partial
from pathlib import Path

import pulumi
import pytest

from bluegreen.kubernetes.helm_charts.helm_service import _rests, _transform
from bluegreen.kubernetes.helm_charts.release import chart_arguments, pod_labels
from bluegreen.kubernetes.manifests.coloring import key_of
from bluegreen.kubernetes.manifests.reading import objects_in
from localcloud.progress import Silent
from localcloud.tools import helm

CHART = Path(__file__).parent / "others" / "chart"
COLORS = ("blue", "green")


@pytest.fixture(scope="module")
def rendered():
    """The objects of each color's release, as the provider gives them to the component's transform."""

    def of(color):
        name = f"store-{color}"
        full = chart_arguments({"chart": str(CHART)}, name)["values"]["fullnameOverride"]
        command = [helm.ensure(Silent()) / "helm", "template", name, CHART, "--set", f"fullnameOverride={full}"]
        return objects_in(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    return {color: of(color) for color in COLORS}


def installed(rendered, active, **said):
    """By color and name what is declared, and what of it counts at its creation alone."""
    found = {}
    for color, manifests in rendered.items():
        workload = f"store-{color}"
        rests = partial(_rests, "store", color, workload, said) if color != active else lambda _: False
        count = 3 if color == active else 0
        change = _transform(workload, pod_labels("store", color), count, lambda *_, **__: None, rests)
        for one in manifests:
            kind = f"kubernetes:{one['apiVersion']}:{one['kind']}"
            args = pulumi.ResourceTransformArgs(False, kind, one["metadata"]["name"], one, pulumi.ResourceOptions())
            made = change(args)
            found[key_of(one)] = (one, []) if made is None else (made.props, list(made.opts.ignore_changes or ()))
    return found


def test_no_object_of_one_color_is_one_of_the_others(rendered):
    blue, green = ({key_of(one) for one in rendered[color]} for color in COLORS)
    assert not blue & green
    assert len(blue) == len(green) == 9


@pytest.mark.parametrize(("active", "idle"), [("blue", "green"), ("green", "blue")])
def test_what_acts_without_traffic_acts_in_the_live_color_alone(rendered, active, idle):
    found = {key: made for key, (made, _) in installed(rendered, active).items()}
    assert found[f"Deployment/store-{idle}-worker"]["spec"]["replicas"] == 0
    assert found[f"Deployment/store-{active}-worker"]["spec"]["replicas"] == 2
    assert found[f"CronJob/store-{idle}-mails"]["spec"]["suspend"] is True
    assert "suspend" not in found[f"CronJob/store-{active}-mails"]["spec"]
    paused = {"autoscaling.keda.sh/paused-replicas": "0"}
    assert found[f"ScaledObject/store-{idle}-worker"]["metadata"]["annotations"] == paused
    assert "annotations" not in found[f"ScaledObject/store-{active}-worker"]["metadata"]
    assert "replicas" not in found[f"StatefulSet/store-{idle}-cache"]["spec"], "it listens"


def test_all_else_stays_and_of_the_workload_only_labels_and_the_count_are_added(rendered):
    found = installed(rendered, "blue", **{"Deployment/store-worker": "both", "CronJob/store-mails": "both"})
    for color in COLORS:
        for one in rendered[color]:
            made, set_once = found[key_of(one)]
            if key_of(one) != f"Deployment/store-{color}":
                if one["kind"] != "ScaledObject":
                    assert (made, set_once) == (one, [])
                continue
            assert set_once == ["spec.replicas"]
            spec, was = made["spec"], one["spec"]
            assert spec["replicas"] == (3 if color == "blue" else 0)
            assert {**spec["template"], "metadata": None} == {**was["template"], "metadata": None}
            labels = spec["template"]["metadata"]["labels"]
            added = {"bluegreen/service": "store", "bluegreen/color": color}
            assert labels == {**was["template"]["metadata"]["labels"], **added}
            assert spec["selector"] == was["selector"]
