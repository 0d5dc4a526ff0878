"""The fault proxy before a Kubernetes API: names, refusals, streams."""

from __future__ import annotations

import http.server
import json
import threading
from email.message import Message

import httpx
import pytest
import yaml

from localcloud import fault_kubernetes
from localcloud.fault_api import ANSWERED
from localcloud.fault_kubernetes import call_name, through
from localcloud.fault_proxy import Fault, FaultProxy


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/api/v1/namespaces/web/services/web", "get services"),
        ("GET", "/api/v1/namespaces/web/pods?labelSelector=app%3Dweb", "list pods"),
        ("GET", "/api/v1/namespaces/web/pods?watch=true", "watch pods"),
        ("GET", "/api/v1/namespaces/web", "get namespaces"),
        ("PATCH", "/api/v1/namespaces/web/services/web?fieldManager=bluegreen&force=true", "patch services"),
        ("PATCH", "/apis/apps/v1/namespaces/web/deployments/web-blue/scale", "patch deployments.apps/scale"),
        ("PATCH", "/apis/batch/v1/namespaces/web/cronjobs/x?dryRun=All", "patch cronjobs.batch (dry run)"),
        ("PATCH", "/api/v1/namespaces/web/services/web?fieldManager=bluegreen-marks", "patch services (marks)"),
        ("DELETE", "/apis/batch/v1/namespaces/web/cronjobs/x", "delete cronjobs.batch"),
        ("GET", "/readyz", "get /readyz"),
    ],
)
def test_a_call_is_named_as_rbac_has_it(method, path, name):
    assert call_name(method, path, Message(), b"") == name


class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        if "watch=true" in self.path:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for line in (b'{"type":"ADDED"}\n', b'{"type":"DELETED"}\n'):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.server.went_on.wait(60)  # the first event has to arrive before the second is made
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture
def api():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.went_on = threading.Event()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    with FaultProxy(f"http://127.0.0.1:{server.server_address[1]}", api=fault_kubernetes) as proxy:
        yield server, proxy
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("way", ANSWERED)
def test_a_refusal_is_a_status_that_names_the_call(api, way):
    _, proxy = api
    proxy.fault = Fault(way, at=1)
    url = f"{proxy.url}/api/v1/namespaces/web/services/web"
    found = httpx.get(url, headers={"User-Agent": "bluegreen"})
    assert found.status_code in (403, 429, 503)
    assert found.json()["kind"] == "Status"
    assert "get services" in found.json()["message"]
    assert httpx.get(url, headers={"User-Agent": "bluegreen"}).status_code == 200
    assert proxy.calls == ["get services", "get services"]


def test_a_watch_is_passed_on_as_it_comes(api):
    server, proxy = api
    with httpx.stream("GET", f"{proxy.url}/api/v1/namespaces/web/pods?watch=true") as answer:
        lines = answer.iter_lines()
        assert json.loads(next(lines))["type"] == "ADDED"
        server.went_on.set()
        assert json.loads(next(lines))["type"] == "DELETED"


def test_a_kubeconfig_leads_through_the_proxy_with_its_credentials():
    cluster = {"server": "https://127.0.0.1:6443", "certificate-authority-data": "eA=="}
    users = [{"name": "me", "user": {"token": "t"}}]
    kubeconfig = {"clusters": [{"name": "local", "cluster": cluster}], "users": users}
    found = yaml.safe_load(through("http://127.0.0.1:1", yaml.safe_dump(kubeconfig)))
    assert found["clusters"][0]["cluster"] == {"server": "http://127.0.0.1:1"}
    assert found["users"] == users
