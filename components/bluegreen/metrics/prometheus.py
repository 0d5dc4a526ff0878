"""Numbers from Prometheus and from whatever else speaks its HTTP API (Thanos, Mimir, VictoriaMetrics, AMP proxies)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from bluegreen.clients.http import fetch
from bluegreen.fields import Fields
from bluegreen.gates.texts import shortened
from bluegreen.metrics.base import fill
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Address, Number, Secret, Text
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Color
from bluegreen.rollout.ports import GateContext
from bluegreen.secrets import SecretRef, UrlRef, redact, resolve_url, shown_url

_TIMEOUT_SECONDS = 10
_ANSWER_BYTES = 16 << 20
_LABEL_CHARACTERS = 60
_KINDS = {"query": ("scalar", "vector"), "query_range": ("matrix",)}


@declared
class PrometheusSource(Options):
    """A PromQL query that answers with one number, for ``metric``, ``minimum_traffic`` and ``baseline``."""

    address: UrlRef = option(
        'where Prometheus is, without ``/api/v1``: ``"https://prometheus.internal:9090"``; or a reference',
        Address(),
        positional=True,
    )
    query: str = option(
        "PromQL with placeholders. In a series ``{window}`` is the step, so that no sample is in two of them",
        Text(allowed="a PromQL query"),
        positional=True,
    )
    step_seconds: float = option(
        "the distance between two samples of a series. At least twice the scrape interval: a rate takes two samples "
        '(Prometheus, "rate")',
        Number(1, 3_600, "seconds"),
        default=30,
    )
    token: SecretRef | None = option("where the bearer token is", Secret(), default=None)
    name: str = option("how people call it", Text(), default="", absent="the query")
    least_window_seconds: float = 1

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse an address with a query or a fragment: the API's own path follows it."""
        address = values["address"]
        if isinstance(address, str) and ("?" in address or "#" in address):
            fields.problem("address", address, "a URL without ? and #: the API's own path is put behind it")

    @property
    def label(self) -> str:
        """The name that people read."""
        text = redact(self.name or " ".join(str(self.query).split()))  # before it is cut
        return text if len(text) <= _LABEL_CHARACTERS else text[: _LABEL_CHARACTERS - 1] + "…"

    def value(self, context: GateContext, color: Color, window_seconds: float) -> float | None:
        """Ask for the value now, by the server's clock: ours may differ."""
        numbers = self._ask("query", {"query": fill(self.query, context, color, window_seconds, _quoted)})
        return numbers[0] if numbers else None

    def series(self, context: GateContext, color: Color, window_seconds: float) -> Sequence[float]:
        """Ask for one value a step."""
        end = context.asked_at_seconds
        # The first sample covers the window's first step.
        start = min(end, end - window_seconds + self.step_seconds)
        parameters = {
            "query": fill(self.query, context, color, self.step_seconds, _quoted),
            "start": f"{start:.3f}",
            "end": f"{end:.3f}",
            "step": f"{self.step_seconds:g}",
        }
        return self._ask("query_range", parameters)

    def _ask(self, what: str, parameters: Mapping[str, str]) -> list[float]:
        """The numbers of the one series that the query may answer with."""
        where = f"prometheus at {shown_url(self.address)}"
        url = f"{resolve_url(self.address).rstrip('/')}/api/v1/{what}"
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token.value()}"}
        try:
            answer = fetch(
                "GET",
                url,
                params=parameters,
                headers=headers,
                timeout_seconds=_TIMEOUT_SECONDS,
                most_bytes=_ANSWER_BYTES,
            )
        except (httpx.LocalProtocolError, httpx.InvalidURL, ValueError):
            # Such as a token that no header can hold; what is raised may show it.
            raise GateUnavailable(f"{where}: the request cannot be written") from None
        except httpx.HTTPError as error:
            raise GateUnavailable(f"{where}: {str(error) or type(error).__name__}") from error
        if answer.late or answer.cut:
            limit = f"in {_TIMEOUT_SECONDS} s" if answer.late else f"within {_ANSWER_BYTES >> 20} MiB"
            raise GateUnavailable(f"{where}: status {answer.status}, no end of the answer {limit}")
        try:
            body = json.loads(answer.body)
            succeeded = 200 <= answer.status < 300 and body["status"] == "success"
            series = _series_in(body["data"], what) if succeeded else None
            why = "" if series is not None else shortened(f"{body['errorType']}: {body['error']}")
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            series, why = None, "the answer is no number of its API"
        if series is None:
            raise GateUnavailable(f"{where}: status {answer.status}, {why}")
        if len(series) > 1:
            raise GateUnavailable(
                f"{where}: the query answers with {len(series)} series; make them one, such as with sum(...): "
                f"{parameters['query']}"
            )
        return series[0] if series else []


def _series_in(data: Mapping[str, Any], what: str) -> list[list[float]]:
    kind, result = data["resultType"], data["result"]
    if kind not in _KINDS[what]:
        raise ValueError(kind)  # such as a range, of which no sample is the value
    if kind == "scalar":
        return [_numbers([result])]
    return [_numbers([one["value"]] if kind == "vector" else one["values"]) for one in result]


def _numbers(samples: Sequence[Sequence[Any]]) -> list[float]:
    """The values of ``[time, "value"]`` without NaN, which is 0 / 0: nothing was counted."""
    numbers = (float(value) for _, value in samples)
    return [number for number in numbers if not math.isnan(number)]


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
