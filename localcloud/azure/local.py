"""`python -m localcloud up azure`: Azure in a process that stays, found again by later commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from localcloud.azure.cloud import OWNER, SUBSCRIPTION
from localcloud.azure.identity import TENANT
from localcloud.played import Played


class LocalAzure(Played):
    """One that is up."""

    called, word = "Azure", "azure"

    def own_env(self) -> Mapping[str, str]:
        """The variables that Microsoft's clients and Pulumi's plugin read."""
        return {
            "AZURE_AUTHORITY_HOST": self.url,
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": OWNER.client_id,
            "AZURE_CLIENT_SECRET": OWNER.secret,
            "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
            "ARM_ENDPOINT": self.url,
            "ARM_METADATA_HOSTNAME": self.url.removeprefix("https://"),
            "ARM_TENANT_ID": TENANT,
            "ARM_CLIENT_ID": OWNER.client_id,
            "ARM_CLIENT_SECRET": OWNER.secret,
            "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
        }


def down(state_dir: Path | None = None) -> bool:
    """End it and remove its state; returns whether there was one."""
    return LocalAzure.down(state_dir)
