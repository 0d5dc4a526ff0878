"""14. An interruption leaves pending operations, or something else that a person has to tidy up."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest

from bluegreen.rollout.model import COLORS, Weights, other
from dev.matrix.engine import NATIVE
from tests.amounts import every_call
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import BLUE, Killed, is_settled, killed_at, wrapped

# One hold and a bake, short: for tests that go through all of a swap's calls.
SHORT: dict[str, Any] = {"strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 3}]}, "bake_seconds": 3}


def killing(patched, at, *, after):
    """The process ends before, or right after, call number ``at``. Returns a function: whether it came that far."""
    numbers = itertools.count(1)
    struck = []

    def hook(name, call, arguments):
        number = next(numbers)
        if number == at and not after:
            struck.append(name)
            raise Killed
        answer = call()
        if number == at:
            struck.append(name)
            raise Killed
        return answer

    wrapped(patched, hook)
    return lambda: bool(struck)


@pytest.mark.parametrize("wanted", COLORS)
def test_an_interruption_leaves_nothing_pending(monkeypatch, adapter, wanted):
    """pulumi#12259, #14054: pending operations, which a person has to put right."""
    for after in (False, True):
        for at in every_call(after + 2 * (wanted == "green") + (adapter == NATIVE)):
            swap = Swap("pending", **SHORT)
            with monkeypatch.context() as patched:
                struck = killing(patched, at, after=after)
                with contextlib.suppress(Killed):
                    swap.up("green")
            if not struck():
                assert at > 15, "it has many calls"
                break
            if (at + after + (adapter == NATIVE)) % 2:  # each call with and without, one with either adapter
                swap.refresh()
            swap.up(wanted)
            is_settled(swap, wanted)
            assert set(swap.here.marks) == {"incarnation"}
            assert swap.here.retiring in ({}, {other(wanted): 0})
            assert swap.here.desired[wanted] == 3


@pytest.mark.parametrize("wanted", COLORS)
def test_an_interruption_of_the_first_start_leaves_nothing_pending(monkeypatch, wanted):
    """pulumi#4265: what was being made is not in the state, so the next update makes it again, over what is there."""
    for after in (False, True):
        for at in every_call(after + (wanted == "green")):
            swap = Swap("pending", started=False, **SHORT)
            swap.here.desired = {"blue": 0, "green": 0}
            with monkeypatch.context() as patched:
                struck = killing(patched, at, after=after)
                with contextlib.suppress(Killed):
                    swap.up("blue")
            if not struck():
                assert at > 5, "it has many calls"
                break
            swap.up(wanted)
            is_settled(swap, wanted)
            assert swap.here.desired[wanted] == 3


def test_an_interruption_of_the_destruction_leaves_nothing_pending(monkeypatch):
    """pulumi#4265: what was being deleted is still in the state, so the next destroy deletes it again."""
    for after, at in itertools.product((False, True), (1, 2)):
        swap = Swap("pending", **SHORT)
        swap.up("green")
        with monkeypatch.context() as patched:
            killing(patched, at, after=after)
            with pytest.raises(Killed):
                swap.destroy()
        swap.destroy()
        assert swap.here.weights == Weights()
        assert (swap.here.marks, swap.here.retiring) == ({}, {})


def test_an_interruption_is_not_hidden_from_the_next_preview():
    """pulumi#12259: here the next preview says that the last update did not come to its end."""
    swap = Swap("pending")
    killed_at(swap, 50)
    for wanted in COLORS:
        difference = swap.service().diff(swap.outputs, swap.inputs(wanted))
        assert difference.changes
        said = " ".join(difference.warnings)
        assert f"drift: the live weights are blue 50 %, green 50 %; the last update left {BLUE}" in said
        assert "a swap runs, or was interrupted" in said
