"""The demo's arithmetic, on runs that were made up."""

from __future__ import annotations

import itertools
import re
from array import array
from pathlib import Path

import pytest

from demo import page
from demo.measure import SETTLE_SECONDS, Story, Swap, windows
from localcloud.load import Result
from localcloud.load_worker import COLUMNS
from localcloud.stack import Ran

START = 1_800_000_000.0
COLORS = ["blue", "green"]


def load(
    *pieces: tuple[float, int], rate: int = 100, failed_at: tuple[float, ...] = (), stopped: str = "asked"
) -> Result:
    """Pieces of (seconds, percent of green), evenly mixed; a failed request at each of some times."""
    columns: dict[str, array[float]] = {name: array(code) for name, code in COLUMNS}

    def add(at: float, color: int, error: int) -> None:
        for name, value in zip(columns, (at, 0.001, 500 if error >= 0 else 200, color, error, 1, 0), strict=True):
            columns[name].append(value if name in ("at", "latency") else int(value))

    at = START
    for seconds, percent in pieces:
        share = 0
        for number in range(int(seconds * rate)):
            share += percent
            add(at + number / rate, share >= 100, -1)
            share -= 100 * (share >= 100)
        at += seconds
    for when in failed_at:
        add(START + when, 0, 0)
    return Result(columns, COLORS, ["status 500"], stopped)


def swap(name: str, target: str, began: float, shifts: dict[float, int], up_seconds: float = 20) -> Swap:
    old = "blue" if target == "green" else "green"
    steps = [{"at_seconds": START + at, target: weight, old: 100 - weight} for at, weight in shifts.items()]
    return Swap(name, Ran("pulumi up", START + began, up_seconds), {"to": target, "steps": steps})


def told(result: Result) -> Story:
    """Blue for 10 s, 10 % for 6 s, 50 % for 6 s, green for 8 s, blue for 5 s."""
    story = Story(steps_percent=[10, 50, 100], noop=Ran("pulumi up", START + 1, 2.5))
    story.promotion = swap("promotion", "green", 4, {10: 10, 16: 50, 22: 100})
    story.rollback = swap("rollback", "blue", 27, {30: 100}, up_seconds=4)
    story.result = result
    story.judge()
    return story


AS_DECLARED = ((10, 0), (6, 10), (6, 50), (8, 100), (5, 0))


def test_a_run_without_fault() -> None:
    story = told(load(*AS_DECLARED))
    assert story.problems == []
    assert story.numbers() == {
        "requests": 3500,
        "failed": 0,
        "noop_up_seconds": 2.5,
        "promotion": {
            "up_seconds": 20,
            "first_shift_seconds": 6,
            "last_shift_seconds": 18,
            "max_split_error_points": pytest.approx(0, abs=0.5),
        },
        "rollback": {
            "up_seconds": 4,
            "first_shift_seconds": 3,
            "last_shift_seconds": 3,
            "max_split_error_points": 0,
        },
    }


def test_every_request_is_in_one_window() -> None:
    result = load(*AS_DECLARED, failed_at=(12, 31))
    story = told(result)
    found = windows(result, "blue", story.swaps)
    assert sum(window.requests for window in found) == result.requests
    assert sum(window.failed for window in found) == 2
    assert all(before.end == after.start for before, after in itertools.pairwise(found))
    assert [(window.name, window.weights and window.weights["green"]) for window in found] == [
        ("blue live", 0),
        ("promotion: preparing", 0),
        ("promotion: green 10 %", 10),
        ("promotion: green 50 %", 50),
        ("promotion: green 100 %", 100),
        ("rollback: preparing", 100),
        ("rollback: blue 100 %", 0),
    ]


def test_what_is_around_a_shift_is_left_out_of_the_split() -> None:
    """The weight took effect a moment before it was verified, and the old color's last answers come a moment after."""
    margin = SETTLE_SECONDS * 0.9
    early = load((10 - margin, 0), (6, 10), (6, 50), (8, 100), (5 + margin, 0))
    late = load((10 + margin, 0), (6, 10), (6, 50), (8, 100), (5 - margin, 0))
    assert told(early).problems == told(late).problems == []


def test_what_takes_its_time_to_take_effect_is_no_split_that_is_off() -> None:
    """The step is written at 13 s and in effect somewhere until 16 s, when the swap says so."""
    result = load((10, 0), (4, 10), (8, 50), (8, 100), (5, 0))
    story = told(result)
    assert [problem for problem in story.problems if "10 %" in problem] != []
    assert story.promotion is not None
    story.promotion.entry["steps"][1]["took_seconds"] = 3
    story.problems = []
    story.judge()
    assert story.problems == []
    assert sum(window.requests for window in windows(result, "blue", story.swaps)) == result.requests


def test_a_split_that_is_off() -> None:
    story = told(load((10, 0), (6, 20), (6, 50), (8, 100), (5, 0)))
    assert [problem for problem in story.problems if "10 %" in problem] == story.problems != []
    assert story.max_split_error_points("promotion") == pytest.approx(10, abs=0.5)


def test_a_split_that_is_off_by_chance_is_no_fault() -> None:
    """A proxy draws a color for each request: of some 600, two standard deviations are four points."""
    assert told(load((10, 0), (6, 10), (6, 46), (8, 100), (5, 0))).problems == []


@pytest.mark.parametrize(
    ("pieces", "where"),
    [
        (((10, 1), (6, 10), (6, 50), (8, 100), (5, 0)), "blue live"),
        (((10, 0), (6, 10), (6, 50), (8, 99), (5, 0)), "green 100 %"),
        (((10, 0), (6, 10), (6, 50), (8, 100), (5, 1)), "rollback: blue 100 %"),
    ],
)
def test_nothing_leaks_where_one_color_has_it_all(pieces: tuple[tuple[float, int], ...], where: str) -> None:
    assert where in told(load(*pieces)).problems[0]


def test_a_failed_request() -> None:
    story = told(load(*AS_DECLARED, failed_at=(12,)))
    assert story.problems == ["1 of 3501 requests failed: status 500"]
    numbers = story.numbers()
    assert numbers is not None
    assert numbers["failed"] == 1


def test_a_load_that_ended_early_proves_nothing() -> None:
    assert told(load(*AS_DECLARED, stopped="max_seconds")).problems != []


def test_other_steps_than_declared() -> None:
    story = Story(steps_percent=[10, 50, 100], result=load((10, 0), (10, 100)))
    story.promotion = swap("promotion", "green", 4, {10: 100})
    story.judge()
    assert story.problems == ["promotion: green took the steps [100] % instead of [10, 50, 100] %"]
    assert story.numbers() is None


def test_nothing_is_said_of_the_split_after_a_swap_that_failed() -> None:
    story = Story(steps_percent=[10, 50, 100], result=load((10, 0), (6, 10)), pending=("promotion", START + 4))
    story.judge()
    assert story.problems == []
    assert [window.name for window in story.windows] == ["blue live", "promotion: not finished"]


def test_a_broken_release_that_is_refused_moves_nothing(tmp_path: Path) -> None:
    story = told(load((18, 0), (6, 10), (6, 50), (8, 100), (5, 0)))
    story.promotion = swap("promotion", "green", 12, {18: 10, 24: 50, 30: 100})
    story.rollback = swap("rollback", "blue", 35, {38: 100}, up_seconds=4)
    story.refused = Ran("pulumi up", START + 5, 4)
    story.problems = []
    story.judge()
    assert story.problems == []
    assert [(window.name, window.requests, window.counts) for window in story.windows][:3] == [
        ("blue live", 500, {"blue": 500}),
        ("broken release: refused", 400, {"blue": 400}),
        ("blue live, as before", 300, {"blue": 300}),
    ]
    page.write(story, tmp_path / "demo.html")
    text = (tmp_path / "demo.html").read_text()
    assert re.search(r"<strong class=.green.>0</strong><span>requests reached the broken release", text)
    assert "a broken release, refused" in text


def test_a_broken_release_that_gets_requests_is_a_fault() -> None:
    story = told(load((5, 0), (4, 3), (1, 0), (6, 10), (6, 50), (8, 100), (5, 0)))
    story.promotion = swap("promotion", "green", 9, {10: 10, 16: 50, 22: 100})
    story.refused = Ran("pulumi up", START + 5, 4)
    story.problems = []
    story.judge()
    assert [problem for problem in story.problems if problem.startswith("broken release: refused")]


def test_no_load() -> None:
    story = Story(problems=["`pulumi up` ended with status 255"])
    story.judge()
    assert len(story.problems) == 2
    assert story.windows == []
    assert story.numbers() is None


def test_the_page_is_one_file_that_needs_no_network(tmp_path: Path) -> None:
    file = tmp_path / "demo.html"
    page.write(told(load(*AS_DECLARED)), file)
    text = file.read_text()
    markup = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert "not a single request lost" in markup
    assert "of 3,500 requests failed" in markup
    assert not re.search(r"""(src|href)=|@import|url\(""", markup)
    assert not re.search(r"<script[^>]*\ssrc=", text)


def test_the_page_of_a_run_that_failed(tmp_path: Path) -> None:
    story = told(load(*AS_DECLARED, failed_at=(12,)))
    story.rollback = None
    story.problems.append("<b>no</b>")
    page.write(story, tmp_path / "demo.html")
    text = (tmp_path / "demo.html").read_text()
    assert "did not come to its end" in text
    assert "&lt;b&gt;no&lt;/b&gt;" in text
    page.write(Story(), tmp_path / "none.html")
    assert not (tmp_path / "none.html").exists()
