"""A webhook of one's own: the record of the swap as JSON, signed if there is a secret."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bluegreen.fields import Fields
from bluegreen.notifications.base import TIMEOUT_SECONDS, parse_outcomes
from bluegreen.notifications.post import post
from bluegreen.records import shown
from bluegreen.secrets import SecretRef, UrlRef, parse_url, shown_url
from bluegreen.signing import signature_header


@dataclass(frozen=True, slots=True)
class WebhookNotifier:
    """Sends the record. The header ``X-Bluegreen-Swap`` has the swap's id: a second try after a lost answer repeats it.

    Attributes:
        url: where to, as text or by reference.
        secret: signs the body (see ``bluegreen.signing``).
        outcomes: the outcomes to tell of; empty for all.
        timeout_seconds: how long one try may take.
    """

    url: UrlRef
    secret: SecretRef | None = None
    outcomes: tuple[str, ...] = ()
    timeout_seconds: float = TIMEOUT_SECONDS

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check one entry of ``notifications``."""
        return {
            "url": parse_url(fields, "url"),
            "secret": SecretRef.parse(fields.section("secret", None)),
            "outcomes": parse_outcomes(fields),
        }

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
