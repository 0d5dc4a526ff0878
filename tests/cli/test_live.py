"""The sizes of both colors and the gates' values, as `status` reads them from outside of the swap's process."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from bluegreen.cli import screen, stack, view
from bluegreen.cli.exits import Exit
from bluegreen.cli.live import Live
from bluegreen.cli.main import main
from bluegreen.gates.command_gate import CommandGate
from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import MemoryRouter
from bluegreen.metrics.error_counts import Counts
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Weights
from tests.swap.bench import Swap

HOLDER = "2026-11-21T11:00:00Z me@here pid 1 on 00000000 promotion to green"


class Entry:
    late_seconds, mixed = 180, False

    def counts(self, context, color, window_seconds):
        return Counts(1_000, 50 if color == "green" else 0)


@pytest.fixture
def swap(monkeypatch):
    made = Swap("live")
    monkeypatch.setattr(MemoryRouter, "counted_by", "cloudwatch", raising=False)
    monkeypatch.setattr(MemoryRouter, "error_counts", staticmethod(lambda *_: Entry()), raising=False)
    gates = [{"kind": "error_rate"}, {"kind": "command", "command": ["false"]}]
    made.outputs = {**made.outputs, "gates": gates}

    def export(place):
        resource = {"urn": "urn:x::web-swap", "type": stack.TYPES[0], "outputs": made.outputs}
        return {"deployment": {"resources": [resource]}}

    monkeypatch.setattr(stack, "export", export)
    monkeypatch.setattr(CommandGate, "evaluate", lambda *_: pytest.fail("a command is the swap's own to run"))
    return made


def moving(swap):
    swap.here.marks["lease.aaaaaaaa"] = HOLDER
    swap.here.weights = Weights.split("green", 10)
    swap.here.desired = {"blue": 3, "green": 3}


def test_the_sizes_of_both_colors_are_told_and_gates_only_while_it_moves(swap, capsys):
    assert main(["status", "--json"]) == Exit.DONE
    (shown,) = json.loads(capsys.readouterr().out)["swaps"]
    assert shown["capacity"] == {"blue": {"desired": 3, "running": 3}, "green": {"desired": 0, "running": 0}}
    assert "gates" not in shown


def test_the_gates_that_anybody_may_ask_have_their_values_while_it_moves(swap, capsys):
    moving(swap)
    main(["status", "--json"])
    (shown,) = json.loads(capsys.readouterr().out)["swaps"]
    told = {gate["gate"]: gate for gate in shown["gates"]}
    assert set(told) == {"error rate", "target health"}
    assert told["error rate"]["decision"] == "fail"
    assert told["error rate"]["value"] == "5 % (50 of 1000 requests failed)"
    assert told["error rate"]["limit"] == "at most 1 %"
    main(["status"])
    said = capsys.readouterr().out
    assert "blue 3 of 3 running, green 3 of 3 running" in said
    assert "gate error rate: fail, 5 % (50 of 1000 requests failed) against at most 1 %" in said


def test_the_view_that_is_watched_shows_both(swap):
    moving(swap)
    console = Console(width=120, record=True, force_terminal=False)
    console.print(screen.watched(view.described_all(stack.swaps_in(stack.export(None)), Live())))
    said = console.export_text()
    assert "10 %  v2, 3 of 3 running" in said
    assert "gate error rate: fail" in said


def test_what_cannot_be_read_is_left_out(swap, monkeypatch):
    def refused(self):
        raise PlatformError("Read", "denied")

    monkeypatch.setattr(MemoryCapacity, "read", refused)
    (found,) = stack.swaps_in(stack.export(None))
    assert "capacity" not in view.described(found, Live())


def test_a_watch_asks_gates_ten_seconds_apart(swap, monkeypatch):
    moving(swap)
    asked = []
    monkeypatch.setattr(Entry, "counts", lambda *_: asked.append(1) or Counts(100, 0))
    clock = FakeClock()
    live = Live(clock)
    for _ in range(30):
        (found,) = stack.swaps_in(stack.export(None))
        assert view.described(found, live)["gates"]
        clock.sleep(1)
    assert len(asked) == 3
