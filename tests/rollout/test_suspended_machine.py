"""A machine that was suspended takes nothing that it read before for fresh, whatever its monotonic clock says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bluegreen.platforms.just_read import JustRead
from bluegreen.platforms.looks import Look
from bluegreen.rollout import clock

PACKAGE = Path(clock.__file__).resolve().parents[1]
ASLEEP_SECONDS = 3600.0


@pytest.fixture
def suspend(monkeypatch):
    """Lets the machine sleep: only the clock that runs through it moves on."""
    now = [1000.0]
    monkeypatch.setattr(clock, "_THROUGH_A_SUSPEND", 7)
    monkeypatch.setattr(clock.time, "clock_gettime", lambda _which: now[0])
    monkeypatch.setattr(clock.time, "monotonic", lambda: 1000.0)

    def sleeps():
        now[0] += ASLEEP_SECONDS

    return sleeps


def test_a_look_from_before_it_is_none(suspend):
    look = Look()
    look.taken()
    assert look.spent()
    look.taken()
    suspend()
    assert not look.spent()


def test_what_a_capacity_has_just_read_is_asked_for_again(suspend):
    read = JustRead()
    read.keep({"blue": 3})
    assert read.take("blue") == 3
    read.keep({"blue": 3})
    suspend()
    assert read.take("blue") is None


def test_the_system_clock_counts_it(suspend):
    began = clock.SystemClock().monotonic_seconds()
    suspend()
    assert clock.SystemClock().monotonic_seconds() - began == ASLEEP_SECONDS


def test_where_there_is_no_such_clock_the_monotonic_one_has_to_do(monkeypatch):
    monkeypatch.setattr(clock, "_THROUGH_A_SUSPEND", None)
    monkeypatch.setattr(clock.time, "monotonic", lambda: 5.0)
    assert clock.steady_seconds() == 5.0


def test_the_age_of_nothing_that_was_read_is_told_by_the_plain_monotonic_clock():
    """Elsewhere it bounds waits, which a suspend may lengthen."""
    aged = re.compile(r"_(?:at|until)_seconds\b.*time\.monotonic\(\)|time\.monotonic\(\).*_(?:at|until)_seconds\b")
    for folder in ("aws", "kubernetes", "memory", "platforms", "swap", "rollout"):
        files = list((PACKAGE / folder).rglob("*.py"))
        assert files, folder
        for file in files:
            assert not aged.search(file.read_text()), file.name
