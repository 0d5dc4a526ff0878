"""The bench's evaluation of its measurements of swaps at once and of a Ctrl-C."""

from __future__ import annotations

import dataclasses
import io
import json

import pytest
from rich.console import Console

from dev.benchmarks.swaps_report import AtOnce, Interrupted, Report, more_seconds, show

CUT = Interrupted(
    services=20,
    provider="native",
    hold_seconds=60,
    held=20,
    restored_seconds=0.31234,
    ended_seconds=0.9,
    begun_afterwards=0,
    promoted=0,
    pending=0,
    state_differs=0,
    last_new_seconds=None,
    requests=1000,
    failed=0,
)


def at_once(services, provider, seconds, failed=0):
    return AtOnce(services, provider, seconds, seconds - 3.00049, 500, failed)


def report(*interrupted, native=12.0):
    measured = [
        at_once(1, "dynamic", 9.0),
        at_once(1, "native", 8.0),
        at_once(64, "dynamic", 14.0),
        at_once(64, "native", native),
    ]
    return Report(measured, list(interrupted), seconds=200)


def text_of(found):
    console = Console(file=io.StringIO(), width=80)
    show(found, console)
    return console.file.getvalue()


def test_the_json_has_a_number_of_swaps_and_both_adapters_in_it():
    dynamic = dataclasses.replace(CUT, provider="dynamic", restored_seconds=None, promoted=5)
    figures = json.loads(json.dumps(report(CUT, dynamic).figures))
    assert figures.keys() == {"swaps_at_once", "ctrl_c"}
    assert figures["swaps_at_once"]["64"] == {
        "dynamic_seconds": 14.0,
        "dynamic_swaps_seconds": 11.0,
        "dynamic_failed": 0,
        "native_seconds": 12.0,
        "native_swaps_seconds": 9.0,
        "native_failed": 0,
    }
    assert list(figures["swaps_at_once"]) == ["1", "64"]
    cut = figures["ctrl_c"]["20"]
    assert cut["native"]["restored_seconds"] == 0.312
    assert (cut["dynamic"]["restored_seconds"], cut["dynamic"]["promoted"]) == (None, 5)


def test_all_is_well_within_the_limits():
    assert report(CUT).misses == []
    assert report(CUT, native=23.0).misses == []


def test_many_swaps_may_not_take_much_longer_than_one():
    assert report(native=23.1).misses == ["64 native swaps took 15.1 s more than 1: limit 15 s"]
    assert Report([at_once(1, "dynamic", 9.0), at_once(64, "dynamic", 24.1)]).misses == [
        "64 dynamic swaps took 15.1 s more than 1: limit 15 s"
    ]


def test_one_size_alone_compares_with_nothing():
    assert more_seconds({64: 100.0}) is None
    assert Report([at_once(64, "native", 100.0)]).misses == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"restored_seconds": None}, "traffic was not restored"),
        ({"restored_seconds": 5.1}, "restored after 5.1 s: limit 5 s"),
        ({"begun_afterwards": 2}, "2 swaps began afterwards"),
        ({"pending": 2}, "2 operations pending"),
        ({"state_differs": 3}, "other weights than 3 of the rules"),
        ({"failed": 1}, "1 of 1000 requests failed"),
    ],
)
@pytest.mark.parametrize("provider", ["dynamic", "native"])
def test_a_swap_is_restored_in_time_with_nothing_left_over(provider, change, said):
    misses = report(dataclasses.replace(CUT, provider=provider, **change)).misses
    assert len(misses) == 1
    assert f"20 {provider}" in misses[0]
    assert said in misses[0]


def test_a_request_lost_in_a_promotion_is_a_failure():
    assert Report([at_once(1, "dynamic", 9.0, failed=2)]).misses == ["1 dynamic at once: 2 of 500 requests failed"]


def test_the_tables_fit_a_terminal_and_say_what_was_never_restored():
    dynamic = dataclasses.replace(CUT, provider="dynamic", restored_seconds=None)
    text = text_of(report(CUT, dynamic))
    assert "…" not in text
    assert "never" in text
    assert "native: 64 take 4.0 s more than 1 (limit 15), 1.50 times as long" in " ".join(text.split())
    assert "holds of 60 s" in text


def test_what_is_missed_is_shown():
    assert "traffic was not restored" in text_of(report(dataclasses.replace(CUT, restored_seconds=None)))


def test_a_part_that_was_not_measured_has_no_table():
    assert "Ctrl-C" not in text_of(report())
