"""`python -m localcloud up google`: Google Cloud in a process that stays, found again by later commands."""

from __future__ import annotations

from collections.abc import Mapping

from localcloud.google.cloud import environment
from localcloud.played import Played


class LocalGoogle(Played):
    """One that is up."""

    called, word = "Google Cloud", "google"

    def own_env(self) -> Mapping[str, str]:
        """The variables that Google's clients and Pulumi's plugin read."""
        credentials = self.state_dir / "credentials.json"
        return {**environment(self.url), "GOOGLE_APPLICATION_CREDENTIALS": str(credentials)}
