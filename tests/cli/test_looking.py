"""How a swap stands, and the exit codes that say so: live, paused, held, restored, aborted, drifted, unreachable."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from bluegreen.cli import main as module
from bluegreen.cli import screen, stack, view
from bluegreen.cli.exits import Exit, code_of
from bluegreen.cli.main import main
from bluegreen.cli.view import State
from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import PlatformError, SwapAborted, SwapFailed
from bluegreen.rollout.model import Weights
from tests.swap.bench import Swap

HOLDER = "2026-11-21T11:00:00Z me@here pid 1 on 00000000 promotion to green"


@pytest.fixture
def swap(monkeypatch):
    made = Swap("looking")

    def export(place):
        urn = f"urn:pulumi:{place.stack}::shop::{stack.TYPES[0]}::web-swap"
        return {"deployment": {"resources": [{"urn": urn, "type": stack.TYPES[0], "outputs": made.outputs}]}}

    monkeypatch.setattr(stack, "export", export)
    monkeypatch.setattr(stack, "stacks", lambda cwd: ["staging", "production"])
    return made


def shown(capsys):
    (one,) = json.loads(capsys.readouterr().out)["swaps"]
    return one


def refused(swap):
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    swap.here.broken.clear()


def paused(swap):
    swap.up("green", promote_to_percent=50)


def held(swap):
    refused(swap)
    swap.up("green")


def drifted(swap):
    swap.here.weights = Weights.split("green", 30)


def unreachable(swap, monkeypatch):
    def fail(*_):
        raise PlatformError("read", "no route to host")

    monkeypatch.setattr(MemoryRouter, "read", fail)


@pytest.mark.parametrize(
    ("happened", "state", "code"),
    [
        (lambda swap: None, State.LIVE, Exit.DONE),
        (lambda swap: swap.up("green"), State.LIVE, Exit.DONE),
        (paused, State.PAUSED, Exit.PAUSED),
        (held, State.HELD, Exit.HELD),
        (refused, State.HELD, Exit.HELD),
        (drifted, State.DRIFTED, Exit.DRIFTED),
    ],
    ids=["at first", "promoted", "paused", "held", "refused", "drifted"],
)
def test_a_swap_s_state_is_named_and_a_wait_for_live_ends_with_its_code(swap, capsys, happened, state, code):
    happened(swap)
    assert main(["status", "--json"]) == Exit.DONE
    one = shown(capsys)
    assert one["state"] == state.value
    assert one["next_steps"]
    assert main(["status", "--until", "live", "--timeout", "5"], FakeClock()) == code


def test_what_cannot_be_read_is_said_with_what_the_state_says(swap, capsys, monkeypatch):
    unreachable(swap, monkeypatch)
    for verb in ("status", "list"):
        assert main([verb]) == Exit.UNREACHABLE
        assert main([verb, "--json"]) == Exit.UNREACHABLE
    capsys.readouterr()
    assert main(["status"]) == Exit.UNREACHABLE
    said = capsys.readouterr().out
    assert "web: unknown\n  cannot be read: read: no route to host" in said
    assert "the stack's state says: {'blue': 100" in said
    assert "next: check the credentials" in said


def test_an_abort_is_a_state_of_its_own_where_it_was_watched(swap, capsys):
    """Once the command has seen the swap move, its end is reported; later, what holds the promotion."""
    swap.here.marks["lease.aaaaaaaa"] = HOLDER

    class ItEnds(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if swap.here.marks.pop("lease.aaaaaaaa", None):
                swap.clock = StopsIt(swap)
                with pytest.raises(SwapAborted):
                    swap.up("green")

    assert main(["status", "--until", "live"], ItEnds()) == Exit.ABORTED
    assert main(["status", "--until", "live"], FakeClock()) == Exit.HELD
    assert main(["status", "--until", "restored"], FakeClock()) == Exit.DONE


class StopsIt(FakeClock):
    """Somebody aborts the swap at its first split."""

    def __init__(self, swap):
        super().__init__()
        self._swap = swap

    def sleep(self, seconds):
        super().sleep(seconds)
        if self._swap.here.weights == Weights.split("green", 10) and "abort" not in self._swap.here.marks:
            assert main(["abort", "--wait-seconds", "0"]) == Exit.DONE


def test_a_failure_is_over_once_an_update_has_succeeded(swap, capsys):
    refused(swap)
    swap.up("blue")
    assert main(["status", "--json"]) == Exit.DONE
    one = shown(capsys)
    assert one["state"] == "live"
    assert one["history"][0]["outcome"] == "restored"


def test_a_color_that_has_to_be_live_is_waited_for(swap):
    class AnotherJob(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if swap.outputs["live_color"] == "blue":
                swap.up("green")

    assert main(["status", "--until", "live", "--color", "green"], AnotherJob()) == Exit.DONE
    assert main(["status", "--until", "live", "--color", "blue", "--timeout", "9"], FakeClock()) == Exit.TIMED_OUT


def test_a_wait_goes_on_while_it_moves_and_ends_in_time(swap, capsys):
    swap.here.marks["lease.aaaaaaaa"] = HOLDER
    clock = FakeClock()
    assert main(["status", "--until", "live", "--timeout", "20"], clock) == Exit.TIMED_OUT
    assert 20 <= clock.now_seconds - 1000 < 25
    assert main(["status", "--until", "live", "--timeout", "0"], clock) == Exit.TIMED_OUT


def test_a_swap_that_has_ended_is_not_drift_before_the_engine_has_written_its_state(swap, capsys):
    swap.here.marks["lease.aaaaaaaa"] = HOLDER
    looks = []

    class StateComesLater(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            looks.append(seconds)
            if len(looks) == 2:
                swap.here.marks.clear()
                swap.here.weights = Weights.all_on("green")
            if len(looks) == 5:
                swap.here.weights = Weights.all_on("blue")  # what the state says from then on

    assert main(["status", "--until", "live"], StateComesLater()) == Exit.DONE
    assert len(looks) == 5


def test_what_is_live_and_not_what_was_waited_for_is_refused(swap):
    assert main(["status", "--until", "paused"], FakeClock()) == Exit.REFUSED


def test_a_watch_redraws_until_nothing_moves(swap, capsys):
    swap.here.marks["lease.aaaaaaaa"] = HOLDER
    swap.here.weights = Weights.split("green", 25)

    class ItEnds(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            swap.here.marks.clear()
            swap.here.weights = Weights.all_on("blue")

    assert main(["status", "--watch"], ItEnds()) == Exit.DONE
    said = capsys.readouterr().out
    assert "web  live" in said
    assert "blue" in said


def test_the_view_shows_both_colors_releases_and_who_moves_them(swap):
    swap.here.marks["lease.aaaaaaaa"] = HOLDER
    swap.here.weights = Weights.split("green", 25)
    console = Console(width=100, record=True, force_terminal=False)
    (found,) = stack.swaps_in(stack.export(stack.Place("production")))
    console.print(screen.watched(view.described_all([found])))
    said = console.export_text()
    assert " 75 %  v1" in said
    assert " 25 %  v2" in said
    assert "running: 2026-11-21T11:00:00Z me@here pid 1 promotion to green" in said
    assert "`bluegreen abort --swap web` stops it" in said


def test_a_list_has_a_line_for_each_swap_of_each_stack(swap, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    swap.up("green")
    assert main(["list", "--all-stacks"]) == Exit.DONE
    head, *rows = (line.split() for line in capsys.readouterr().out.splitlines())
    assert head[:4] == ["stack", "swap", "state", "live"]
    assert [row[:4] for row in rows] == [["staging", "web", "live", "green"], ["production", "web", "live", "green"]]
    assert main(["list", "--json"]) == Exit.DONE
    one = shown(capsys)
    assert (one["live_color"], one["releases"]["green"]) == ("green", "v2")


def test_no_swap_in_any_stack_is_said(swap, capsys, monkeypatch):
    monkeypatch.setattr(stack, "export", lambda place: {"deployment": {"resources": []}})
    assert main(["list", "--all-stacks"]) == Exit.REFUSED
    assert "no stack of this project has a swap" in capsys.readouterr().err


def test_the_history_tells_who_from_where_steps_and_gates(swap, capsys, monkeypatch):
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("GITLAB_USER_LOGIN", "ada")
    monkeypatch.setenv("CI_COMMIT_SHA", "0a1b2c")
    monkeypatch.setenv("CI_MERGE_REQUEST_IID", "17")
    monkeypatch.setenv("CI_JOB_URL", "https://gitlab.example/shop/-/jobs/5")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    swap.up("green")
    assert main(["history"]) == Exit.DONE
    said = capsys.readouterr().out
    assert " promoted -> green, 120 s by ada" in said
    assert "    commit: 0a1b2c\n    pull request: 17\n    run url: https://gitlab.example/shop/-/jobs/5\n" in said
    assert "    blue 90 %, green 10 % for 30 s\n" in said
    assert "    gate target health (hold) pass: 3 of 3 healthy against at least 100 % of targets\n" in said
    assert main(["history", "--json"]) == Exit.DONE
    assert shown(capsys)["history"][0]["by"]["pull_request"] == "17"


def test_wrong_usage_has_a_code_of_its_own(capsys):
    assert main(["status", "--until", "nowhere"]) == Exit.USAGE
    assert "'live', 'paused', 'restored'" in capsys.readouterr().err
    assert main(["promte"]) == Exit.USAGE


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_its_verbs(shell, capsys):
    assert main(["completion", shell]) == Exit.DONE
    assert "_BLUEGREEN_COMPLETE" in capsys.readouterr().out


def test_every_exit_code_is_in_the_help_and_in_the_docs():
    page = (Path(__file__).parents[2] / "docs" / "command.md").read_text()
    for code in Exit:
        assert re.search(rf"\b{code.value} \w", module._EPILOG)
        assert re.search(rf"^\| {code.value} \| ", page, re.MULTILINE)
    assert len({code_of(state) for state in State}) == len(State), "each state has a code of its own"


def test_every_verb_is_in_the_docs():
    page = (Path(__file__).parents[2] / "docs" / "command.md").read_text()
    for verb in module.group.commands:
        assert f"`bluegreen {verb}" in page


def test_the_page_of_help_cuts_no_verb_short(capsys):
    main(["--help"])
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]
