"""A webhook that says whether the swap may continue, under the names that Flagger's users know.

With ``secret`` each request is signed. The receiver verifies it like this::

    sent = dict(part.split("=", 1) for part in request.headers["X-Bluegreen-Signature"].split(","))
    wanted = hmac.new(secret, sent["t"].encode() + b"." + request.body, "sha256").hexdigest()
    ok = hmac.compare_digest(wanted, sent["v1"]) and abs(time.time() - int(sent["t"])) < 300

``t`` is the time of sending in seconds since the epoch. It is signed with the body, so a request that somebody
overheard is worth nothing five minutes later.

What an answer means depends on the hook:

========================= ============================= ======================= ==============================
answer                    ``confirm-...``               ``rollback``            others
========================= ============================= ======================= ==============================
2xx                       continues                     rolls back              continues
4xx                       runs again                    continues               fails
408, 425, 429             runs again                    counts as an error      counts as an error
3xx, 5xx, no answer       counts as an error            counts as an error      counts as an error
========================= ============================= ======================= ==============================
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

import httpx

from bluegreen.clients.http import fetch
from bluegreen.gates.texts import shortened
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Address, Number, Secret, Text, TextMap
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import UNDER_TRAFFIC, GateContext
from bluegreen.secrets import SecretRef, UrlRef, guard_log, redact, resolve_url, shown_url
from bluegreen.signing import signature_header

HOOKS: Mapping[str, frozenset[Phase]] = {
    "confirm-rollout": frozenset({Phase.CONFIRM}),
    "pre-rollout": frozenset({Phase.BEFORE}),
    "rollout": UNDER_TRAFFIC,
    "confirm-traffic-increase": frozenset({Phase.INCREASE}),
    "confirm-promotion": frozenset({Phase.PROMOTE}),
    "post-rollout": frozenset({Phase.AFTER}),
    "rollback": UNDER_TRAFFIC,
}
"""Flagger's types of webhooks, and when they run."""

_ANSWER_BYTES = 4_096
_NOT_NOW = frozenset({408, 425, 429})

guard_log("httpx")


@declared
class WebhookGate(Options):
    """A webhook that says whether the swap may continue, as Flagger's do.

    It receives a POST of JSON with ``name``, ``phase`` (the hook), ``color``, ``weight``, ``releases``, ``metadata``
    and ``timestamp``.
    """

    url: UrlRef = option(
        'where requests are sent, or where that is: ``{"env": NAME}`` or ``{"file": PATH}``', Address(), positional=True
    )
    hook: str = option(
        "when it runs. The ``confirm-`` ones run until they answer 2xx; a 2xx of ``rollback`` rolls back",
        Text(choices=tuple(HOOKS)),
        default="rollout",
        name="type",
    )
    secret: SecretRef | None = option(
        '``{"env": NAME}`` or ``{"file": PATH}``: what requests are signed with; ``bluegreen.gates.webhook_gate`` says '
        "how that is verified",
        Secret(),
        default=None,
    )
    metadata: Mapping[str, str] = option("texts of your own that are sent with each request", TextMap(), default={})
    request_timeout_seconds: float = option("how long one answer may take", Number(0.1, 600, "seconds"), default=10)
    needs_preview: bool = False
    offline: bool = False

    @property
    def label(self) -> str:
        """The name that people read. The whole URL may be a secret."""
        return " ".join(part for part in ("webhook", str(self.hook), shown_url(self.url)) if part)

    @property
    def phases(self) -> frozenset[Phase]:
        """The phases of the hook's type."""
        return HOOKS.get(self.hook, frozenset())

    def evaluate(self, context: GateContext) -> Verdict:
        """Send one request."""
        url = resolve_url(self.url)
        now = int(time.time())
        body = json.dumps(self._payload(context, now)).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "bluegreen"}
        if self.secret is not None:
            headers |= signature_header(self.secret.value(), body, now)
        try:
            status, text = self._post(url, body, headers)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            why = redact(str(error).replace(url, shown_url(self.url))) or type(error).__name__
            # The cause would carry the URL into a traceback.
            raise GateUnavailable(f"{self.label}: {why}") from None
        return self._judge(status, shortened(text))

    def _payload(self, context: GateContext, now: int) -> Mapping[str, object]:
        return {
            "name": context.service,
            "phase": self.hook,
            "color": context.color,
            "weight": context.weight_percent,
            "releases": dict(context.releases),
            "metadata": dict(self.metadata),
            "timestamp": now,
        }

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """The status and the answer's beginning; no redirect is followed, since the request is for this host alone."""
        # What is longer is of no use, and what drips in is judged by its status and its beginning.
        answer = fetch(
            "POST",
            url,
            content=body,
            headers=headers,
            timeout_seconds=self.request_timeout_seconds,
            most_bytes=_ANSWER_BYTES,
        )
        return answer.status, answer.text

    def _judge(self, status: int, text: str) -> Verdict:
        seen = f"status {status}"
        confirms = self.hook.startswith("confirm-")
        yes, no = 200 <= status < 300, 400 <= status < 500
        if not yes and (not no or (status in _NOT_NOW and not confirms)):
            raise GateUnavailable(f"{self.label}: {seen}" + (f" ({text})" if text else ""))
        if self.hook == "rollback":
            if yes:
                return Verdict(
                    Decision.FAIL, seen, "a status other than 2xx", f"it requests a rollback; {text}".strip("; ")
                )
            return Verdict(Decision.PASS, seen)
        if yes:
            return Verdict(Decision.PASS, seen)
        return Verdict(Decision.PENDING if confirms else Decision.FAIL, seen, "status 2xx", text)
