"""Notifications: people and programs that are told how a swap ended.

The functions here declare them in a user's program. A notification that does not get through never fails a swap.
Secrets are given by reference, ``{"env": NAME}`` or ``{"file": PATH}``: they are read when they are needed, by the
process that runs the swap, and are in no state and no log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Reference = Mapping[str, str]


def slack(url: Reference, *, outcomes: Sequence[str] = ()) -> dict[str, Any]:
    """A message to a Slack channel, or to anything that takes Slack's incoming webhooks.

    Args:
        url: where the webhook's URL is; who has it can post, so it is a secret.
        outcomes: the outcomes to tell of, such as ``restored``; all when empty.
    """
    return {"kind": "slack", "url": _plain(url), "outcomes": _plain(outcomes)}


def webhook(url: str | Reference, *, secret: Reference | None = None, outcomes: Sequence[str] = ()) -> dict[str, Any]:
    """The swap's record as JSON to a URL of your own, signed where there is a secret (see ``bluegreen.signing``).

    Args:
        url: where to, as text or by reference.
        secret: what signs the body.
        outcomes: the outcomes to tell of; all when empty.
    """
    inputs: dict[str, Any] = {
        "kind": "webhook",
        "url": _plain(url),
        "outcomes": _plain(outcomes),
    }
    return inputs if secret is None else {**inputs, "secret": _plain(secret)}


def _plain(given: Any) -> Any:
    """Plain data; what is neither an object nor a list is for the contract to refuse, without showing it."""
    if isinstance(given, Mapping):
        return dict(given)
    return list(given) if isinstance(given, (list, tuple, set, frozenset)) else given
