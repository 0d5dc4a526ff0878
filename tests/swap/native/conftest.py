"""A swap of the plugin's, and gates whose answers a test says."""

from __future__ import annotations

import pytest

from bluegreen.gates.registry import GATES
from matrix.engine import NATIVE
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import Script, ScriptedGate


@pytest.fixture
def swap():
    return Swap("native", NATIVE)


@pytest.fixture
def script(monkeypatch):
    made = Script()
    monkeypatch.setitem(GATES.entries, "scripted", f"{ScriptedGate.__module__}:{ScriptedGate.__name__}")
    monkeypatch.setattr(ScriptedGate, "script", made)
    return made
