"""Names that a program and the swap have to agree on."""

from __future__ import annotations

AUTOSCALER_NOTE = "autoscaler"
"""The place of the note in an autoscaler's description: the mode that it had."""
RETIRE_NOTE = "retirement"
"""The place of the note in the description of a color's backend service: when the color may rest."""
