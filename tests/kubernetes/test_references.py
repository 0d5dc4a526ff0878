"""A renamed object leaves no reference dangling: what is the color's own follows, what both colors have is refused."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.kubernetes.manifests.coloring import color_manifests
from bluegreen.kubernetes.manifests.references import followed, named_in
from tests.arguments.components import _SERVICE as WEB
from tests.arguments.components import make
from tests.aws import mocked

OBJECTS = [
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tls"}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"secretName": "tls"}},
    {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "disk"}, "spec": {}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}}},
]
TARGET = {"kind": "Deployment", "name": "web"}

REFERRING = {
    "a service account's secrets": (
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "imagePullSecrets": [{"name": "pull"}],
            "secrets": [{"name": "tls"}],
        },
        [("Secret", "pull"), ("Secret", "tls")],
    ),
    "KEDA, which means a Deployment": (
        {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "spec": {"scaleTargetRef": {"name": "web"}}},
        [("Deployment", "web")],
    ),
    "VPA": (
        {"apiVersion": "autoscaling.k8s.io/v1", "kind": "VerticalPodAutoscaler", "spec": {"targetRef": TARGET}},
        [("Deployment", "web")],
    ),
    "an Ingress' backends and certificates": (
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "spec": {
                "tls": [{"secretName": "tls"}],
                "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}},
            },
        },
        [("Secret", "tls"), ("Service", "web")],
    ),
    "a role": (
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "rules": [{"resources": ["configmaps", "pods"], "resourceNames": ["settings", "other"], "verbs": ["get"]}],
        },
        [("ConfigMap", "settings"), ("ConfigMap", "other")],
    ),
    "a CSI volume": (
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "spec": {"csi": {"driver": "d", "nodePublishSecretRef": {"name": "tls", "namespace": "default"}}},
        },
        [("Secret", "tls")],
    ),
    "an Azure share": (
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "spec": {"azureFile": {"secretName": "tls"}},
        },
        [("Secret", "tls")],
    ),
    "a claim that is a copy": (
        {"apiVersion": "v1", "kind": "Snapshot", "spec": {"source": {"persistentVolumeClaimName": "disk"}}},
        [("PersistentVolumeClaim", "disk")],
    ),
    "a route": (
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "spec": {"rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
        },
        [("Service", "web")],
    ),
    "Istio": (
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "spec": {"http": [{"route": [{"destination": {"host": "web"}}]}]},
        },
        [("Service", "web")],
    ),
    "Traefik": (
        {
            "apiVersion": "traefik.io/v1alpha1",
            "kind": "IngressRoute",
            "spec": {"routes": [{"services": [{"name": "web"}]}]},
        },
        [("Service", "web")],
    ),
    "KEDA's authentication": (
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "TriggerAuthentication",
            "spec": {
                "secretTargetRef": [{"parameter": "p", "name": "tls", "key": "k"}],
                "configMapTargetRef": [{"parameter": "q", "name": "settings", "key": "k"}],
            },
        },
        [("Secret", "tls"), ("ConfigMap", "settings")],
    ),
    "a list of references": (
        {
            "apiVersion": "example.org/v1",
            "kind": "Widget",
            "spec": {"secretRefs": [{"name": "tls"}], "trustedConfigMapRefs": [{"name": "settings"}]},
        },
        [("Secret", "tls"), ("ConfigMap", "settings")],
    ),
    "a custom kind": (
        {
            "apiVersion": "example.org/v1",
            "kind": "Widget",
            "spec": {"auth": {"credentialsSecretRef": {"name": "tls", "key": "k"}}, "configMapName": "settings"},
        },
        [("Secret", "tls"), ("ConfigMap", "settings")],
    ),
}


def referring(name):
    manifest, says = REFERRING[name]
    return {**manifest, "metadata": {"name": "refers", "namespace": "default"}}, says


def refusal(manifests, **more):
    colors = {color: {"manifests": [WEB, *manifests]} for color in ("blue", "green")}
    try:
        mocked.run(lambda: make("bluegreen:kubernetes:ManifestService", "shop", **colors, **more))
    except pulumi.RunError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", REFERRING)
def test_what_an_object_says_of_others_is_found(name):
    manifest, says = referring(name)
    assert sorted(named_in(manifest)) == sorted(says)


@pytest.mark.parametrize("name", REFERRING)
def test_what_is_the_colors_own_follows(name):
    manifest, says = referring(name)
    split = color_manifests([WEB, *OBJECTS, manifest], "green", per_color_kinds=[manifest["kind"]])
    (found,) = (one for one in split.own if one["metadata"]["name"] == "refers-green")
    own = {(one["kind"], one["metadata"]["name"]) for one in split.own}
    wanted = [(kind, f"{of}-green" if (kind, f"{of}-green") in own else of) for kind, of in says]
    assert sorted(named_in(found)) == sorted(wanted)
    assert any(of.endswith("-green") for _, of in wanted)


@pytest.mark.parametrize("name", REFERRING)
def test_what_is_both_colors_and_would_dangle_is_refused_by_name(name):
    manifest, says = referring(name)
    told = refusal([*OBJECTS, manifest])
    for kind, of in says:
        if of != "other":
            assert f"{kind}/{of}" in told
    assert f"{manifest['kind']}/refers" in told
    assert f"Put {manifest['kind']} into per_color_kinds" in told


@pytest.mark.parametrize("name", REFERRING)
def test_what_is_shared_is_called_as_before(name):
    manifest, says = referring(name)
    if ("Deployment", "web") not in says:  # the workload itself is each color's
        assert refusal([*OBJECTS, manifest], shared=[f"{kind}/{of}" for kind, of in says]) == ""


def test_an_ingress_that_leads_to_production_works():
    manifest, _ = referring("an Ingress' backends and certificates")
    service = {**OBJECTS[4], "metadata": {"name": "shop"}}
    manifest = {**manifest, "spec": {"defaultBackend": {"service": {"name": "shop"}}}}
    assert "Service/shop" not in refusal([service, manifest])


def test_names_in_what_is_the_users_own_are_left_alone():
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "annotations": {"secretName": "tls"}},
        "data": {"secretName": "tls", "serviceName": "web"},
    }
    assert followed(manifest, lambda kind, name: "changed") == manifest
    container = {"name": "web", "args": ["web"], "env": [{"name": "SERVICE", "value": "web"}]}
    pods = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [container]}}
    assert followed(pods, lambda kind, name: "changed") == pods


def test_what_is_in_another_namespace_is_another_object():
    manifest, _ = referring("a CSI volume")
    manifest["spec"] = {"csi": {"nodePublishSecretRef": {"name": "tls", "namespace": "elsewhere"}}}
    assert list(named_in(manifest)) == []
