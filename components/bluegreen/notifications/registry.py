"""Name to notifier class."""

from __future__ import annotations

from bluegreen.notifications.base import Notifier
from bluegreen.registry import Registry

NOTIFIERS: Registry[Notifier] = Registry(
    "notification",
    {
        "slack": "bluegreen.notifications.slack_notifier:SlackNotifier",
        "teams": "bluegreen.notifications.teams_notifier:TeamsNotifier",
        "webhook": "bluegreen.notifications.webhook_notifier:WebhookNotifier",
    },
    "bluegreen.notifications",
)
