"""The Kubernetes client against a small API server that fails as the test says."""

from __future__ import annotations

import json
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import tenacity
import yaml

from bluegreen.kubernetes import session as kubernetes_session
from bluegreen.kubernetes.client import MARKS_MANAGER, Conflict, KubernetesConnection, Resource
from bluegreen.rollout.calls import counted, guarded
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import LeaseLost, PlatformError

SECRET = "t0ken-that-nobody-may-see"
SERVICE = Resource("v1", "Service", "services", "web", "front")
FOUND = {"kind": "Service", "metadata": {"name": "front", "uid": "1"}}


def status(code, message, **more):
    return code, {"kind": "Status", "status": "Failure", "message": message, "code": code, **more}


def missing(kind="services"):
    return status(404, f'{kind} "front" not found', details={"name": "front", "kind": kind})


HANG_UP = "hang up"


class Server(ThreadingHTTPServer):
    """Answers with what is next in ``script``, and well when there is nothing."""

    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script, self.seen, self.connections = deque(), [], 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, self.headers, json.loads(body) if body else None))
        said = self.server.script.popleft() if self.server.script else (200, FOUND)
        if said == HANG_UP:  # it was done, and nobody hears of it
            self.close_connection = True
            return
        code, found, headers = (*said, {})[:3]
        text = (found if isinstance(found, str) else json.dumps(found)).encode()
        self.send_response(code)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    do_PATCH = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = Server()
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def kubeconfig(path, server, **user):
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": {"server": server.url}}],
        "users": [{"name": "me", "user": user}],
        "contexts": [{"name": name, "context": {"cluster": "here", "user": "me"}} for name in ("one", "two")],
        "current-context": "one",
    }
    path.write_text(yaml.safe_dump(content))
    return str(path)


@pytest.fixture
def cluster(server, tmp_path):
    return KubernetesConnection(kubeconfig(tmp_path / "kubeconfig", server, token=SECRET))


@pytest.fixture
def pauses(monkeypatch):
    """How long was waited between tries; nobody waits."""
    waited = []
    monkeypatch.setattr(tenacity.nap.time, "sleep", waited.append)
    return waited


# -- requests


def test_an_apply_owns_its_fields_under_a_name_of_its_own(server, cluster):
    assert cluster.apply(SERVICE, {"spec": {"selector": {"a": "b"}}, "metadata": {"uid": "1"}}) == FOUND
    ((method, path, headers, body),) = server.seen
    assert (method, path) == ("PATCH", "/api/v1/namespaces/web/services/front?fieldManager=bluegreen&force=true")
    assert headers["Content-Type"] == "application/apply-patch+yaml"
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert headers["User-Agent"] == "bluegreen"
    assert body == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": "web", "name": "front", "uid": "1"},
        "spec": {"selector": {"a": "b"}},
    }


def test_every_verb_has_its_request_and_its_name(server, cluster):
    scale = Resource("apps/v1", "Deployment", "deployments", "web", "blue", "scale")
    calls = []
    with counted(calls.append):
        cluster.get(scale)
        cluster.find(Resource("v1", "Pod", "pods", "web"), "a=b", metadata_alone=True)
        cluster.merge(scale, {"spec": {"replicas": 2}}, MARKS_MANAGER, dry_run=True)
        cluster.delete(SERVICE)
    assert calls == ["get deployments.apps/scale", "list pods", "patch deployments.apps/scale", "delete services"]
    assert [(method, path) for method, path, _, _ in server.seen] == [
        ("GET", "/apis/apps/v1/namespaces/web/deployments/blue/scale"),
        ("GET", "/api/v1/namespaces/web/pods?labelSelector=a%3Db"),
        ("PATCH", "/apis/apps/v1/namespaces/web/deployments/blue/scale?fieldManager=bluegreen-marks&dryRun=All"),
        ("DELETE", "/api/v1/namespaces/web/services/front"),
    ]
    assert "PartialObjectMetadataList" in server.seen[1][2]["Accept"]
    assert server.seen[2][2]["Content-Type"] == "application/merge-patch+json"
    assert server.seen[3][3]["propagationPolicy"] == "Background"


def test_all_calls_go_over_one_connection(server, cluster):
    for _ in range(10):
        cluster.get(SERVICE)
        cluster.apply(SERVICE, {})
        server.script.append(missing())
        cluster.get(SERVICE)
    assert (len(server.seen), server.connections) == (30, 1)


def test_swaps_at_once_share_a_session_and_keep_their_connections(server, cluster):
    threads = 20
    for _ in range(3):
        together = threading.Barrier(threads)

        def call(together=together):
            together.wait()
            cluster.get(SERVICE)

        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(call) for _ in range(threads)]:
                done.result()
    assert len(server.seen) == 3 * threads
    assert server.connections <= threads


def test_what_is_not_there_is_none_and_deleting_it_is_fine(server, cluster):
    server.script.extend([missing()] * 3)
    assert cluster.get(SERVICE) is None
    assert cluster.merge(SERVICE, {}) is None
    cluster.delete(SERVICE)


def test_a_namespace_that_is_missing_is_named(server, cluster):
    server.script.append(missing("namespaces"))
    with pytest.raises(
        PlatformError, match=r'^patch services: there is no Service web/front .*: namespaces "front" not'
    ):
        cluster.apply(SERVICE, {})


def test_a_kind_that_the_cluster_does_not_know_is_told_from_an_object_that_is_missing(server, cluster):
    server.script.append(status(404, "the server could not find the requested resource", details={}))
    with pytest.raises(PlatformError, match=r"get services: .*is its CustomResourceDefinition installed\?"):
        cluster.get(SERVICE)


# -- what is tried again


@pytest.mark.parametrize(
    "trouble", [status(500, "etcd"), status(503, "starting"), (502, "<html>"), HANG_UP, (200, "<html>")]
)
def test_what_passes_is_tried_again(server, cluster, pauses, trouble):
    server.script.extend([trouble] * 4)
    calls = []
    with counted(calls.append):
        assert cluster.apply(SERVICE, {}) == FOUND
    assert calls == ["patch services"] * 5, "each try is a call"
    assert len(pauses) == 4
    assert sum(pauses) < 10


def test_what_does_not_pass_is_given_up_and_named(server, cluster, pauses):
    server.script.extend([status(500, "etcdserver: request timed out")] * 9)
    with pytest.raises(PlatformError, match=r"^patch services: Service web/front: etcdserver: request timed out$"):
        cluster.apply(SERVICE, {})
    assert len(server.seen) == 5


def test_a_throttled_call_waits_as_long_as_it_is_told_and_is_tried_more_often(server, cluster, pauses):
    server.script.extend([(*status(429, "too many requests"), {"Retry-After": "1"})] * 11)
    assert cluster.get(SERVICE) == FOUND
    assert len(pauses) == 11
    assert min(pauses) >= 1
    server.script.extend([(*status(429, "too many requests"), {"Retry-After": "3600"})] * 99)
    with pytest.raises(PlatformError, match=r"get services: .*too many requests"):
        cluster.get(SERVICE)
    assert max(pauses) <= 10, "nobody is made to wait for an hour"
    assert len(pauses) == 22


def test_between_two_tries_the_swaps_own_clock_waits(server, cluster, pauses):
    server.script.extend([(*status(429, "too many requests"), {"Retry-After": "1"})] * 3)
    clock, told = FakeClock(), []
    before = clock.now_seconds
    with guarded(lambda: None, told.append, clock.sleep):
        assert cluster.get(SERVICE) == FOUND
    assert clock.now_seconds - before == pytest.approx(sum(told))
    assert sum(told) >= 3
    assert pauses == []


@pytest.mark.parametrize("code", [400, 403, 422])
def test_a_no_is_a_no(server, cluster, pauses, code):
    server.script.append(status(code, 'services "front" is forbidden'))
    with pytest.raises(PlatformError, match=r'^patch services: Service web/front: services "front" is forbidden$'):
        cluster.apply(SERVICE, {})
    assert (len(server.seen), pauses) == (1, [])


def test_a_conflict_of_the_instant_is_tried_again_and_one_about_a_version_or_uid_is_not(server, cluster, pauses):
    modified = status(409, "the object has been modified; please apply your changes to the latest version")
    server.script.append(modified)
    assert cluster.merge(SERVICE, {}) == FOUND
    server.seen.clear()
    server.script.append(modified)
    with pytest.raises(Conflict, match=r"patch services: .*has been modified"):
        cluster.merge(SERVICE, {"metadata": {"resourceVersion": "7"}})
    server.script.append(status(409, "uid mismatch: the provided object specified uid 1"))
    with pytest.raises(Conflict, match="uid mismatch"):
        cluster.apply(SERVICE, {"metadata": {"uid": "1"}})
    assert len(server.seen) == 2


def test_an_api_server_that_hangs_or_is_gone_is_named(server, cluster, pauses, monkeypatch):
    monkeypatch.setattr(kubernetes_session, "_TIMEOUT_SECONDS", (0.2, 0.2))
    server.shutdown()
    with pytest.raises(PlatformError, match=r"^get services: the current context does not answer: .*Read timed out"):
        cluster.get(SERVICE)
    server.server_close()
    with pytest.raises(PlatformError, match=r"^get services: the current context does not answer: "):
        cluster.get(SERVICE)
    assert len(pauses) == 8


# -- the fence before writes


def test_each_try_of_a_write_asks_first_whether_it_still_may(server, cluster, pauses):
    asked = []
    server.script.extend([status(503, "starting"), HANG_UP])
    with guarded(lambda: asked.append(len(server.seen))):
        cluster.merge(SERVICE, {})
        cluster.get(SERVICE)
        cluster.find(SERVICE)
        cluster.merge(SERVICE, {}, dry_run=True)
    assert asked == [0, 1, 2]


def test_a_write_that_may_not_go_on_is_not_sent_again(server, cluster, pauses):
    def fence():
        if server.seen:
            raise LeaseLost("another swap took over")

    server.script.extend([status(503, "starting")] * 9)
    with guarded(fence), pytest.raises(LeaseLost):
        cluster.apply(SERVICE, {})
    assert len(server.seen) == 1
