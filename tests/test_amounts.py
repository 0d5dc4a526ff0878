"""What is tried in part is tried from all sides, and in full it is all."""

from __future__ import annotations

import itertools
import math

import pytest

from tests import amounts
from tests.arguments import test_arguments, test_choices


@pytest.fixture(params=["exhaustive", "test", "check"])
def target(monkeypatch, request):
    monkeypatch.setattr(amounts, "ALL", request.param == "exhaustive")
    monkeypatch.setattr(amounts, "IN_PART", request.param == "check")
    return request.param


def test_in_full_every_case_is_tried(target):
    tried = amounts.examples(400), amounts.stride(7), amounts.stride(3)
    assert tried == {"exhaustive": (400, 1, 1), "test": (80, 5, 1), "check": (50, 7, 3)}[target]
    assert amounts.examples(1) == 1


@pytest.mark.parametrize("step", [3, 7])
def test_what_takes_turns_is_tried_in_turn(target, step):
    assert amounts.stride(step) % 2 == 1


def test_tests_of_a_kind_strike_every_call_together(target):
    tests = [set(itertools.islice(amounts.every_call(number), 100)) for number in range(7)]
    assert set.union(*tests) >= set(range(1, 101))


@pytest.mark.parametrize("junk", [test_arguments.JUNK, test_choices.JUNK], ids=["arguments", "choices"])
def test_each_kind_of_junk_is_tried(target, junk):
    assert math.gcd(len(junk), amounts.stride(7)) == 1
