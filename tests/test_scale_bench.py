"""The bench's evaluation of its measurements of many services."""

from __future__ import annotations

from dev.benchmarks.scale import Scale, Size


def size(services, seconds, calls):
    return Size(services, 8 * services, [seconds], [2 * seconds], [3 * seconds, 9 * seconds, 3 * seconds], calls, [0.1])


def test_growth_is_what_each_further_service_adds_to_the_medians():
    figures = Scale([size(1, 1.0, [11]), size(5, 3.0, [11] * 5)]).figures
    assert figures["scale_noop_up_seconds_per_further_service"] == 0.5
    assert figures["scale_promotion_up_seconds_per_further_service"] == 1.5
    assert figures["scale_5_resources"] == 40


def test_a_service_that_takes_more_calls_among_many_is_noticed():
    assert not Scale([size(1, 1.0, [11]), size(2, 1.0, [11, 11])]).calls_differ
    assert Scale([size(1, 1.0, [11]), size(2, 1.0, [11, 12])]).calls_differ


def test_one_size_alone_has_no_growth():
    assert Scale([size(3, 1.0, [11])]).growth("noop_seconds") == 0
