"""The wish to skip gates: about one release, for an hour, and for a promotion alone."""

from __future__ import annotations

import pytest

from bluegreen.rollout.errors import SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap import contract, skipping
from tests.swap.bench import Swap

NO = {"kind": "command", "command": ["false"]}
DIGEST = "0123456789abcdef"


def test_a_wish_is_read_as_it_was_made():
    marks = skipping.wish("green", DIGEST, "a gate is wrong: really", 1_000)
    found = skipping.wished(marks, "green", (DIGEST,), 1_000 + skipping.LASTS_SECONDS)
    assert found is not None
    assert found.reason == "a gate is wrong: really"


@pytest.mark.parametrize(
    ("color", "digest", "at_seconds"),
    [("blue", DIGEST, 1_000), ("green", DIGEST[::-1], 1_000), ("green", DIGEST, 4_602), ("green", DIGEST, -4_000)],
)
def test_another_color_another_release_and_another_time_have_no_wish(color, digest, at_seconds):
    marks = skipping.wish("green", DIGEST, "a gate is wrong", 1_000)
    assert skipping.wished(marks, color, (digest,), at_seconds) is None


@pytest.mark.parametrize("text", ["", "green", "green x y z w", "green 0123456789abcdef never you because"])
def test_a_mark_of_somebody_else_is_no_wish(text):
    assert skipping.wished({"skip": text}, "green", (DIGEST,), 1_000) is None


@pytest.fixture
def swap():
    made = Swap("skipping")
    made.more["gates"] = [NO]
    return made


def wanting(swap, release="v2"):
    digest = contract.fingerprint(swap.inputs("green", releases={"blue": "v1", "green": release}), "green")
    swap.here.marks |= skipping.wish("green", digest, "a gate is wrong", swap.clock.wall_seconds())


def test_a_preview_warns_of_it(swap):
    wanting(swap)
    warnings = swap.service().diff(swap.outputs, swap.inputs("green")).warnings
    assert [text for text in warnings if "are skipped in this promotion" in text]


def test_it_ends_with_the_promotion_that_it_was_for(swap):
    wanting(swap)
    swap.up("green")
    assert "skip" not in swap.here.marks


def test_one_for_another_release_skips_nothing_and_is_gone_afterwards(swap):
    wanting(swap, "v3")
    with pytest.raises(SwapFailed, match="gate command false failed"):
        swap.up("green")
    assert swap.here.weights == Weights.all_on("blue")
    assert "skip" not in swap.here.marks
    assert "skipped" not in swap.outputs["history"][0]
