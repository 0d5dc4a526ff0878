"""Names that a program and the swap have to agree on."""

from __future__ import annotations

RANGE_TAG = "bluegreen:range"
"""Of an autoscale setting: minimum, maximum and default of each profile as they were, such as ``2-10-2,4-10-4``."""
