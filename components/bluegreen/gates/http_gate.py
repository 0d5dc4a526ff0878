"""An HTTP smoke test against a color's preview address."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

import httpx

from bluegreen.clients.http import Answer, Http
from bluegreen.gates.texts import shortened
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Number, Objects, Text, TextMap
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import THROUGHOUT, GateContext
from bluegreen.secrets import guard_log, redact, remember_headers

_BODY_BYTES = 8 << 20

guard_log("httpx")


@declared
class HttpGate(Options):
    """A smoke test of the color's preview address: each request must be answered as expected and in time."""

    path: str = option(
        "the requested path, with its query",
        Text(fits=lambda path: path.startswith("/"), allowed="a path that begins with /"),
        positional=True,
    )
    status: int = option("the expected status", Number(100, 599, whole=True), default=200)
    body_contains: str = option("a text that the body must contain", Text(), default="")
    json_match: Mapping[str, object] = option(
        'values that the JSON body must have, by dotted path (``{"db.ok": True}``)',
        Objects("an object of dotted paths and values"),
        default={},
    )
    count: int = option("requests each time", Number(1, 100, whole=True), default=1)
    latency_limit_ms: float = option(
        "the slowest answer allowed, in milliseconds, to the end of its body (8 MiB of it at most)",
        Number(1, 60_000, "milliseconds"),
        default=5_000,
    )
    headers: Mapping[str, str] = option(
        "more request headers. They are stored in the stack's state: no secrets here. A ``Host`` is the public name: "
        "with HTTPS its certificate is the one that counts",
        TextMap(),
        default={},
    )
    needs_preview: bool = True
    phases: frozenset[Phase] = THROUGHOUT
    offline: bool = False

    @property
    def label(self) -> str:
        """The name that people read."""
        return f"http {self.path}"

    def evaluate(self, context: GateContext) -> Verdict:
        """Ask ``count`` times, stopping at the first wrong answer."""
        if context.preview is None:
            raise GateUnavailable(f"there is no preview address for {context.color}")
        url = context.preview.url.rstrip("/") + self.path  # a preview may be below a path, such as an API's stage
        own_host = any(name.lower() == "host" for name in self.headers)
        headers = {
            **self.headers,
            **{name: said for name, said in context.preview.headers.items() if not own_host or name.lower() != "host"},
        }
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
        """The first deviation: the value in the answer, and the wanted one."""
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
                value = _at(body, dotted)
                if value != wanted:
                    return f"{dotted} = {shortened(repr(value))}", f"{dotted} = {wanted!r}"
        return None


def _at(body: object, dotted: str) -> object:
    for part in dotted.split("."):
        body = body.get(part) if isinstance(body, Mapping) else None
    return body
