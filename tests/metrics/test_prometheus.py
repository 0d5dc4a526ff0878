"""The Prometheus source and the gates on it against a real Prometheus."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import httpx
import pytest

from bluegreen import gates
from bluegreen.metrics.base import fill
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision
from bluegreen.rollout.ports import GateContext
from localcloud import loopback
from tests.metrics.asking import context, gate, source
from tests.metrics.conftest import serve

TOKEN = "not-a-real-token-5f2c"
WINDOW = {"window_seconds": 10}


def value(url, query, color="green", **options):
    return source(gates.prometheus_source(url, query, **options)).value(context(), color, 10)


@pytest.fixture
def guarded_url(prometheus_url):
    """The same Prometheus behind a proxy that wants a bearer token."""

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self):
            allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            answer = loopback.get(prometheus_url + self.path) if allowed else httpx.Response(401, text="who are you?")
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_):
            pass

    server = serve(Proxy)
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


# -- the source


@pytest.mark.parametrize(
    ("query", "color", "expected"),
    [
        ("vector(42)", "green", 42),
        ("scalar(vector(7))", "green", 7),
        ('sum(rate(http_requests_total{color="{color}"}[{window}]))', "blue", 10),
        ('sum(rate(http_requests_total{color="{color}",code=~"5.."}[{window}]))', "green", 1),
        ('sum(rate(http_requests_total{color="{other_color}",code="200"}[{window}]))', "green", 10),
        ("vector(1/0)", "green", float("inf")),
    ],
)
def test_a_value(prometheus_url, query, color, expected):
    assert value(prometheus_url, query, color) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    "query",
    [
        "no_such_metric",
        "scalar(no_such_metric)",
        'sum(rate(idle_requests_total{color="{color}"}[{window}])) / sum(rate(idle_requests_total[{window}]))',
        'sum(rate(http_requests_total{color="{color}"}[500ms]))',  # less than two samples
    ],
)
def test_nothing_and_nan_are_no_data(prometheus_url, query):
    assert value(prometheus_url, query) is None
    assert source(gates.prometheus_source(prometheus_url, query, step_seconds=1)).series(context(), "green", 5) == []


def test_placeholders_and_no_other_braces():
    text = 'x{color="{color}",old="{other_color}",r="{release}",s="{service}",t=~"a{2}",u="{colour}"}[{window}]'
    filled = fill(text, context(), "blue", 90.9)
    assert filled == 'x{color="blue",old="green",r="app:v1",s="web",t=~"a{2}",u="{colour}"}[90s]'
    assert fill("{window}", context(), "blue", 0.2) == "1s"


def test_a_value_cannot_end_the_text_it_stands_in(prometheus_url):
    asked = source(gates.prometheus_source(prometheus_url, 'count(up{job!="{release}"})'))
    assert asked.value(GateContext("green", releases={"green": 'x"} or vector(9) #\\'}), "green", 10) == 1


def test_a_placeholder_that_nobody_can_fill_is_no_empty_text(prometheus_url):
    asked = source(gates.prometheus_source(prometheus_url, 'up{release="{release}"}'))
    with pytest.raises(GateUnavailable, match=r"the release of green, which .* needs, is not known"):
        asked.value(GateContext("green"), "green", 10)


def test_a_series_has_one_sample_a_step(prometheus_url):
    query = 'sum(rate(http_requests_total{color="{color}"}[4s]))'
    found = source(gates.prometheus_source(prometheus_url, query, step_seconds=2)).series(context(), "blue", 8)
    assert len(found) == 4
    assert found == pytest.approx([10] * 4, rel=1e-3)


def test_the_window_of_a_series_is_its_step(prometheus_url):
    # 3 samples were scraped in each 3 s, whatever the window is.
    query = 'count_over_time(latency_seconds{color="{color}"}[{window}])'
    found = source(gates.prometheus_source(prometheus_url, query, step_seconds=3)).series(context(), "green", 9)
    assert found == [3, 3, 3]


def test_several_series_are_an_error_that_says_so(prometheus_url):
    with pytest.raises(GateUnavailable, match=r"answers with 3 series; make them one, such as with sum\("):
        value(prometheus_url, "http_requests_total")
    asked = source(gates.prometheus_source(prometheus_url, "http_requests_total"))
    with pytest.raises(GateUnavailable, match="answers with 3 series"):
        asked.series(context(), "green", 60)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("sum(", "status 400, bad_data: .*parse error"),
        ("up[1m]", "status 200, the answer is no number of its API"),
        ('"text"', "status 200, the answer is no number"),
    ],
)
def test_queries_that_are_none(prometheus_url, query, says):
    with pytest.raises(GateUnavailable, match=says):
        value(prometheus_url, query)


def test_no_answer_is_unavailable_and_names_the_address():
    with pytest.raises(GateUnavailable, match=r"prometheus at 127\.0\.0\.1:9: .*refused"):
        value("http://127.0.0.1:9", "up")


@pytest.mark.parametrize("how", ["env", "file"])
def test_a_token_by_reference(guarded_url, monkeypatch, tmp_path, how):
    (tmp_path / "token").write_text(TOKEN + "\n")
    monkeypatch.setenv("PROMETHEUS_BEARER", TOKEN)
    token = {"env": "PROMETHEUS_BEARER"} if how == "env" else {"file": str(tmp_path / "token")}
    assert value(guarded_url, "vector(5)", token=token) == 5


def test_without_the_right_token_it_is_unavailable_and_no_token_is_told(guarded_url, monkeypatch):
    with pytest.raises(GateUnavailable, match="status 401, the answer is no number of its API"):
        value(guarded_url, "vector(5)")
    for wrong in ("a-wrong-token-17", "a-token-that\nno-header-holds"):
        monkeypatch.setenv("PROMETHEUS_BEARER", wrong)
        with pytest.raises(GateUnavailable) as caught:
            value(guarded_url, "vector(5)", token={"env": "PROMETHEUS_BEARER"})
        assert wrong not in str(caught.value)
        assert "Bearer" not in str(caught.value)
    monkeypatch.delenv("PROMETHEUS_BEARER")
    with pytest.raises(GateUnavailable, match="env PROMETHEUS_BEARER"):
        value(guarded_url, "vector(5)", token={"env": "PROMETHEUS_BEARER"})


# -- the gates


@pytest.mark.parametrize(
    ("color", "limits", "decision", "says"),
    [
        ("blue", {"min": 0.99}, Decision.PASS, "1 against at least 0.99"),
        ("green", {"min": 0.99}, Decision.FAIL, "0.9 against at least 0.99"),
        ("green", {"min": 0.99, "fail_below": 0.85}, Decision.INCONCLUSIVE, "0.9 against at least 0.99; fails below"),
        ("green", {"min": 0.99, "fail_below": 0.95}, Decision.FAIL, "0.9 against at least 0.99; fails below 0.95"),
        ("green", {"min": 0.9 - 1e-9}, Decision.PASS, "0.9 against"),
    ],
)
def test_success_rate(prometheus_url, color, limits, decision, says):
    verdict = gate(gates.success_rate(prometheus_url, **limits, **WINDOW)).evaluate(context(color))
    assert verdict.decision is decision
    assert says in str(verdict)


def test_success_rate_without_a_single_good_request_fails(prometheus_url):
    asked = gate(gates.success_rate(prometheus_url, metric="broken_requests_total", **WINDOW))
    verdict = asked.evaluate(context())
    assert verdict.decision is Decision.FAIL
    assert verdict.value == "0"


def test_success_rate_without_requests_is_pending(prometheus_url):
    asked = gate(gates.success_rate(prometheus_url, metric="idle_requests_total", **WINDOW))
    verdict = asked.evaluate(context())
    assert verdict.decision is Decision.PENDING
    assert str(verdict) == "no data against at least 0.99; of green in 10 s"


@pytest.mark.parametrize(
    ("color", "limits", "decision", "seconds"),
    [
        ("blue", {}, Decision.PASS, 0.0995),
        ("green", {}, Decision.FAIL, 0.995),
        ("green", {"fail_above_seconds": 1}, Decision.INCONCLUSIVE, 0.995),
        ("green", {"max_seconds": 1}, Decision.PASS, 0.995),
    ],
)
def test_p99(prometheus_url, color, limits, decision, seconds):
    verdict = gate(gates.p99(prometheus_url, **limits, **WINDOW)).evaluate(context(color))
    assert verdict.decision is decision
    assert float(verdict.value) == pytest.approx(seconds, rel=1e-3)


def test_a_selector_of_the_users_own(prometheus_url):
    selector = 'job="app",color=~"{color}|nobody"'
    verdict = gate(gates.success_rate(prometheus_url, selector=selector, min=0.5, **WINDOW)).evaluate(context())
    assert float(verdict.value) == pytest.approx(0.9, rel=1e-3)
    # Without labels it is both colors: 1 of 20 requests failed.
    verdict = gate(gates.success_rate(prometheus_url, selector="", min=0.5, **WINDOW)).evaluate(context())
    assert float(verdict.value) == pytest.approx(0.95, rel=1e-3)


def test_a_query_of_the_users_own(prometheus_url):
    query = 'sum(rate(http_requests_total{color="{color}"}[{window}]))'
    verdict = gate(gates.prometheus(prometheus_url, query, min=5, max=8, **WINDOW)).evaluate(context())
    assert verdict.decision is Decision.FAIL
    assert verdict.limit == "at least 5, at most 8"
    assert float(verdict.value) == pytest.approx(10, rel=1e-3)


COUNTED = 'sum(increase(http_requests_total{color="{color}"}[{window}]))'


@pytest.mark.parametrize(
    ("query", "requests", "decision"),
    [
        (COUNTED, 50, Decision.PASS),  # 100 in 10 s
        (COUNTED, 5_000, Decision.PENDING),
        (COUNTED.replace("http", "idle"), 1, Decision.PENDING),
        ("no_such_metric", 1, Decision.PENDING),
    ],
)
def test_minimum_traffic(prometheus_url, query, requests, decision):
    asked = gate(gates.minimum_traffic(requests, source=gates.prometheus_source(prometheus_url, query)))
    verdict = asked.evaluate(context(ago_seconds=10))
    assert verdict.decision is decision
    assert f" of at least {requests} requests" in str(verdict)
    counted = int(verdict.value.split()[0])
    assert counted == (100 if "http" in query else 0)


def test_minimum_traffic_counts_from_the_beginning_of_the_phase(prometheus_url):
    asked = gate(gates.minimum_traffic(60, source=gates.prometheus_source(prometheus_url, COUNTED)))
    assert asked.evaluate(context(ago_seconds=10)).decision is Decision.PASS
    assert asked.evaluate(context(ago_seconds=3)).decision is Decision.PENDING
    assert asked.evaluate(context(ago_seconds=0)).decision is Decision.PENDING


BASELINE = {"min_samples": 8, "window_seconds": 12}


@pytest.mark.parametrize(
    ("metric", "worse", "options", "decision"),
    [
        ("latency_seconds", "higher", {}, Decision.FAIL),
        ("latency_seconds", "lower", {}, Decision.PASS),
        ("steady_seconds", "higher", {}, Decision.PASS),
        ("latency_seconds", "higher", {"tolerance_percent": 990}, Decision.PASS),
        ("latency_seconds", "higher", {"min_samples": 100}, Decision.PENDING),
        ("no_such_metric", "higher", {}, Decision.PENDING),
    ],
)
def test_baseline(prometheus_url, metric, worse, options, decision):
    series = gates.prometheus_source(prometheus_url, f'{metric}{{color="{{color}}"}}', step_seconds=1)
    verdict = gate(gates.baseline(series, worse=worse, **BASELINE | options)).evaluate(context())
    assert verdict.decision is decision, verdict
    if decision is Decision.FAIL:
        assert "(green)" in verdict.value
        assert "(blue)" in verdict.value
        assert verdict.limit == "not higher by more than 5 % with p < 0.01"


def test_baseline_takes_no_samples_from_before_the_first_shift(prometheus_url):
    series = gates.prometheus_source(prometheus_url, 'latency_seconds{color="{color}"}', step_seconds=1)
    verdict = gate(gates.baseline(series, worse="higher", **BASELINE)).evaluate(context(ago_seconds=4))
    assert str(verdict) == "4 samples of green, 4 of blue against at least 8 of each"
    assert verdict.decision is Decision.PENDING
