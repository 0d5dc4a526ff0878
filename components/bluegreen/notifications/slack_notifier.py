"""A chat message through an incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat).

Its shape: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and, since the others know no
blocks, https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments for the color.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bluegreen.notifications import words
from bluegreen.notifications.base import OUTCOMES, TIMEOUT_SECONDS
from bluegreen.notifications.post import post
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Secret, Texts
from bluegreen.secrets import SecretRef

_COLORS = {words.GOOD: "#2eb67d", words.WARNING: "#ecb22e", words.BAD: "#e01e5a"}
_TEXT_LIMIT = 2_000


@declared
class SlackNotifier(Options):
    """A message to a Slack channel, or to anything that takes Slack's incoming webhooks: at each stage of a swap."""

    url: SecretRef = option(
        '``{"env": NAME}`` or ``{"file": PATH}``: where the webhook\'s URL is; who has it can post, so it is a secret',
        Secret(),
        positional=True,
    )
    outcomes: tuple[str, ...] = option(
        "the outcomes to send", Texts(choices=OUTCOMES), default=(), absent="all of them"
    )
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def label(self) -> str:
        """The name of the place that keeps its URL."""
        return f"slack ({self.url})"

    def notify(self, record: Mapping[str, object]) -> None:
        """Post it once."""
        post(self.url, json.dumps(message(record)).encode(), {}, self.timeout_seconds)


def message(record: Mapping[str, object]) -> dict[str, Any]:
    """The message for a record, without secrets and without markup that the record itself brought."""
    entry = words.without_secrets(record)
    text = _plain(words.headline(entry))
    return {
        "text": text,
        "attachments": [
            {
                "color": _COLORS[words.tone(entry)],
                "fallback": text,
                "text": _plain("\n".join(words.details(entry))),
                "fields": [
                    {"title": title, "value": _plain(value), "short": True}
                    for title, value in words.facts(entry).items()
                ],
            }
        ],
    }


def _plain(text: str) -> str:
    """Escaped as Slack wants it, so that no text can mention a channel or hide a link; cut where it is too long."""
    cut = text if len(text) <= _TEXT_LIMIT else f"{text[: _TEXT_LIMIT - 1]}…"
    return cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
