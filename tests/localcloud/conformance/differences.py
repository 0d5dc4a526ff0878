"""Tests of the stand-in whose outcome over Pulumi's own plugin is another one, and why that stays."""

from __future__ import annotations

DIFFERENCES: dict[str, str] = {}
"""By the test's file and name."""
