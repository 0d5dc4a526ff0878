import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from opentelemetry import context, trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from bluegreen.rollout.model import Event, Outcome
from bluegreen.telemetry import provider as providers
from bluegreen.telemetry import tracing
from bluegreen.telemetry.provider import CannotTrace, exporter_names
from bluegreen.telemetry.tracing import Tracing

AT = 1_700_000_000
PARENT = {"TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "TRACESTATE": "vendor=1"}


@pytest.fixture
def spans():
    return InMemorySpanExporter()


@pytest.fixture
def provider(spans):
    made = TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(SimpleSpanProcessor(spans))
    return made


def promote(found, kinds, outcome=Outcome.PROMOTED, error=None):
    found.begin("bluegreen.swap", {"service": "web", "releases": {"green": "app:v2"}}, AT)
    for number, kind in enumerate(kinds, 1):
        data = {"weights": {"blue": 90, "green": 10}} if kind == "shift" else {}
        found.on_event(Event(AT + number, kind, f"{kind} {number}", data))
    found.end(outcome, error, AT + len(kinds) + 1)


def by_name(spans):
    return [(span.name, span.start_time // 10**9 - AT, span.end_time // 10**9 - AT) for span in spans]


def test_a_promotion_is_a_span_with_a_span_for_each_step(provider, spans):
    kinds = ["promotion", "prepare", "prepare", "verify", "gate", "shift", "gate", "shift", "gate", "bake", "retire"]
    promote(Tracing(provider), [*kinds, "done"])
    *steps, root = spans.get_finished_spans()
    assert by_name(steps) == [
        ("prepare", 2, 4),
        ("verify", 4, 6),
        ("shift", 6, 8),
        ("shift", 8, 10),
        ("bake", 10, 11),
        ("retire", 11, 12),
    ]
    assert by_name([root]) == [("bluegreen.swap", 0, 13)]
    assert {step.parent.span_id for step in steps} == {root.context.span_id}
    assert dict(root.attributes) == {
        "bluegreen.service": "web",
        "bluegreen.releases.green": "app:v2",
        "bluegreen.kind": "promotion",
        "bluegreen.outcome": "promoted",
    }
    assert steps[2].attributes["bluegreen.weights.green"] == 10
    assert root.status.status_code is StatusCode.UNSET


def test_the_gates_answers_are_events_of_the_step_that_they_were_given_in(provider, spans):
    found = Tracing(provider)
    found.begin("bluegreen.swap", {}, AT)
    found.on_event(Event(AT + 1, "verify", "asking"))
    found.on_event(Event(AT + 2, "gate", "gate http: pass", {"gate": "http", "decision": "pass", "value": 3.5}))
    found.on_event(Event(AT + 3, "lease", "held"))
    found.end("promoted", at_seconds=AT + 4, attributes={"swap": "5f2a"})
    verify, root = spans.get_finished_spans()
    assert dict(root.attributes) == {"bluegreen.swap": "5f2a", "bluegreen.outcome": "promoted"}
    assert [event.name for event in verify.events] == ["gate", "lease"]
    assert verify.events[0].timestamp == (AT + 2) * 10**9
    assert dict(verify.events[0].attributes) == {
        "bluegreen.text": "gate http: pass",
        "bluegreen.gate": "http",
        "bluegreen.decision": "pass",
        "bluegreen.value": 3.5,
    }


def test_a_failure_marks_the_swap_and_the_step_it_happened_in(provider, spans, monkeypatch):
    monkeypatch.setenv("SHOP_API_TOKEN", "correct-horse")
    kinds = ["promotion", "verify", "shift", "restore", "restore", "failed"]
    promote(Tracing(provider), kinds, Outcome.RESTORED, RuntimeError("status 500 with correct-horse"))
    status = {span.name: (span.status.status_code, span.status.description) for span in spans.get_finished_spans()}
    assert status["verify"] == (StatusCode.UNSET, None)
    assert status["shift"] == (StatusCode.ERROR, "restore 4")
    assert status["restore"] == (StatusCode.ERROR, "failed 6")
    assert status["bluegreen.swap"] == (StatusCode.ERROR, "status 500 with ***")


def test_no_secret_is_in_an_attribute(provider, spans, monkeypatch):
    monkeypatch.setenv("SHOP_API_TOKEN", "correct-horse")
    found = Tracing(provider)
    found.begin("bluegreen.swap", {"url": ["correct-horse"]})
    found.on_event(Event(time.time(), "gate", "said correct-horse", {"deep": {"er": "correct-horse"}}))
    found.end("promoted")
    (root,) = spans.get_finished_spans()
    assert "correct-horse" not in root.to_json()
    assert root.events[0].attributes["bluegreen.deep.er"] == "***"


def test_the_trace_of_whoever_started_it_is_continued(provider, spans):
    promote(Tracing(provider, PARENT), ["promotion", "shift", "done"])
    *steps, root = spans.get_finished_spans()
    assert root.context.trace_id == 0x0AF7651916CD43DD8448EB211C80319C
    assert root.parent.span_id == 0xB7AD6B7169203331
    assert root.context.trace_state.get("vendor") == "1"
    assert steps[0].context.trace_id == root.context.trace_id


def test_a_span_of_the_program_is_a_nearer_parent(provider, spans):
    outer = provider.get_tracer("program").start_span("outer")
    token = context.attach(trace.set_span_in_context(outer))
    try:
        promote(Tracing(provider, PARENT), ["done"])
    finally:
        context.detach(token)
    (root,) = spans.get_finished_spans()
    assert root.parent.span_id == outer.get_span_context().span_id


@pytest.mark.parametrize("parent", ["", "nonsense", "00-0-0-00"])
def test_an_odd_parent_is_ignored(provider, spans, parent):
    promote(Tracing(provider, {"TRACEPARENT": parent}), ["done"])
    assert spans.get_finished_spans()[-1].parent is None


def test_nobody_asked_so_nothing_happens(monkeypatch):
    monkeypatch.setattr(providers, "_make", lambda names: pytest.fail("made a provider"))
    told = []
    promote(Tracing(environ={}, tell=told.append), ["promotion", "shift", "done"])
    promote(Tracing(environ={"OTEL_TRACES_EXPORTER": "none"}, tell=told.append), ["done"])
    assert told == []


class Slow(SpanExporter):
    """A collector that never answers."""

    def __init__(self):
        self.let_go = threading.Event()
        self.ended = False

    def export(self, spans):
        self.let_go.wait(30)
        self.ended = True
        raise ZeroDivisionError


def test_a_collector_that_does_not_answer_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(tracing, "FLUSH_SECONDS", 0.05)
    slow = Slow()
    made = TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(slow))
    try:
        promote(Tracing(made), ["promotion", "done"])
        assert not slow.ended
    finally:
        slow.let_go.set()


class Broken:
    def get_tracer(self, name):
        raise ZeroDivisionError("no tracer")


def test_what_is_broken_is_told_once_and_fails_nothing():
    told = []
    promote(Tracing(Broken(), tell=told.append), ["promotion", "shift", "done"])
    assert told == ["tracing is off: no tracer"]


class Ends(SpanExporter):
    """An exporter that ends the process: where it sends each span at once, in the middle of a swap."""

    def export(self, spans):
        raise SystemExit("no collector")

    def shutdown(self):
        raise SystemExit("no collector")


def test_an_exporter_that_ends_the_process_ends_the_trace_alone():
    told = []
    made = TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(SimpleSpanProcessor(Ends()))
    promote(Tracing(made, tell=told.append), ["promotion", "shift", "done"])
    assert told == ["tracing is off: no collector"]


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({}, ["otlp_proto_grpc"]),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, ["otlp_proto_grpc"]),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, ["otlp_proto_http"]),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
            ["otlp_proto_grpc"],
        ),
        ({"OTEL_TRACES_EXPORTER": "console, otlp"}, ["console", "otlp_proto_grpc"]),
        ({"OTEL_TRACES_EXPORTER": "none"}, []),
    ],
)
def test_the_environment_names_the_exporters(environ, names):
    assert exporter_names(environ) == names


def test_a_protocol_that_is_not_known_is_told_with_what_is_allowed():
    with pytest.raises(CannotTrace, match=r"'smoke' is not allowed; allowed: grpc, http/protobuf"):
        exporter_names({"OTEL_EXPORTER_OTLP_PROTOCOL": "smoke"})


def test_an_exporter_that_is_not_installed_is_told_with_its_package():
    told = []
    promote(Tracing(environ={"OTEL_TRACES_EXPORTER": "otlp_proto_smoke"}, tell=told.append), ["done"])
    package = "opentelemetry-exporter-otlp-proto-smoke"
    assert told == [f"tracing is off: no exporter otlp_proto_smoke is installed; `pip install {package}`"]


def in_a_process_of_its_own(program, **environ):
    """The global provider can be set once in a process."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "TRACE"))}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**kept, **environ}
    )
    return done.stdout


SWAP = """
from bluegreen.telemetry.tracing import Tracing
found = Tracing(tell=print)
found.begin("bluegreen.swap", {"service": "web"})
found.end("promoted")
"""


def test_the_environment_alone_makes_a_provider():
    printed = in_a_process_of_its_own(SWAP, OTEL_TRACES_EXPORTER="console")
    assert '"name": "bluegreen.swap"' in printed
    assert '"service.name": "bluegreen"' in printed


def test_the_environment_names_the_service_and_may_turn_all_off():
    printed = in_a_process_of_its_own(SWAP, OTEL_TRACES_EXPORTER="console", OTEL_SERVICE_NAME="deployer")
    assert '"service.name": "deployer"' in printed
    assert in_a_process_of_its_own(SWAP, OTEL_TRACES_EXPORTER="console", OTEL_SDK_DISABLED="true") == ""


def test_pulumis_own_provider_is_left_to_pulumi():
    # With a TRACEPARENT the Pulumi SDK sets a provider of its own, here one that sends to nobody.
    printed = in_a_process_of_its_own("import pulumi" + SWAP, OTEL_TRACES_EXPORTER="console", **PARENT)
    assert '"name": "bluegreen.swap"' in printed
    assert "0af7651916cd43dd8448eb211c80319c" in printed


def test_a_provider_of_the_program_is_used():
    program = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, ConsoleSpanExporter
made = TracerProvider()
made.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(made)
"""
    assert in_a_process_of_its_own(program + SWAP).count('"name": "bluegreen.swap"') == 1


def test_without_the_packages_nothing_happens():
    assert in_a_process_of_its_own("import sys; sys.modules['opentelemetry'] = None" + SWAP) == ""


def test_a_collector_that_is_not_there_fails_nothing():
    assert in_a_process_of_its_own(SWAP, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9") == ""


class Collector(TraceServiceServicer):
    def __init__(self):
        self.spans = []

    def Export(self, request, _):  # noqa: N802 - gRPC's name
        for found in request.resource_spans:
            self.spans += [span.name for scope in found.scope_spans for span in scope.spans]
        return ExportTraceServiceResponse()


def test_a_collector_gets_the_whole_trace_at_the_end_of_the_swap():
    collector, server = Collector(), grpc.server(ThreadPoolExecutor(1))
    add_TraceServiceServicer_to_server(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    program = SWAP.replace(
        "found.end",
        """
from bluegreen.rollout.model import Event
found.on_event(Event(1_700_000_000, "shift", "green 10 %"))
found.end""",
    )
    try:
        in_a_process_of_its_own(program, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}")
    finally:
        server.stop(None)
    assert sorted(collector.spans) == ["bluegreen.swap", "shift"]
