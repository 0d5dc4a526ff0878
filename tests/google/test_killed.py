"""A sample of `python -m tests.google.kills`: each row ends, and fails, at its calls, and the next update mends it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.amounts import ALL, stride
from tests.google import kills
from tests.google.kills import OPERATIONS, WAYS, Tried, points, tried
from tests.google.rows import ROWS

pytestmark = pytest.mark.sweep


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("row", ROWS)
def test_nothing_is_unsafe_and_the_next_update_converges(row, operation):
    """A prime stride goes through calls, ways and adapters alike."""
    begin, step = (0, 1) if ALL else ([*ROWS].index(row), 5 * stride(7) + 78)
    every = [*points(row, operation)]
    for point in itertools.islice(every, begin, None, step):
        found = tried(point)
        assert (found.unsafe, found.unconverged) == ((), ()), str(point)
    assert {point.adapter for point in every[begin::step]} == {"dynamic", "native"}


def test_each_call_goes_wrong_in_each_way():
    every = [*points("two services in Cloud DNS", "rollback")]
    for adapter in ("dynamic", "native"):
        found = {(point.number, point.way) for point in every if point.adapter == adapter}
        last = max(number for number, _ in found)
        assert last >= 10
        assert found == set(itertools.product(range(1, last + 1), WAYS))


def test_an_update_that_does_nothing_is_found_out():
    """After a kill in the middle something has to be brought to its end."""
    point = next(
        one
        for one in points("a Cloud Run service, revisions of others", "promotion")
        if one.way == kills.KILLED and not one.reverted and one.number == 10
    )
    assert tried(point) == Tried(point)
    assert tried(point, lambda *_: None).unconverged


def test_the_table_counts_what_was_tried():
    point = next(points("two services in Cloud DNS", "rollback"))
    text = kills.in_docs(f"before {kills.BEGIN} {kills.END} after", [Tried(point, ("bad",)), Tried(point, (), ("no",))])
    assert "2 points: 1 did not converge, 1 were unsafe." in text
    assert "| two services in Cloud DNS | 0 | 1 | 2 | 0 | 0 | 0 | 0 | 1 | 1 |" in text
    with pytest.raises(ValueError, match="has no"):
        kills.in_docs("nothing", [])


def test_the_page_has_every_row():
    page = (Path(__file__).parents[2] / "docs" / "safety.md").read_text()
    listed = page.partition(kills.BEGIN)[2].partition(kills.END)[0]
    assert [row for row in ROWS if f"\n| {row} |" not in listed] == []
