"""No secret is kept anywhere: not in the state, in marks, previews, the event log, notifications, traces or errors.

Secrets are redacted where values are written, not where they are shown: who reads a state reads it without this code.
"""

from __future__ import annotations

import base64
import json
import traceback
from urllib.parse import quote

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bluegreen.memory.router import MemoryRouter
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.rollout.errors import GateUnavailable, InvalidInput, PlatformError, SwapFailed
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.swap import contract, reporting
from bluegreen.telemetry.tracing import Tracing
from dev.matrix.engine import ADAPTERS
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import ScriptedGate, scripted

SECRET = 'hunter2 is/"my" pässword+1'
FORMS = {
    "as it is": SECRET,
    "in a URL": quote(SECRET, safe=""),
    "in JSON": json.dumps(SECRET)[1:-1],
    "as Python shows it": repr(SECRET)[1:-1],
    "in Base64": base64.b64encode(SECRET.encode()).decode(),
    "who an address is for": f"postgres://orders:{SECRET.partition(' ')[0]}@db:5432/orders",
}
RECORDS = []


class Keeping:
    """A notifier that keeps what it is given."""

    label, outcomes, timeout_seconds = "keeping", (), 5

    @classmethod
    def parse(cls, fields):
        return {}

    def notify(self, record):
        RECORDS.append(record)


@pytest.fixture(params=ADAPTERS)
def swap(request, monkeypatch, tmp_path):
    monkeypatch.setenv("DB_PASSWORD", SECRET)
    monkeypatch.setitem(NOTIFIERS.entries, "keeping", f"{__name__}:Keeping")
    monkeypatch.setenv("BLUEGREEN_EVENT_LOG", str(tmp_path / "events.jsonl"))
    spans, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(reporting, "Tracing", lambda **options: Tracing(provider, **options))
    RECORDS.clear()
    made = Swap("secret", request.param, notifications=[{"kind": "keeping"}])
    made.log, made.spans = tmp_path / "events.jsonl", spans
    return made


def kept(swap, error=None):
    """Everything that leaves the process, by where it goes."""
    return {
        "state": repr(swap.state),
        "marks": repr(swap.here.marks),
        "told": repr([(event.text, event.data) for event in swap.events]) + repr(swap.said),
        "event log": swap.log.read_text(),
        "notifications": repr(RECORDS),
        "traces": "".join(span.to_json() for span in swap.spans.get_finished_spans()),
        "errors": "".join(traceback.format_exception(error)).partition("File")[0] + chain(error),
    }


def chain(error):
    said = ""
    while error is not None:
        said += f"{error} {error.args} {vars(error)}"
        error = error.__cause__ or error.__context__
    return said


def is_nowhere(found, form):
    assert {where for where, text in found.items() if form in text or "hunter2" in text} == set()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("part", ["value", "limit", "reason"])
def test_what_a_gate_says_is_kept_without_secrets(swap, script, monkeypatch, form, part):
    verdict = Verdict(Decision.FAIL, **{part: f"saw {form} there"})
    monkeypatch.setattr(ScriptedGate, "evaluate", lambda self, context: verdict)
    with pytest.raises(SwapFailed) as caught:
        swap.up("green", gates=[scripted(Phase.HOLD)])
    swap.preview("green")
    swap.refresh()
    is_nowhere(kept(swap, caught.value), form)
    assert "***" in json.dumps(swap.outputs["history"]) or "..." in json.dumps(swap.outputs["history"])


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("error", [GateUnavailable, PlatformError, ZeroDivisionError, SystemExit])
def test_what_a_gate_raises_is_kept_without_secrets(swap, script, form, error):
    def answer(context):
        raise error("ask", form) if error is PlatformError else error(f"saw {form} there")

    script.answer = answer
    with pytest.raises(SwapFailed) as caught:
        swap.up("green", gates=[scripted(Phase.HOLD)])
    is_nowhere(kept(swap, caught.value), form)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("call", ["write", "health", "verify", "mark"])
def test_what_a_platform_answers_is_kept_without_secrets(swap, monkeypatch, form, call):
    """Also where nothing can be restored."""
    method = getattr(MemoryRouter, call)

    def refusing(router, *arguments):
        if swap.here.weights.of("green") or call != "write":
            raise PlatformError("Call", f"denied for {form}")
        return method(router, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(MemoryRouter, call, refusing)
        with pytest.raises((SwapFailed, PlatformError)) as caught:
            swap.up("green")
    swap.preview("green")
    is_nowhere(kept(swap, caught.value), form)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_preview_says_no_secret(swap, monkeypatch, form):
    def refusing(router):
        raise PlatformError("Describe", f"denied for {form}")

    with monkeypatch.context() as patched:
        patched.setattr(MemoryRouter, "read", refusing)
        swap.preview("green")
        found = swap.service().diff(swap.outputs, swap.inputs("green"))
    assert found.warnings
    assert not any(form in text for text in found.warnings + found.notes)
    is_nowhere(kept(swap), form)


def test_a_plan_names_gates_without_secrets(monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", SECRET)
    long = "/" + "x" * 30  # so that the label is cut in the middle of it
    for command in (["check", SECRET], [long, SECRET]):
        gates = [{"kind": "command", "command": command}]
        plan = contract.plan_of({"active_color": "green", "gates": gates, "strategy": {"steps": []}})
        assert "hunter2" not in repr(plan)
        assert "***" in repr(plan)


def test_a_secret_is_cut_from_a_mark_before_the_mark_is_cut(swap, script, monkeypatch):
    verdict = Verdict(Decision.FAIL, "x" * 180 + SECRET)
    monkeypatch.setattr(ScriptedGate, "evaluate", lambda self, context: verdict)
    with pytest.raises(SwapFailed):
        swap.up("green", gates=[scripted(Phase.HOLD)])
    is_nowhere(kept(swap), SECRET)


def test_what_is_wrong_is_told_without_the_password_of_a_url_in_it():
    wrong = {"previews": {"green": {"uri": ["postgres://user:hunter2@db/x"]}}, "bake_seconds": "amqp://u:hunter2@q"}
    told = " ".join(map(str, contract.problems_in(wrong)))
    assert "hunter2" not in told
    assert "amqp://***@q" in told


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2@preview.example/",
        "https://:hunter2@preview.example",
        "http://hunter2@preview.example",
        "user:hunter2@preview.example",
        "http://[hunter2@",
    ],
)
@pytest.mark.parametrize(
    ("where", "section"),
    [
        ("previews.green.url", lambda url: {"previews": {"green": {"url": url}}}),
        (
            "gates[0].aws.endpoint_url",
            lambda url: {"gates": [{"kind": "lambda_invoke", "hook": "h", "aws": {"endpoint_url": url}}]},
        ),
        ("gates[0].url", lambda url: {"gates": [{"kind": "webhook", "url": url}]}),
        (
            "gates[0].source.address",
            lambda url: {
                "gates": [{"kind": "metric", "min": 1, "source": {"kind": "prometheus", "address": url, "query": "up"}}]
            },
        ),
        ("notifications[0].url", lambda url: {"notifications": [{"kind": "webhook", "url": url}]}),
        ("router.admin_url", lambda url: {"router": {"kind": "envoy", "admin_url": url}}),
        ("router.azure.endpoint_url", lambda url: {"router": {"kind": "azure_slots", "azure": {"endpoint_url": url}}}),
        (
            "router.cloudfoundry.api_url",
            lambda url: {"router": {"kind": "cloudfoundry", "cloudfoundry": {"api_url": url}}},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_address_with_a_password_is_refused_and_not_echoed(where, section, url):
    with pytest.raises(InvalidInput) as caught:
        contract.parse(Swap("address", started=False, bake_seconds=60).inputs("blue", **section(url)))
    assert where in str(caught.value)
    assert "hunter2" not in str(caught.value)
