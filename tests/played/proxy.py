"""Stands between AWS clients and the emulator, and answers what is played; everything else is passed on as it came."""

from __future__ import annotations

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

import boto3

from localcloud import loopback
from tests.played.codedeploy import PlayedCodeDeploy
from tests.played.errors import Refused
from tests.played.machine import PlayedService
from tests.played.native import PlayedNative

_ECS = "AmazonEC2ContainerServiceV20141113."
_REFUSED = {
    "taskDefinition": "task definition",
    "loadBalancers": "load balancers",
    "networkConfiguration": "network parameters",
    "platformVersion": "platform version",
}


class PlayedAws:
    """The address that stands for the emulator's is ``url``; ``how`` a service is played is said by ``PlayedService``.

    Attributes:
        services: the played services by cluster and name.
        calls: the names of the operations that were requested.
    """

    def __init__(self, endpoint, **how):
        self.endpoint = endpoint
        self.how = how
        self.services = {}
        emulator = boto3.client("codedeploy", endpoint_url=endpoint, region_name="us-east-1")
        self.codedeploy, self.native = PlayedCodeDeploy(self.services, emulator), PlayedNative(self.services)
        self.calls = []
        self._answers = {
            **self.codedeploy.operations(),
            **self.native.operations(),
            f"{_ECS}CreateService": self._create_service,
            f"{_ECS}DescribeServices": self._describe_services,
            f"{_ECS}UpdateService": self._update_service,
            f"{_ECS}DeleteService": self._delete_service,
        }
        self._lock = threading.RLock()
        self._server = loopback.Server(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.played = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self):
        for service in self.services.values():
            service.remove()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, target, body, forward):
        """The reply to a call: status and body; ``forward`` asks the emulator with a body."""
        played = self._answers.get(target)
        if played is None:
            return forward(body)
        with self._lock:
            self.calls.append(target.rpartition(".")[2])
            try:
                if target.startswith(_ECS) and played.__self__ is self:
                    return played(json.loads(body), forward)
                return 200, json.dumps(played(json.loads(body))).encode()
            except Refused as refused:
                return 400, json.dumps({"__type": refused.code, "message": str(refused)}).encode()

    # -- services

    def _of(self, body, name):
        return self.services.get((str(body.get("cluster")).rpartition("/")[2], name.rpartition("/")[2]))

    def _platform(self, service):
        return self.codedeploy if _by_codedeploy(service.created) else self.native

    def _create_service(self, body, forward):
        strategy = body.get("deploymentConfiguration", {}).get("strategy", "ROLLING")
        if not _by_codedeploy(body) and strategy == "ROLLING":
            return forward(json.dumps(body).encode())
        status, answer = forward(json.dumps(body).encode())
        if status == 200:
            made = json.loads(answer)["service"]
            made["deploymentConfiguration"] = body.get("deploymentConfiguration", {})
            key = made["clusterArn"].rpartition("/")[2], made["serviceName"]
            service = self.services[key] = PlayedService(self.endpoint, *key, made, **self.how)
            advanced = body["loadBalancers"][0].get("advancedConfiguration")
            if advanced:
                pair = [service.live.group, advanced["alternateTargetGroupArn"]]
                service.bind(advanced["productionListenerRule"], pair)
        return status, answer

    def _described(self, service, service_described):
        live = service_described
        if service.live.emulated not in (None, service.name):
            live = {**service_described, **{key: service.emulated(service.live)[key] for key in _COUNTS}}
        return {**live, **self._platform(service).describe(service, service_described)}

    def _describe_services(self, body, forward):
        status, answer = forward(json.dumps(body).encode())
        if status != 200:
            return status, answer
        described = json.loads(answer)
        pairs = [(one, self._of(body, one["serviceArn"])) for one in described["services"]]
        described["services"] = [
            one if service is None or one["status"] == "INACTIVE" else self._described(service, one)
            for one, service in pairs
        ]
        return 200, json.dumps(described).encode()

    def _update_service(self, body, forward):
        service = self._of(body, body["service"])
        if service is None:
            return forward(json.dumps(body).encode())
        if _by_codedeploy(service.created):
            for field, words in _REFUSED.items():
                if body.get(field) is not None:
                    raise Refused(
                        "InvalidParameterException",
                        f"Unable to update {words} on services with a CODE_DEPLOY deployment controller. "
                        "Use AWS CodeDeploy to trigger a new deployment.",
                    )
        wanted = body.pop("taskDefinition", None)
        now = self._platform(service).describe(service, service.created | {"loadBalancers": [{}]})["taskDefinition"]
        if wanted is not None and wanted != now:
            self.native.begin(service, wanted)
        count = body.get("desiredCount")
        if count is not None and service.live.emulated not in (None, service.name):
            service.ecs.update_service(cluster=service.cluster, service=service.live.emulated, desiredCount=count)
            body.pop("desiredCount")
        status, answer = forward(json.dumps(body).encode())
        if status == 200:
            answered = json.loads(answer)
            answer = json.dumps({"service": self._described(service, answered["service"])}).encode()
        return status, answer

    def _delete_service(self, body, forward):
        service = self._of(body, body["service"])
        if service is not None:
            service.remove()
            self.services.pop((service.cluster, service.name))
        return forward(json.dumps(body).encode())


_COUNTS = ("desiredCount", "runningCount", "pendingCount")


def _by_codedeploy(service):
    return (service.get("deploymentController") or {}).get("type") == "CODE_DEPLOY"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _handle(self):
        played = self.server.played
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kept = []

        def forward(changed):
            status, headers, answer = self._ask(played.endpoint, changed)
            kept[:] = headers
            return status, answer

        status, answer = played.answer(self.headers.get("X-Amz-Target", ""), body, forward)
        self.send_response_only(status)
        skipped = {"content-length", "transfer-encoding", "connection", "keep-alive"}
        headers = [(key, value) for key, value in kept if key.lower() not in skipped]
        for key, value in headers or [("Content-Type", "application/x-amz-json-1.1")]:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def __getattr__(self, name):
        """Every method of HTTP is handled alike."""
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def _ask(self, endpoint, body):
        parts = urlsplit(endpoint)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
        try:
            headers = {key: value for key, value in self.headers.items() if key.lower() != "content-length"}
            connection.request(self.command, self.path, body or None, headers)
            reply = connection.getresponse()
            return reply.status, reply.getheaders(), reply.read()
        finally:
            connection.close()
