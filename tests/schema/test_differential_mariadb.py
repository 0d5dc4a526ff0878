"""The old release can live with all that the gate passes: checked on a real server."""

from __future__ import annotations

from tests.schema.differential.held import hold


def test_no_danger_passes():
    hold("mariadb")
