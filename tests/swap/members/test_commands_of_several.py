"""`bluegreen status`, `abort` and `retry` over a swap with several routers."""

from __future__ import annotations

import json

import pytest

from bluegreen.cli import stack as stacks
from bluegreen.cli.main import main
from bluegreen.rollout.errors import SwapAborted, SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap.verdicts import CLEARED
from tests.swap.members.bench import Several, sections


@pytest.fixture
def swap(monkeypatch):
    made = Several("first", "second", "third")

    def export(place):
        resource = {"urn": "urn:x::web-swap", "type": stacks.TYPES[0], "outputs": made.outputs}
        return {"deployment": {"resources": [resource]}}

    monkeypatch.setattr(stacks, "export", export)
    return made


def test_the_status_says_what_is_live_on_all_and_where_they_differ(swap, capsys):
    assert main(["status"]) == 0
    assert "web: blue 100 %, green 0 %, on all of first; second; third\n" in capsys.readouterr().out
    swap.worlds[1].weights = Weights(90, 10)
    assert main(["status"]) == 0
    assert (
        "web: not the same everywhere, as an interrupted shift leaves them (first: blue 100 %, green 0 %; "
        "second: blue 90 %, green 10 %; third: blue 100 %, green 0 %) (the state says otherwise: drift)"
    ) in capsys.readouterr().out
    assert main(["status", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["swaps"]
    assert [member["green"] for member in found["members"]] == [0, 10, 0]


def test_a_verdict_holds_also_when_an_entry_was_added_since():
    versions = {"blue": "1", "green": "2"}
    swap = Several("first", "second", routers=sections("first", "second", versions=versions))
    swap.worlds[1].broken = {"green"}
    with pytest.raises(SwapFailed):
        swap.up("green")
    swap.worlds[1].broken = set()
    more = {"routers": sections("first", "third", "second", versions=versions)}
    for _ in range(2):
        swap.up("green", **more)
        assert swap.weights == ["100/0"] * 2
    swap.up("green", **more, retry="mended")
    assert swap.weights == ["0/100"] * 2


def test_an_abort_is_heard_and_all_go_back(swap, monkeypatch, capsys):
    sleep = swap.clock.sleep

    def asking(seconds):
        if swap.worlds[2].weights == Weights(90, 10) and "abort" not in swap.worlds[2].marks:
            main(["abort", "--wait-seconds", "0"])
        sleep(seconds)

    monkeypatch.setattr(swap.clock, "sleep", asking)
    with pytest.raises(SwapAborted):
        swap.up("green")
    assert swap.weights == ["100/0"] * 3
    assert not any("abort" in here.marks for here in swap.worlds)


def test_a_verdict_stands_on_each_and_a_retry_clears_it(swap, capsys):
    swap.worlds[1].broken = {"green"}
    with pytest.raises(SwapFailed):
        swap.up("green")
    assert all("verdict" in here.marks for here in swap.worlds)
    swap.worlds[1].broken = set()
    swap.up("green")
    assert swap.weights == ["100/0"] * 3, "it is held"
    assert main(["retry"]) == 0
    assert all(CLEARED in here.marks for here in swap.worlds)
    swap.up("green")
    assert swap.weights == ["0/100"] * 3
    assert not any("verdict" in here.marks for here in swap.worlds)
