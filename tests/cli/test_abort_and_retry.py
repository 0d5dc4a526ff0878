"""The command `bluegreen` over a stack's exported state; the real engine's is in the end-to-end tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from bluegreen.cli import stack as stacks
from bluegreen.cli.exits import Exit
from bluegreen.cli.main import main
from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import SwapAborted, SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap.lease import leases_in
from tests.swap.bench import Swap


@pytest.fixture
def swap():
    return Swap("cli")


@pytest.fixture(params=stacks.TYPES)
def stack(request, swap, tmp_path, monkeypatch):
    """A `pulumi` on PATH that answers with this swap's state, which the program or the plugin has made."""
    program = tmp_path / "pulumi"
    program.write_text(
        f"#!{sys.executable}\nimport pathlib\nprint(pathlib.Path({str(tmp_path / 'state')!r}).read_text())\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    def export():
        urn = f"urn:pulumi:test::bluegreen::bluegreen:aws:EcsService${request.param}::web-swap"
        resource = {"urn": urn, "type": request.param, "outputs": swap.outputs}
        others = [{"urn": "urn:x::stack", "type": "pulumi:pulumi:Stack"}]
        (tmp_path / "state").write_text(json.dumps({"deployment": {"resources": [*others, resource]}}))

    export()
    return export


def test_an_abort_stops_a_running_swap_and_says_how_it_ended(swap, stack, capsys):
    statuses = []

    class OtherTerminal(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if swap.here.weights == Weights.split("green", 10) and not statuses:
                statuses.append(main(["abort", "--wait-seconds", "0", "--reason", "too many errors"]))

    swap.clock = OtherTerminal()
    with pytest.raises(SwapAborted, match="too many errors"):
        swap.up("green")
    assert statuses == [0]
    assert "web: requested to stop: " in capsys.readouterr().out
    assert swap.here.weights == Weights.all_on("blue")


@pytest.fixture
def running(swap):
    """A swap that runs elsewhere; returns what ends it, as an abort does."""
    swap.here.weights = Weights.split("green", 10)
    swap.here.marks["lease.aaaaaaaa"] = "2026-11-21T11:00:00Z me@here pid 1 on 00000000 promotion to green"

    def end():
        (lease,) = leases_in(swap.here.marks)
        swap.here.weights = Weights.all_on("blue")
        swap.here.marks = {f"outcome.{lease}": "aborted green 2026-11-21T11:00:00Z 3.0s the swap was aborted by me"}

    return end


WENT_BACK = "web: aborted: the swap was aborted by me\n  Now: blue 100 %, green 0 %"


def test_it_waits_for_the_end_and_tells_it(running, stack, capsys):
    class TheSwapGoesOn(FakeClock):
        """While the command waits, the swap restores."""

        def sleep(self, seconds):
            super().sleep(seconds)
            running()

    assert main(["abort"], TheSwapGoesOn()) == 0
    assert WENT_BACK in capsys.readouterr().out


def test_a_swap_that_ends_between_two_calls_of_a_look_is_told_as_it_ended(swap, running, stack, capsys, monkeypatch):
    """On AWS weights are one call, marks the next one."""
    read, looks = MemoryRouter.read, []

    def torn(router):
        looks.append(weights := swap.here.weights)
        if len(looks) == 2:
            running()
        return replace(read(router), weights=weights)

    monkeypatch.setattr(MemoryRouter, "read", torn)
    assert main(["abort"], FakeClock()) == 0
    assert WENT_BACK in capsys.readouterr().out


def test_a_dead_swap_is_not_waited_for_without_end(swap, stack, capsys):
    swap.here.marks["lease.aaaaaaaa"] = "2026-11-21T11:00:00Z me@here pid 1 on 00000000 promotion to green"
    assert main(["abort"], FakeClock()) == Exit.TIMED_OUT
    assert "If its process is dead, `pulumi up` puts it right" in capsys.readouterr().err


def test_nothing_to_abort_is_said(swap, stack, capsys):
    assert main(["abort"]) == 1
    assert "no swap is running" in capsys.readouterr().err


def refused(swap):
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    swap.here.broken.clear()


def test_a_retry_lets_the_next_update_try_again_what_was_refused(swap, stack, capsys):
    refused(swap)
    swap.up("green")
    assert swap.here.weights == Weights.all_on("blue"), "held"
    stack()
    assert main(["retry"]) == 0
    said = capsys.readouterr().out
    assert "web: the promotion to green was stopped by a color that was not ready in time at " in said
    assert "`pulumi up` tries it again" in said
    swap.up("green")
    assert swap.here.weights == Weights.all_on("green")


def test_nothing_to_retry_is_said_and_nothing_is_written(swap, stack, capsys):
    marks = dict(swap.here.marks)
    assert main(["retry"]) == 1
    assert "no promotion is held" in capsys.readouterr().err
    assert swap.here.marks == marks


def test_the_status_says_what_is_held(swap, stack, capsys):
    refused(swap)
    assert main(["status"]) == 0
    assert "  held: the promotion to green was stopped by " in capsys.readouterr().out
    assert main(["status", "--json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)["swaps"]
    assert (shown["held"]["color"], shown["held"]["by"]) == ("green", "steady-state")
    swap.retry()
    assert main(["status"]) == 0
    assert "held:" not in capsys.readouterr().out


def test_an_unknown_swap_is_named_with_those_that_there_are(swap, stack, capsys):
    assert main(["status", "--swap", "api"]) == 1
    assert "the stack has no swap called api; it has: web" in capsys.readouterr().err


def test_the_status_shows_weights_drift_holder_and_history(swap, stack, capsys):
    swap.up("green")
    stack()
    swap.here.weights = Weights.split("blue", 30)
    swap.here.marks["lease.aaaaaaaa"] = "2026-11-21T11:00:00Z me@here pid 1 on 00000000 promotion to green"
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    assert "web: blue 30 %, green 70 % (the state says otherwise: drift)" in said
    assert "2026-11-21T11:00:00Z me@here pid 1 promotion to green" in said
    assert "promoted -> green, 120 s" in said
    assert main(["status", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["swaps"]
    assert found["weights"] == {"blue": 30, "green": 70}


def test_what_pulumi_says_is_passed_on(tmp_path, monkeypatch, capsys):
    program = tmp_path / "pulumi"
    program.write_text("#!/bin/sh\necho 'error: no stack named production found' >&2\nexit 255\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert main(["abort", "--stack", "production"]) == 1
    assert "no stack named production found" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert main(["abort"]) == 1
    assert "`pulumi` is not on PATH" in capsys.readouterr().err


def test_it_is_a_command_with_help():
    done = subprocess.run([sys.executable, "-m", "bluegreen.cli", "--help"], capture_output=True, text=True, check=True)
    assert "abort" in done.stdout
    assert "status" in done.stdout


def test_a_router_that_is_a_secret_is_read_all_the_same(swap, stack, tmp_path, capsys):
    stack()
    state = json.loads((tmp_path / "state").read_text())
    outputs = state["deployment"]["resources"][1]["outputs"]
    outputs["router"] = {stacks.SIGNATURE: stacks.SECRET, "plaintext": json.dumps(outputs["router"])}
    (tmp_path / "state").write_text(json.dumps(state))
    assert main(["status"]) == 0
    assert capsys.readouterr().out.startswith("web: blue 100 %, green 0 %")


def test_a_secret_that_was_not_shown_stays_what_it_is():
    hidden = {stacks.SIGNATURE: stacks.SECRET, "ciphertext": "v1:x"}
    assert stacks.plain({"a": [hidden, {stacks.SIGNATURE: stacks.SECRET, "plaintext": '{"b": 1}'}]}) == {
        "a": [hidden, {"b": 1}]
    }
