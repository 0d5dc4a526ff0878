"""A chat message through an incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat).

Its shape: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and, since the others know no
blocks, https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments for the color.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bluegreen.notifications.base import OUTCOMES, TIMEOUT_SECONDS
from bluegreen.notifications.post import post
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Secret, Texts
from bluegreen.records import shown
from bluegreen.rollout.model import COLORS, Outcome
from bluegreen.secrets import SecretRef

_GOOD, _WARNING, _BAD = "#2eb67d", "#ecb22e", "#e01e5a"
_COLORS = {
    Outcome.PAUSED: _WARNING,
    Outcome.RESTORED: _WARNING,
    Outcome.ABORTED: _WARNING,
    Outcome.TAKEN_OVER: _WARNING,
    Outcome.NOT_RESTORED: _BAD,
}
_HEADLINES = {
    Outcome.STARTED: "started with {to}",
    Outcome.PROMOTED: "promoted to {to}",
    Outcome.PAUSED: "the promotion to {to} is paused",
    Outcome.ROLLED_BACK: "rolled back to {to}",
    Outcome.RESUMED: "promoted to {to}, after an interruption",
    Outcome.HEALED: "drift is healed: {to} has the traffic again",
    Outcome.RESTORED: "not promoted to {to}; the former weights are live",
    Outcome.ABORTED: "the promotion to {to} was aborted; the former weights are live",
    Outcome.TAKEN_OVER: "the swap to {to} was taken over by another one",
    Outcome.NOT_RESTORED: "NOT promoted to {to}, and the former weights could NOT be confirmed",
}
_TEXT_LIMIT = 2_000


@declared
class SlackNotifier(Options):
    """A message to a Slack channel, or to anything that takes Slack's incoming webhooks: one for each swap."""

    url: SecretRef = option(
        '``{"env": NAME}`` or ``{"file": PATH}``: where the webhook\'s URL is; who has it can post, so it is a secret',
        Secret(),
        positional=True,
    )
    outcomes: tuple[str, ...] = option(
        "the outcomes to notify of", Texts(choices=OUTCOMES), default=(), absent="all of them"
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
    entry: Mapping[str, Any] = shown(record)
    outcome = entry.get("outcome")
    known = next((item for item in Outcome if item.value == outcome), None)
    headline = _HEADLINES[known].format(to=entry.get("to", "?")) if known else str(outcome)
    text = _plain(f"{entry['service']}: {headline}" if entry.get("service") else headline)
    details = "\n".join(str(entry[key]) for key in ("skipped", "reason", "restored", "next_step") if entry.get(key))
    facts = {
        "Release": entry.get("release"),
        "Took": f"{entry['seconds']:g} s" if isinstance(entry.get("seconds"), (int, float)) else None,
        "Traffic": " -> ".join(filter(None, (_weights(entry.get("from")), _weights(_last(entry.get("steps")))))),
    }
    return {
        "text": text,
        "attachments": [
            {
                "color": _COLORS.get(known, _GOOD) if known else _WARNING,
                "fallback": text,
                "text": _plain(details),
                "fields": [
                    {"title": title, "value": _plain(str(value)), "short": True}
                    for title, value in facts.items()
                    if value
                ],
            }
        ],
    }


def _last(steps: object) -> object:
    return steps[-1] if isinstance(steps, list) and steps else None


def _weights(weights: object) -> str:
    known = weights if isinstance(weights, Mapping) else {}
    return ", ".join(f"{color} {known[color]} %" for color in COLORS if color in known)


def _plain(text: str) -> str:
    """Escaped as Slack wants it, so that no text can mention a channel or hide a link; cut where it is too long."""
    cut = text if len(text) <= _TEXT_LIMIT else f"{text[: _TEXT_LIMIT - 1]}…"
    return cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
