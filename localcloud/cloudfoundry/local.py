"""`python -m localcloud up cloudfoundry`: Cloud Foundry in a process that stays, found again by later commands."""

from __future__ import annotations

from collections.abc import Mapping

from localcloud.cloudfoundry.uaa import OWNER
from localcloud.played import Played


class LocalCloudFoundry(Played):
    """One that is up: a space with two apps that a pipeline has pushed, and a route that leads to one of them."""

    called, word = "Cloud Foundry", "cloudfoundry"

    def own_env(self) -> Mapping[str, str]:
        """The variables that the swap reads."""
        return {
            "CF_API_URL": self.url,
            "CF_CLIENT_ID": OWNER.name,
            "CF_CLIENT_SECRET": OWNER.secret,
            "CF_HOME": str(self.state_dir),
        }
