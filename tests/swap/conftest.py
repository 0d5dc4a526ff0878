"""The gate that answers as a test wants."""

from __future__ import annotations

import pytest

from bluegreen.gates.registry import GATES
from tests.swap.must_not_happen.situations import Script, ScriptedGate


@pytest.fixture
def script(monkeypatch):
    made = Script()
    monkeypatch.setitem(GATES.entries, "scripted", f"{ScriptedGate.__module__}:{ScriptedGate.__name__}")
    monkeypatch.setattr(ScriptedGate, "script", made)
    return made
