"""An HTTP smoke test against a color's preview address."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from bluegreen.clients.http import Answer, Http
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.base import THROUGHOUT, GateContext
from bluegreen.gates.texts import shortened
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.secrets import guard_log, redact, remember_headers

_BODY_BYTES = 8 << 20

guard_log("httpx")


@dataclass(frozen=True, slots=True)
class HttpGate:
    """Sends ``count`` requests; each must answer as expected and in time.

    Attributes:
        path: the path asked for, with its query.
        status: the expected status.
        body_contains: a text that the body must hold; empty is any body.
        json_match: values that the JSON body must have, by dotted path (``{"db.ok": True}``).
        count: requests each time the gate is asked, 1-100.
        latency_limit_ms: the slowest answer allowed, in milliseconds, to the end of its body (8 MiB of it at most).
        headers: more request headers. A ``Host`` is the public name: with HTTPS its certificate is the one that counts.
    """

    path: str
    status: int = 200
    body_contains: str = ""
    json_match: Mapping[str, object] = field(default_factory=dict)
    count: int = 1
    latency_limit_ms: float = 5_000
    headers: Mapping[str, str] = field(default_factory=dict)
    needs_preview: bool = True
    phases: frozenset[Phase] = THROUGHOUT
    offline: bool = False

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check one entry of ``gates``."""
        path = fields.text("path", allowed="a path that begins with /")
        if isinstance(path, str) and not path.startswith("/"):
            fields.problem("path", path, "a path that begins with /")
        match = fields.raw("json_match")
        if match is not None and match is not UNKNOWN and not isinstance(match, Mapping):
            fields.problem("json_match", match, "an object of dotted paths and values")
        return {
            "path": path,
            "status": fields.whole("status", 200, least=100, most=599),
            "body_contains": fields.text("body_contains", ""),
            "json_match": match if isinstance(match, Mapping) else {},
            "count": fields.whole("count", 1, least=1, most=100),
            "latency_limit_ms": fields.number("latency_limit_ms", 5_000, least=1, most=60_000, unit="milliseconds"),
            "headers": fields.mapping("headers"),
        }

    @property
    def label(self) -> str:
        """What people call it."""
        return f"http {self.path}"

    def evaluate(self, context: GateContext) -> Verdict:
        """Ask ``count`` times, stopping at the first wrong answer."""
        if context.preview is None:
            raise GateUnavailable(f"there is no preview address for {context.color}")
        url = context.preview.url.rstrip("/") + self.path  # a preview may be below a path, such as an API's stage
        headers = {**self.headers, **context.preview.headers}
        remember_headers(headers)  # a library's error may name one that it cannot send
        slowest_ms = 0.0
        limit_seconds = self.latency_limit_ms / 1000
        with Http() as http:
            for _ in range(self.count):
                began = time.monotonic()
                try:
                    answer = http.send(
                        "GET", url, headers=headers, timeout_seconds=limit_seconds, most_bytes=_BODY_BYTES
                    )
                except httpx.TimeoutException:
                    return self._fail(
                        f"no answer in {self.latency_limit_ms:g} ms", f"{self.latency_limit_ms:g} ms", url
                    )
                except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
                    raise GateUnavailable(f"{url}: {redact(str(error)) or type(error).__name__}") from None
                latency_ms = (time.monotonic() - began) * 1000
                slowest_ms = max(slowest_ms, latency_ms)
                wrong = self._wrong(answer, latency_ms)
                if wrong is not None:
                    return self._fail(*wrong, url)
        return Verdict(Decision.PASS, f"{self.count} x {self.status}, slowest {slowest_ms:.0f} ms")

    @staticmethod
    def _fail(value: str, limit: str, url: str) -> Verdict:
        return Verdict(Decision.FAIL, value, limit, url)

    def _wrong(self, answer: Answer, latency_ms: float) -> tuple[str, str] | None:
        """The first thing that is not as expected: what was seen and what was wanted."""
        if answer.status != self.status:
            return f"status {answer.status}", f"status {self.status}"
        if answer.late:
            return f"no end of the body in {self.latency_limit_ms:g} ms", f"{self.latency_limit_ms:g} ms"
        if latency_ms > self.latency_limit_ms:
            return f"{latency_ms:.0f} ms", f"{self.latency_limit_ms:g} ms"
        if self.body_contains and self.body_contains not in answer.text:
            seen = f"the first {_BODY_BYTES >> 20} MiB of a body" if answer.cut else "a body"
            return f"{seen} without it", f"a body with {self.body_contains!r}"
        if self.json_match:
            if answer.cut:
                return f"a body of more than {_BODY_BYTES >> 20} MiB", "a JSON body"
            try:
                body = json.loads(answer.body)
            except (ValueError, RecursionError):
                return "a body that is not JSON", "a JSON body"
            for dotted, wanted in self.json_match.items():
                found = _at(body, dotted)
                if found != wanted:
                    return f"{dotted} = {shortened(repr(found))}", f"{dotted} = {wanted!r}"
        return None


def _at(body: object, dotted: str) -> object:
    for part in dotted.split("."):
        body = body.get(part) if isinstance(body, Mapping) else None
    return body
