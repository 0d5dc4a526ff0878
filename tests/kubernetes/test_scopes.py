"""The scope of an object is not guessed from what its kind sounds like."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.kubernetes.scopes import Scopes
from tests.arguments.components import _SERVICE as WEB
from tests.arguments.components import make
from tests.aws import mocked


def of(api_version, kind):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "it"}}


def definition(scope):
    spec = {"group": "example.org", "names": {"kind": "ClusterThing"}, "scope": scope}
    return {**of("apiextensions.k8s.io/v1", "CustomResourceDefinition"), "spec": spec}


@pytest.mark.parametrize(
    ("api_version", "kind", "cluster"),
    [
        ("v1", "Namespace", True),
        ("v1", "PersistentVolume", True),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", True),
        ("rbac.authorization.k8s.io/v1", "Role", False),
        ("cert-manager.io/v1", "ClusterIssuer", True),
        ("cert-manager.io/v1", "Issuer", False),
        ("postgresql.cnpg.io/v1", "Cluster", False),
        ("cluster.x-k8s.io/v1beta1", "Cluster", False),
        ("cluster.x-k8s.io/v1beta1", "ClusterClass", False),
        ("example.org/v1", "Namespace", False),
        ("example.org/v1", "ClusterThing", False),
    ],
)
def test_a_kind_is_what_its_group_makes_it(api_version, kind, cluster):
    assert Scopes([]).is_of_the_cluster(of(api_version, kind)) is cluster


@pytest.mark.parametrize(("scope", "cluster"), [("Cluster", True), ("Namespaced", False)])
def test_a_definition_among_the_manifests_says_it(scope, cluster):
    scopes, thing = Scopes([definition(scope)]), of("example.org/v1", "ClusterThing")
    assert scopes.is_of_the_cluster(thing) is cluster
    assert not scopes.sounds_otherwise(thing)


def test_what_nobody_knows_is_declared_in_the_namespace_and_said(monkeypatch):
    said = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_: said.append(text))
    manifests = [WEB, of("example.org/v1", "ClusterThing"), of("postgresql.cnpg.io/v1", "Cluster")]
    colors = {color: {"manifests": manifests} for color in ("blue", "green")}
    recorder, _ = mocked.run(lambda: make("bluegreen:kubernetes:ManifestService", "shop", **colors))
    found = {one.inputs["kind"]: one.inputs["metadata"] for one in recorder.resources if "kind" in one.inputs}
    assert found["Cluster"]["namespace"] == found["ClusterThing"]["namespace"] == "default"
    told = [text for text in said if "only the cluster knows" in text]
    assert len(told) == 2
    assert "ClusterThing/it" in told[0]
