"""What the gate passes, the old release can live with: asked of a real server."""

from __future__ import annotations

from tests.schema.differential.held import hold


def test_no_danger_passes():
    hold("postgres")
