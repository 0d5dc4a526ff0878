"""Which cluster the Kubernetes client calls, and as whom: kubeconfigs, exec plugins, a pod's own account."""

from __future__ import annotations

import os
import stat
import sys

import kubernetes.config.incluster_config
import pytest

from bluegreen.fields import Fields
from bluegreen.kubernetes.client import KubernetesConnection
from bluegreen.kubernetes.session import Session
from bluegreen.rollout.errors import PlatformError
from tests.clients.test_kubernetes import FOUND, SECRET, SERVICE, kubeconfig, server, status

__all__ = ["server"]


@pytest.fixture
def no_cluster(monkeypatch, tmp_path):
    """A machine that knows of no cluster."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def authorizations(server):
    return [headers.get("Authorization") for _, _, headers, _ in server.seen]


def test_the_variable_of_this_moment_counts(server, tmp_path, no_cluster, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path / "config", server, token=SECRET))
    KubernetesConnection(context="two").get(SERVICE)
    assert authorizations(server) == [f"Bearer {SECRET}"]


def test_several_files_are_one_kubeconfig(server, tmp_path, no_cluster, monkeypatch):
    there = kubeconfig(tmp_path / "config", server, token=SECRET)
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([str(tmp_path / "not-there"), there]))
    assert Session(None, "one")


def test_in_a_pod_its_own_account_is_used(tmp_path, no_cluster, monkeypatch):
    for name, content in {"TOKEN": SECRET, "CERT": "certificate"}.items():
        (tmp_path / name).write_text(content)
        monkeypatch.setattr(kubernetes.config.incluster_config, f"SERVICE_{name}_FILENAME", str(tmp_path / name))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    settings = Session(None, None)._client.configuration
    assert settings.host == "https://10.96.0.1:443"
    assert settings.api_key["BearerToken"].endswith(SECRET)
    with pytest.raises(PlatformError, match="there is no kubeconfig at /not/there"):
        KubernetesConnection("/not/there").get(SERVICE)


def test_a_token_that_has_ended_is_renewed_from_the_file(server, tmp_path):
    path = tmp_path / "config"
    cluster = KubernetesConnection(kubeconfig(path, server, token="old"))
    cluster.get(SERVICE)
    kubeconfig(path, server, token="new")
    server.script.append(status(401, "Unauthorized"))
    assert cluster.get(SERVICE) == FOUND
    assert authorizations(server) == ["Bearer old", "Bearer old", "Bearer new"]
    server.script.extend([status(401, "Unauthorized")] * 2)
    with pytest.raises(PlatformError, match=r"^get services: Service web/front: Unauthorized$"):
        cluster.get(SERVICE)


def test_an_exec_plugin_gives_the_token_and_gives_another_one(server, tmp_path):
    plugin, count = tmp_path / "plugin", tmp_path / "count"
    plugin.write_text(
        f"#!{sys.executable}\nimport json, os\n"
        f"number = open({str(count)!r}, 'a').write('x') and os.path.getsize({str(count)!r}) + 1\n"
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential',"
        " 'status': {'token': f'number-{number}'}}))\n"
    )
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "interactiveMode": "Never"}
    cluster = KubernetesConnection(kubeconfig(tmp_path / "config", server, exec=command))
    cluster.get(SERVICE)
    cluster.get(SERVICE)
    assert len(set(authorizations(server))) == 1, "it is asked once"
    server.script.append(status(401, "Unauthorized"))
    cluster.get(SERVICE)
    assert authorizations(server)[-1] != authorizations(server)[0]


def test_without_credentials_a_no_says_so(server, tmp_path):
    cluster = KubernetesConnection(kubeconfig(tmp_path / "config", server))
    server.script.append(status(403, "anonymous cannot get services"))
    with pytest.raises(PlatformError, match="anonymous cannot get services; the kubeconfig gave no credentials"):
        cluster.get(SERVICE)


@pytest.mark.parametrize(
    ("content", "context", "message"),
    [
        (f"users: [{{name: me, user: {{token: {SECRET}", None, "cannot be read as a kubeconfig"),
        (f"token {SECRET}", None, "cannot be read as a kubeconfig"),
        ("{}", None, "no way to reach a cluster: Invalid kube-config"),
        (None, "three", "Expected object with name three in .*contexts"),
    ],
)
def test_a_kubeconfig_that_is_wrong_is_told_without_its_secrets(server, tmp_path, content, context, message):
    path = tmp_path / "config"
    kubeconfig(path, server, token=SECRET)
    if content is not None:
        path.write_text(content)
    with pytest.raises(PlatformError, match=message) as refused:
        KubernetesConnection(str(path), context).get(SERVICE)
    assert refused.value.call == "get services"
    assert SECRET not in str(refused.value)


def test_nothing_that_is_refused_shows_the_token(server, tmp_path):
    cluster = KubernetesConnection(kubeconfig(tmp_path / "config", server, token=SECRET))
    for said in (status(403, "forbidden"), status(422, "invalid"), (400, "<html>")):
        server.script.append(said)
        with pytest.raises(PlatformError) as refused:
            cluster.apply(SERVICE, {})
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize("content", ["apiVersion: v1\nkind: Config\n", '{"apiVersion": "v1"}'])
def test_a_kubeconfigs_content_is_refused_as_a_path(content):
    fields = Fields({"kubeconfig": content}, "cluster")
    KubernetesConnection.parse(fields)
    (problem,) = fields.problems
    assert problem.field == "cluster.kubeconfig"
    assert content not in str(problem)


def test_a_section_and_what_a_person_types():
    fields = Fields({"kubeconfig": "~/config", "context": "green"}, "cluster")
    assert KubernetesConnection.parse(fields) == KubernetesConnection("~/config", "green")
    assert fields.problems == []
    assert KubernetesConnection("~/config", "green").command() == "kubectl --kubeconfig ~/config --context green"
    assert KubernetesConnection.parse(None).command() == "kubectl"
