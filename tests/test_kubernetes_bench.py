"""The benchmark on Kubernetes' evaluation of the requests that it saw."""

from __future__ import annotations

from array import array

import pytest

from dev.benchmarks.kubernetes.rounds import moved_ms
from localcloud.errors import LocalCloudError
from localcloud.load import Result
from localcloud.load_worker import COLUMNS

BLUE, GREEN = 0, 1


def result(*samples: tuple[float, int, bool, int]) -> Result:
    """Samples of (time, color, kept, target)."""
    columns = {name: array(code) for name, code in COLUMNS}
    for at, color, kept, target in samples:
        for name, value in zip(columns, (at, 0.001, 200, color, -1, int(kept), target), strict=True):
            columns[name].append(value)
    return Result(columns, ["blue", "green"], [])


def test_the_last_service_counts_and_its_first_request_that_none_to_the_other_color_follows():
    seen = result(
        (9.9, GREEN, False, 1),  # before the go-ahead
        (10.01, BLUE, False, 0),
        (10.02, GREEN, False, 0),
        (10.03, BLUE, False, 0),
        (10.04, GREEN, False, 0),
        (10.05, GREEN, False, 1),
        (10.06, GREEN, False, 0),
        (20.0, BLUE, False, 0),  # after the next go-ahead
    )
    assert moved_ms(seen, "green", 10, 20, 2) == pytest.approx(50)


def test_kept_connections_do_not_count():
    seen = result((10.01, GREEN, False, 0), (10.5, BLUE, True, 0), (10.6, GREEN, False, 0))
    assert moved_ms(seen, "green", 10, 20, 1) == pytest.approx(10)


def test_a_service_that_never_got_there_is_an_error():
    with pytest.raises(LocalCloudError, match="1 of 2 services were not on green"):
        moved_ms(result((10.01, GREEN, False, 0), (10.02, BLUE, False, 1)), "green", 10, 20, 2)
