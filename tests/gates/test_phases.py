"""The phases that are documented are the real ones, wherever they are documented."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import bluegreen
from bluegreen.fields import Fields
from bluegreen.gates.functions import Limits
from bluegreen.gates.registry import GATES
from bluegreen.gates.webhook_gate import HOOKS
from bluegreen.rollout.model import Phase
from bluegreen.swap import gating

ROOT = Path(bluegreen.__file__).parents[2]
PHASES = [phase.value for phase in Phase]


def words(text):
    """The words that stand in code there."""
    return re.findall(r"`+(\w+)`+", text)


def rows():
    """The page's table: a phase, and when it is."""
    page = (ROOT / "docs" / "gates.md").read_text()
    section = page.partition("## When a gate runs")[2].partition("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"]


def test_the_page_names_every_phase_in_order():
    assert [words(phase) for phase, *_ in rows()] == [[name] for name in PHASES]


@pytest.mark.parametrize("phase", Phase)
def test_the_table_has_a_dot_for_who_runs_in_a_phase(phase):
    """Gates by their kind; a webhook by its types."""
    page = (ROOT / "docs" / "gate-phases.md").read_text().partition("<!-- phases -->\n")[2]
    head, _, *lines = [line.split(" | ") for line in page.partition("<!-- /phases -->")[0].splitlines()]
    dotted = [line[0] for line in lines if line[head.index(phase.value)].strip() == "●"]
    named = {re.findall(r"`([\w-]+)`", cell)[-1] for cell in dotted}
    gates = {kind for kind in GATES.entries if phase in _phases(kind)}
    assert named == gates | {hook for hook, phases in HOOKS.items() if phase in phases}


def test_gates_under_traffic_are_asked_in_holds_and_in_the_bake():
    """As the page says in words: those of before, metrics, and none in the bake alone."""
    asked = {phase: {kind for kind in GATES.entries if phase in _phases(kind)} for phase in Phase}
    assert asked[Phase.HOLD] == asked[Phase.BEFORE] | {"metric", "minimum_traffic", "baseline", "error_rate"}
    assert asked[Phase.HOLD] - asked[Phase.BAKE] == {"baseline"}


def _phases(kind):
    """The default of its field; a webhook's are its type's."""
    field = GATES.load(kind).__dataclass_fields__.get("phases")
    return frozenset() if field is None else field.default


def test_the_argument_s_description_names_every_phase():
    text = Limits.__doc__.partition("phases:")[2]
    assert words(text) == PHASES


def test_the_schema_names_every_phase():
    schema = json.loads((ROOT / "components" / "schema.json").read_text())
    told = [
        one["inputProperties" if "inputProperties" in one else "properties"]["phases"]["description"]
        for one in schema["types"].values()
        if "phases" in one.get("properties", {})
    ]
    assert told
    for text in told:
        assert [word for word in words(text) if word in (*PHASES, "rollback")] == PHASES


@pytest.mark.parametrize("name", PHASES)
def test_every_phase_can_be_asked_for(name):
    fields = Fields({"kind": "http", "path": "/", "phases": [name]}, "gates[0]")
    parsed = gating.parse(fields)
    assert fields.problems == []
    assert parsed is not None
    assert parsed[1].phases == {Phase(name)}


def test_what_is_no_phase_is_refused_with_those_that_there_are():
    fields = Fields({"kind": "http", "path": "/", "phases": ["rollback"]}, "gates[0]")
    gating.parse(fields)
    (problem,) = fields.problems
    assert problem.field == "gates[0].phases[0]"
    assert problem.allowed.split(", ") == PHASES
