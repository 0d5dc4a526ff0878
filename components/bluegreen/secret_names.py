"""Names that secrets have: of environment variables, and of fields that somebody wrote a secret into."""

from __future__ import annotations

import re

WELL_KNOWN = frozenset(
    {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE"}
)
_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSWORD|PASSPHRASE|API_?KEY|PRIVATE_KEY", re.IGNORECASE)


def sounds_secret(name: str) -> bool:
    """Whether a name is one that secrets have."""
    return name in WELL_KNOWN or _SECRET_NAME.search(name) is not None
