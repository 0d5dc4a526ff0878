"""Objects with any field of their own schemas, in which every name is one of the set: none of them dangles.

What a field means is read here by its name alone, and not by the table that the product has.
"""

from __future__ import annotations

import copy
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bluegreen.kubernetes.manifests.coloring import color_manifests
from bluegreen.kubernetes.manifests.reference_table import HARMLESS
from tests.routers.crd_strategies import at, objects, own_spec_of, spec_of

NAME = "thing"
KINDS = {
    "secret": "Secret",
    "configmap": "ConfigMap",
    "claim": "PersistentVolumeClaim",
    "serviceaccount": "ServiceAccount",
    "service": "Service",
}
OWN = [{"apiVersion": "v1", "kind": kind, "metadata": {"name": NAME}} for kind in KINDS.values()]
TEXT = re.compile(r"(?<!resource)(secret|configmap|(?<!resource)claim|serviceaccount|service)name\Z", re.IGNORECASE)
OBJECT = re.compile(r"\A(secret|configMap|service|persistentVolumeClaim)(KeyRef|Ref)?\Z")
DEPLOYMENT = own_spec_of("apps.v1.Deployment")
PODS = objects(at(DEPLOYMENT, "template", "spec"), depth=-2)
WORKLOAD = st.builds(lambda more, pods: {**more, "template": {"spec": pods}}, objects(DEPLOYMENT, depth=6), PODS)
SPECS = {
    "apps/v1 Deployment": WORKLOAD,
    "argoproj.io/v1alpha1 Rollout": WORKLOAD,
    "batch/v1 CronJob": PODS.map(lambda pods: {"jobTemplate": {"spec": {"template": {"spec": pods}}}}),
    "apps/v1 StatefulSet": objects(own_spec_of("apps.v1.StatefulSet"), depth=-4),
    "v1 PersistentVolume": objects(own_spec_of("core.v1.PersistentVolume"), depth=-4),
    "networking.k8s.io/v1 Ingress": objects(own_spec_of("networking.v1.Ingress"), depth=-4),
    "traefik.io/v1alpha1 IngressRoute": objects(spec_of("traefik", "ingressroutes", "v1alpha1"), depth=-4),
    "traefik.io/v1alpha1 Middleware": objects(spec_of("traefik", "middlewares", "v1alpha1"), depth=-4),
    "projectcontour.io/v1 HTTPProxy": objects(
        at(spec_of("contour", "httpproxies", "v1"), "virtualhost", "tls"), depth=-4
    ).map(lambda tls: {"virtualhost": {"tls": tls}}),
}


def named(value):
    """The same with the name of the set's objects in the place of every text, and no kind or namespace of its own."""
    if isinstance(value, dict):
        return {key: named(one) for key, one in value.items() if key not in ("kind", "namespace", "group")}
    if isinstance(value, list):
        return [named(one) for one in value]
    return NAME if isinstance(value, str) else value


def references(value, key=""):
    """The values of fields whose name says what they refer to: a text, or an object's ``name``."""
    if isinstance(value, dict):
        if OBJECT.match(key) and isinstance(value.get("name"), str):
            yield f"{key}.name", value["name"]
        for inner, one in value.items():
            if inner in ("labels", "matchLabels", "selector", "annotations", "value", "matchExpressions"):
                continue
            yield from references(one, inner)
    elif isinstance(value, list):
        for one in value:
            yield from references(one, "")
    elif isinstance(value, str) and TEXT.search(key) and key not in HARMLESS:
        yield key, value


@pytest.mark.parametrize("what", SPECS)
def test_every_name_follows(what):
    api_version, kind = what.split()
    seen = []

    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(spec=SPECS[what], color=st.sampled_from(["blue", "green"]))
    def check(spec, color):
        spec = named(spec)
        refers = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "refers"}, "spec": spec}
        before = copy.deepcopy(refers)
        split = color_manifests([*OWN, refers], color, per_color_kinds=[kind, "ServiceAccount"])
        assert refers == before
        (found,) = (one for one in split.own if one["metadata"]["name"] == f"refers-{color}")
        said = list(references(found["spec"]))
        seen.extend(said)
        assert [one for one in said if one[1] != f"{NAME}-{color}"] == []

    check()
    assert seen, "some of them name something"
