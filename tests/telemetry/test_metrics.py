"""Metrics of swaps: what is left with whoever keeps them, checked by Prometheus' own tools and read from a real one."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import SwapFailed
from bluegreen.telemetry import exposition, metrics
from localcloud import loopback
from localcloud.errors import LocalCloudError
from localcloud.progress import Silent
from localcloud.tools import system
from tests.swap.bench import Swap

DASHBOARD = Path(__file__).resolve().parents[2] / "docs" / "grafana-dashboard.json"


@pytest.fixture
def file(tmp_path, monkeypatch):
    for name in ("OTEL_METRICS_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", metrics.PUSH):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "bluegreen.prom"
    monkeypatch.setenv(metrics.FILE, str(path))
    return path


def programs(*names):
    try:
        return system.ensure(names, Silent())
    except LocalCloudError as error:
        pytest.skip(f"Prometheus from Debian cannot be had here: {error}")


def samples(file):
    return exposition.samples_in(file.read_text())


def test_a_promotion_and_a_rollback_are_counted_and_their_weights_shown(file):
    swap = Swap("metered")
    swap.up("green")
    found = samples(file)
    assert found["bluegreen_weight_percent", ("web", "green")] == 100
    assert found["bluegreen_swaps_total", ("web", "started")] == 1
    assert found["bluegreen_swaps_total", ("web", "promoted")] == 1
    assert found["bluegreen_wait_seconds", ("web", "hold")] >= 60
    assert found["bluegreen_wait_seconds", ("web", "bake")] >= 60
    assert found["bluegreen_swap_duration_seconds", ("web", "promoted")] >= 120
    swap.up("blue")
    found = samples(file)
    assert found["bluegreen_swaps_total", ("web", "promoted")] == 1
    assert found["bluegreen_swaps_total", ("web", "rolled_back")] == 1
    assert found["bluegreen_weight_percent", ("web", "green")] == 0
    assert ("bluegreen_wait_seconds", ("web", "bake")) not in found  # a rollback has none


def test_a_failure_is_counted_and_an_update_that_does_nothing_is_not(file):
    swap = Swap("metered")
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    before = file.read_text()
    swap.up("green")
    assert file.read_text() == before
    assert samples(file)["bluegreen_swaps_total", ("web", "restored")] == 1


def test_each_weight_stands_in_the_file_while_it_is_live(file):
    seen = []
    swap = Swap("metered")

    class Looking(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            seen.append(samples(file)["bluegreen_weight_percent", ("web", "green")])

    swap.clock = Looking()
    swap.up("green")
    assert {10, 50, 100} <= set(seen)


def test_the_number_of_a_gates_answer_is_told(file):
    Swap("metered").up("green")
    told = {labels: value for (name, labels), value in samples(file).items() if name == "bluegreen_gate_value"}
    assert told["web", "target health", "bake"] == 3


def test_several_services_share_a_file(file):
    for name in ("shop", 'a "quoted" \\ name'):
        swap = Swap("metered", started=False)
        swap.more["name"] = name
        swap.up("blue")
    assert {labels[0] for _, labels in samples(file)} == {"shop", 'a "quoted" \\ name'}


def test_what_somebody_else_wrote_there_is_no_sample_of_ours(file):
    file.write_text('garbage\nnode_x{a="b"} 1\nbluegreen_swaps_total{service="web"} x\n')
    Swap("metered")
    assert samples(file)["bluegreen_swaps_total", ("web", "started")] == 1


def test_a_file_that_cannot_be_written_is_told_and_no_more(monkeypatch, tmp_path):
    monkeypatch.setenv(metrics.FILE, str(tmp_path / "missing" / "x.prom"))
    swap = Swap("metered")
    swap.up("green")
    assert [text for text in swap.told("note") if "metrics did not get to BLUEGREEN_METRICS_FILE" in text]


def test_without_variables_nothing_happens(monkeypatch, file):
    monkeypatch.delenv(metrics.FILE)
    Swap("metered").up("green")
    assert not file.exists()


def serving(answer, received):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self._say(answer().encode())

        def do_PUT(self):
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self._say(b"")

        def _say(self, body):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = loopback.Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


def test_a_push_goes_on_from_what_the_gateway_has(monkeypatch, file):
    monkeypatch.delenv(metrics.FILE)
    received = []
    had = 'bluegreen_swaps_total{instance="",job="bluegreen",outcome="promoted",service="web"} 4\n'
    server = serving(lambda: had, received)
    monkeypatch.setenv(metrics.PUSH, f"http://127.0.0.1:{server.server_address[1]}/")
    try:
        swap = Swap("metered")
        swap.up("green")
    finally:
        server.shutdown()
        server.server_close()
    path, body = received[-1]
    assert path == "/metrics/job/bluegreen/service/web"
    assert exposition.samples_in(body)["bluegreen_swaps_total", ("web", "promoted")] == 5


def test_a_gateway_that_is_not_there_is_told_and_no_more(monkeypatch, file):
    monkeypatch.setenv(metrics.PUSH, "http://127.0.0.1:9")
    swap = Swap("metered")
    assert swap.up("green")["live_color"] == "green"
    assert [text for text in swap.told("note") if "metrics did not get to BLUEGREEN_PUSHGATEWAY" in text]


def test_a_collector_gets_them_by_otlp(monkeypatch, file):
    grpc = pytest.importorskip("grpc")
    proto = pytest.importorskip("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2")
    service = pytest.importorskip("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc")
    monkeypatch.delenv(metrics.FILE)
    got = []

    class Collector(service.MetricsServiceServicer):
        def Export(self, request, context):  # noqa: N802 - the service calls it so
            for metric in request.resource_metrics[0].scope_metrics[0].metrics:
                points = metric.sum.data_points or metric.gauge.data_points
                got.extend(
                    (
                        metric.name,
                        {one.key: one.value.string_value for one in point.attributes},
                        point.as_double or point.as_int,
                    )
                    for point in points
                )
            return proto.ExportMetricsServiceResponse()

    server = grpc.server(futures.ThreadPoolExecutor(2))
    service.add_MetricsServiceServicer_to_server(Collector(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        swap = Swap("metered")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", f"http://127.0.0.1:{port}")
        swap.up("green")
    finally:
        server.stop(None)
    assert ("bluegreen_swaps_total", {"service": "web", "outcome": "promoted"}, 1) in got
    assert ("bluegreen_weight_percent", {"service": "web", "color": "green"}, 100) in got


def test_the_sdk_is_imported_only_where_it_is_used():
    code = "import sys, bluegreen.swap.service; sys.exit('opentelemetry.sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -- Prometheus itself


def test_promtool_finds_nothing_to_complain_of(file):
    promtool = programs("prometheus", "promtool")["promtool"]
    swap = Swap("metered")
    swap.up("green")
    swap.up("blue")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=file.read_text(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def scraping(file, tmp_path):
    """A Prometheus that scrapes the file as node_exporter shows it: asks a query, and has the result."""
    program = programs("prometheus")["prometheus"]
    server = serving(lambda: file.read_text() if file.exists() else "", [])
    config = tmp_path / "prometheus.yml"
    target = f"127.0.0.1:{server.server_address[1]}"
    config.write_text(
        "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"
        f"scrape_configs: [{{job_name: node, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=tmp_path)

    def ask(query, wanted=lambda result: result):
        deadline = time.monotonic() + 60
        answer = None
        while time.monotonic() < deadline:
            assert process.poll() is None, (tmp_path / "log").read_text()
            try:
                answer = loopback.get(f"{url}/api/v1/query", params={"query": query}).json()
                if answer["status"] == "success" and wanted(answer["data"]["result"]):
                    return answer["data"]["result"]
            except (httpx.HTTPError, ValueError, KeyError):
                pass
            time.sleep(0.1)
        return pytest.fail(f"{query}: {answer}")

    yield ask
    process.kill()
    process.wait()
    server.shutdown()
    server.server_close()


def test_a_real_prometheus_counts_one_promotion_and_one_rollback_and_the_dashboard_asks_for_what_there_is(scraping):
    def counted(outcome, number):
        query = f'sum(bluegreen_swaps_total{{outcome="{outcome}"}})'
        scraping(query, lambda result: result and float(result[0]["value"][1]) == number)

    swap = Swap("metered")
    swap.up("green")
    counted("promoted", 1)
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(queries) == len(dashboard["panels"]) == 7
    for query in queries:
        filled = query.replace("$service", ".*").replace("$__range", "1h")
        assert "$" not in filled
        scraping(filled)
    swap.up("blue")
    counted("rolled_back", 1)
    counted("promoted", 1)
    assert all(any(metric.name in query for query in queries) for metric in exposition.METRICS)
