"""The scope of an object is not guessed from what its kind sounds like."""

from __future__ import annotations

import pulumi
import pytest
import urllib3

from bluegreen.kubernetes import client as clients
from bluegreen.kubernetes.client import KubernetesConnection
from bluegreen.kubernetes.component import Place
from bluegreen.kubernetes.manifests import discovery
from bluegreen.kubernetes.manifests.scopes import Scopes
from bluegreen.kubernetes.session import Refused
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


# -- the cluster's own word


class Answering:
    """In place of a session: knows one API version."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def send(self, request):
        self.asked.append(f"{request.method} {request.path}")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


KINDS = [
    {"name": "clusterthings", "kind": "ClusterThing", "namespaced": False},
    {"name": "clusters", "kind": "Cluster", "namespaced": True},
    {"name": "clusters/scale", "kind": "Scale", "namespaced": True},
]


@pytest.fixture
def connection(monkeypatch):
    def made(*answers):
        cluster, session = KubernetesConnection(context="a-test"), Answering(*answers)
        clients.reach(cluster, session)
        monkeypatch.setattr(discovery, "get_monitor", lambda: None)
        return Place("shop", {"context": "a-test"}), session

    return made


def test_of_an_unknown_kind_the_cluster_says_it_once_for_all(connection):
    place, session = connection({"resources": KINDS})
    scopes = Scopes([], discovery.asking_the_cluster(place))
    thing, cluster, other = (of("example.org/v1", kind) for kind in ("ClusterThing", "Cluster", "ClusterOther"))
    assert scopes.is_of_the_cluster(thing)
    assert not scopes.is_of_the_cluster(cluster)
    assert not scopes.sounds_otherwise(cluster), "it is known now"
    assert scopes.sounds_otherwise(other), "it is not"
    for known in (of("v1", "ConfigMap"), of("apps/v1", "Deployment"), of("rbac.authorization.k8s.io/v1", "Role")):
        assert not scopes.is_of_the_cluster(known)
    assert session.asked == ["GET /apis/example.org/v1"]


@pytest.mark.parametrize(
    "answer", [Refused(403, "no"), Refused(404, "not found"), urllib3.exceptions.HTTPError("gone")]
)
def test_a_cluster_that_does_not_answer_is_not_insisted_on(connection, answer):
    place, session = connection(answer, {"resources": KINDS})
    scopes = Scopes([], discovery.asking_the_cluster(place))
    for version in ("v1", "v2"):
        thing = of(f"example.org/{version}", "ClusterThing")
        assert scopes.is_of_the_cluster(thing) is (version == "v2" and getattr(answer, "status", 0) == 404)
        assert not scopes.is_of_the_cluster(thing) or not scopes.sounds_otherwise(thing)
    assert len(session.asked) == (2 if getattr(answer, "status", 0) == 404 else 1)


def test_a_program_under_mocks_asks_nobody():
    seen = []
    mocked.run(lambda: seen.append(discovery.asking_the_cluster(Place("shop", {}))))
    assert seen == [None]
