"""A webhook of one's own: the record of the swap as JSON, signed if there is a secret."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from bluegreen.notifications.base import OUTCOMES, TIMEOUT_SECONDS
from bluegreen.notifications.post import post
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Address, Secret, Texts
from bluegreen.records import shown
from bluegreen.secrets import SecretRef, UrlRef, shown_url
from bluegreen.signing import signature_header


@declared
class WebhookNotifier(Options):
    """The swap's record as JSON to a URL of your own, signed where there is a secret (see ``bluegreen.signing``).

    The header ``X-Bluegreen-Swap`` has the swap's id: a second try after a lost answer repeats it, as ``outcome`` does.
    """

    url: UrlRef = option("where to, as text or by reference", Address(), positional=True)
    secret: SecretRef | None = option(
        '``{"env": NAME}`` or ``{"file": PATH}``: what signs the body', Secret(), default=None
    )
    outcomes: tuple[str, ...] = option(
        "the outcomes to send", Texts(choices=OUTCOMES), default=(), absent="all of them"
    )
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def label(self) -> str:
        """The host alone: a path may be a secret."""
        return f"webhook {shown_url(self.url)}"

    def notify(self, record: Mapping[str, object]) -> None:
        """Send it once."""
        body = json.dumps(shown(record)).encode()
        headers = {"X-Bluegreen-Swap": str(record.get("id", ""))}
        if self.secret is not None:
            headers |= signature_header(self.secret.value(), body, time.time())
        post(self.url, body, headers, self.timeout_seconds)
