"""Functions that declare notifications in a program; each returns plain inputs.

This file is written by ``python dev/public_functions.py`` from the options of the classes themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from bluegreen.options.inputs import Inputs, Reference, inputs_of

__all__ = ["slack", "teams", "webhook"]


def slack(
    url: Reference,
    *,
    outcomes: Sequence[str] | None = None,
) -> Inputs:
    """A message to a Slack channel, or to anything that takes Slack's incoming webhooks: at each stage of a swap.

    Args:
        url: ``{"env": NAME}`` or ``{"file": PATH}``: where the webhook's URL is; who has it can post, so it is a
            secret.
        outcomes: the outcomes to send (``begun``, ``waiting``, ``held``, ``started``, ``promoted``, ``paused``,
            ``rolled_back``, ``resumed``, ``healed``, ``restored``, ``aborted``, ``not_restored``, ``taken_over``,
            default all of them).
    """
    return inputs_of("slack", url=url, outcomes=outcomes)


def teams(
    url: Reference,
    *,
    outcomes: Sequence[str] | None = None,
) -> Inputs:
    """A card in Microsoft Teams, through a webhook of Workflows: at each stage of a swap.

    Args:
        url: ``{"env": NAME}`` or ``{"file": PATH}``: where the webhook's URL is; who has it can post, so it is a
            secret.
        outcomes: the outcomes to send (``begun``, ``waiting``, ``held``, ``started``, ``promoted``, ``paused``,
            ``rolled_back``, ``resumed``, ``healed``, ``restored``, ``aborted``, ``not_restored``, ``taken_over``,
            default all of them).
    """
    return inputs_of("teams", url=url, outcomes=outcomes)


def webhook(
    url: str | Reference,
    *,
    secret: Reference | None = None,
    outcomes: Sequence[str] | None = None,
) -> Inputs:
    """The swap's record as JSON to a URL of your own, signed where there is a secret (see ``bluegreen.signing``).

    The header ``X-Bluegreen-Swap`` has the swap's id: a second try after a lost answer repeats it, as ``outcome`` does.

    Args:
        url: where to, as text or by reference.
        secret: ``{"env": NAME}`` or ``{"file": PATH}``: what signs the body.
        outcomes: the outcomes to send (``begun``, ``waiting``, ``held``, ``started``, ``promoted``, ``paused``,
            ``rolled_back``, ``resumed``, ``healed``, ``restored``, ``aborted``, ``not_restored``, ``taken_over``,
            default all of them).
    """
    return inputs_of("webhook", url=url, secret=secret, outcomes=outcomes)
