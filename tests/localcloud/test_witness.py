"""Google's stand-in comes to the states that Knative Serving came to, as `make witness` has kept them."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.tools import knative
from tests.localcloud.witness import google, report
from tests.localcloud.witness.cases import CASES
from tests.localcloud.witness.differences import DIFFERENCES

HERE = Path(__file__).parent
KEPT, REQUESTS = report.kept()


def test_what_is_kept_is_of_these_cases() -> None:
    assert {case: len(seen) for case, seen in KEPT.items()} == {case: len(steps) for case, steps in CASES.items()}
    assert REQUESTS > 0


@pytest.mark.parametrize("case", CASES)
def test_a_sequence_of_writes_comes_to_the_same_state(case: str) -> None:
    differing = report.compare({case: google.seen(CASES[case])}, KEPT)
    assert differing.keys() == {place for place in DIFFERENCES if place[0] == case}, differing


def test_the_page_has_the_figures() -> None:
    page = (HERE.parents[1] / "docs" / "stand-ins.md").read_text()
    differing = report.compare({case: google.seen(steps) for case, steps in CASES.items()}, KEPT)
    assert report.in_docs(page, differing, REQUESTS) == page
    assert f"v{knative.VERSION}" in page
