"""A platform that can only exchange: whose object it is, is known before anything else."""

from __future__ import annotations

import pytest

from bluegreen.rollout.errors import NotOwned
from bluegreen.rollout.exchanging import Standing, bring_live


class Taken:
    """Two places that somebody takes over right after the request."""

    def __init__(self):
        self.asked = 0

    def standing(self):
        if self.asked:
            raise NotOwned("exchange", "it is another swap's now")
        return Standing("blue")

    def before_exchange(self, wanted):
        """Nothing keeps it from that."""

    def exchange(self, wanted):
        self.asked += 1
        return True


def test_what_is_somebody_elses_after_the_request_is_looked_at_no_longer():
    places = Taken()
    with pytest.raises(NotOwned, match="another swap's now"):
        bring_live(places, "green", limit_seconds=60)
    assert places.asked == 1
