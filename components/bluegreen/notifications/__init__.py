"""Notifications: people and programs that learn how a swap ended.

The functions here declare them in a user's program. A notification that does not get through never fails a swap.
Secrets are given by reference, ``{"env": NAME}`` or ``{"file": PATH}``: they are read when they are needed, by the
process that runs the swap, and are in no state and no log.
"""

from __future__ import annotations

from bluegreen.notifications.functions import *  # noqa: F403 - one for each kind, written from their options
