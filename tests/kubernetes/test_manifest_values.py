"""Manifests that a program gives as objects hold what JSON has, and each object once: else they are refused."""

from __future__ import annotations

import datetime
import decimal

import pulumi
import pytest
import yaml

from bluegreen.kubernetes import HelmService
from tests.kubernetes.test_references import refusal


def config(**data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data}


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (
            config(day=datetime.date(2026, 4, 1)),
            "ConfigMap/settings.data.day: '2026-04-01' is not allowed; allowed: a text",
        ),
        (config(at=datetime.datetime(2026, 4, 1, 22, 30)), "data.at: '2026-04-01 22:30:00' is not allowed"),
        (config(at=datetime.time(22, 30)), "data.at: '22:30:00' is not allowed"),
        (config(raw=b"a"), "data.raw: b'a' is not allowed; allowed: a value that JSON has"),
        (config(all={"a"}), "data.all: {'a'} is not allowed"),
        (config(much=float("inf")), "data.much: inf is not allowed"),
        (config(much=decimal.Decimal("1.5")), "data.much: Decimal('1.5') is not allowed"),
        (config(deep=[{"a": [datetime.date(2026, 4, 1)]}]), "data.deep[0].a[0]: '2026-04-01'"),
        ({**config(), "data": {80: "a"}}, "ConfigMap/settings.data: 80 is not allowed; allowed: a key that is a text"),
        ({**config(), "data": {True: "a"}}, "ConfigMap/settings.data: True is not allowed"),
        ({**config(), "spec": {}}, "ConfigMap/settings-blue is refused: "),
    ],
)
def test_what_no_api_server_gets_is_refused_by_its_path(manifest, said):
    assert said in refusal([manifest])


def test_yaml_that_a_program_has_read_itself_is_told_how_to_do_without():
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {day: 2026-04-01}\n"
    assert "give the YAML as a text" in refusal([yaml.safe_load(text)])


@pytest.mark.parametrize(
    ("hook", "is_refused"),
    [
        ("pre-delete", True),
        ("post-delete, post-rollback", True),
        ("test", True),
        ("pre-install,pre-upgrade", False),
        ("post-install, test", False),
    ],
)
def test_a_hook_that_is_for_another_moment_does_not_act_at_once(hook, is_refused):
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "wipe", "annotations": {"helm.sh/hook": hook}}}
    told = refusal([{**job, "spec": {"template": {"spec": {"containers": []}}}}])
    assert ("Job/wipe.metadata.annotations.helm.sh/hook" in told) is is_refused
    assert ("--no-hooks" in told) is is_refused


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"ports": [{"port": 80, "nodePort": 30080}]}, "green.manifests Service/front spec.ports.nodePort: 30080"),
        ({"clusterIP": "10.0.0.7"}, "green.manifests Service/front spec.clusterIP: '10.0.0.7'"),
        ({"loadBalancerIP": "192.0.2.7"}, "spec.loadBalancerIP: '192.0.2.7'"),
        ({"clusterIP": "None", "ports": [{"port": 80}]}, ""),
    ],
)
def test_what_only_one_color_can_have_is_refused(spec, said):
    front = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "front"}, "spec": spec}
    assert said in refusal([front])
    assert bool(said) is bool(refusal([front]))
    assert refusal([front], shared=["Service/front"]) == ""


def test_a_charts_values_are_json_too():
    values = {"image": {"tag": "v1"}, "since": datetime.date(2026, 4, 1)}
    with pytest.raises(pulumi.RunError, match=r"green\.values\.since: '2026-04-01' is not allowed"):
        HelmService("shop", active_color="blue", blue={"chart": "a"}, green={"chart": "a", "values": values})


def test_an_object_that_stands_there_twice_is_refused():
    told = refusal([config(a="1"), config(a="2")])
    assert "'ConfigMap/settings' is not allowed; allowed: each object once" in told
    other = {**config(a="2"), "kind": "Secret"}
    assert refusal([config(a="1"), other]) == ""
