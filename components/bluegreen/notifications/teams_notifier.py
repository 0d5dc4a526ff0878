"""A card in a channel or a chat of Microsoft Teams, through a webhook of Workflows.

Its shape is a message with an Adaptive Card: https://learn.microsoft.com/en-us/connectors/teams/ ("Send webhook
alerts"), https://adaptivecards.io/explorer/AdaptiveCard.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from bluegreen.notifications import words
from bluegreen.notifications.base import OUTCOMES, TIMEOUT_SECONDS
from bluegreen.notifications.post import post
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Secret, Texts
from bluegreen.secrets import SecretRef

_COLORS = {words.GOOD: "Good", words.WARNING: "Warning", words.BAD: "Attention"}
_TEXT_LIMIT = 2_000
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!<>|~])")
_CARD = "application/vnd.microsoft.card.adaptive"


@declared
class TeamsNotifier(Options):
    """A card in Microsoft Teams, through a webhook of Workflows: at each stage of a swap."""

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
        return f"teams ({self.url})"

    def notify(self, record: Mapping[str, object]) -> None:
        """Post it once."""
        post(self.url, json.dumps(message(record)).encode(), {}, self.timeout_seconds)


def message(record: Mapping[str, object]) -> dict[str, Any]:
    """The message for a record, without secrets and without markup that the record itself brought."""
    entry = words.without_secrets(record)
    body: list[dict[str, Any]] = [
        {
            "type": "TextBlock",
            "text": _plain(words.headline(entry)),
            "weight": "Bolder",
            "size": "Medium",
            "color": _COLORS[words.tone(entry)],
            "wrap": True,
        }
    ]
    body += [{"type": "TextBlock", "text": _plain(text), "wrap": True} for text in words.details(entry)]
    facts = [{"title": title, "value": _plain(value)} for title, value in words.facts(entry).items()]
    body += [{"type": "FactSet", "facts": facts}] if facts else []
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    return {"type": "message", "attachments": [{"contentType": _CARD, "contentUrl": None, "content": card}]}


def _plain(text: str) -> str:
    """Escaped, since a card reads Markdown: no text can hide a link; cut where it is too long."""
    cut = text if len(text) <= _TEXT_LIMIT else f"{text[: _TEXT_LIMIT - 1]}…"
    return _MARKUP.sub(r"\\\1", cut).replace("\n", "\n\n")
