"""The config keys that this package itself reads in every stack: those of ``bluegreen:``."""

from __future__ import annotations

NAMESPACE = "bluegreen"

SWAP_PROVIDER = "swapProvider"
"""Who does the swaps: ``dynamic`` or ``native``."""

ALLOW_LIVE_CHANGES = "allowLiveChanges"
"""Whether a live color may be changed in place."""

PREVIEW_TOKEN = "previewToken"  # noqa: S105 - a key's name
"""What reaches a color before it is live: ``off``, or a generation of the stack's token."""

PROMETHEUS = "prometheus"
"""Where Prometheus is that counts the requests of routes on Kubernetes."""

KEYS = frozenset({SWAP_PROVIDER, ALLOW_LIVE_CHANGES, PREVIEW_TOKEN, PROMETHEUS})
