"""The texts for a reviewer and a policy about a swap with three routers."""

from __future__ import annotations

import json

from bluegreen.permissions.__main__ import main
from bluegreen.rollout.model import Weights
from tests.swap.members.bench import Several, sections


def said(swap):
    return [text for _, text in swap.said]


def test_a_preview_of_an_interrupted_shift_reads_as_one():
    swap = Several("public", "inside", "name", adapter="native")
    swap.worlds[0].weights = Weights(90, 10)
    assert swap.preview("blue")
    assert said(swap)[0] == (
        "drift: the live weights are not the same everywhere, as an interrupted shift leaves them "
        "(public: blue 90 %, green 10 %; inside: blue 100 %, green 0 %; name: blue 100 %, green 0 %); "
        "the last update left blue 100 %, green 0 %. `pulumi up` puts blue at 100 %"
    )


def test_a_preview_of_a_promotion_names_the_one_that_is_not_ready():
    swap = Several("public", "inside", "name", adapter="native")
    swap.here.desired.update(green=3)
    assert swap.preview("green")
    assert "green is ready: 3 of 3 healthy" in said(swap)
    swap.worlds[1].broken = {"green"}
    swap.said.clear()
    assert swap.preview("green")
    assert any("green is not ready yet: 0 of 3 healthy (inside: its health check fails)" in text for text in said(swap))


def test_a_preview_says_where_an_added_one_begins():
    swap = Several("public", "inside", adapter="native")
    assert swap.preview("blue", routers=sections("public", "name", "inside"))
    (text,) = said(swap)
    assert text == (
        "added: memory (name name): it is made with what is live: blue 100 %, green 0 %; the others stay as they are"
    )


def test_the_printed_policy_covers_all_of_them(capsys):
    actions = {}
    for kinds in (["alb"], ["nlb"], ["route53"], ["alb", "nlb", "route53"]):
        assert main(kinds) == 0
        policy = json.loads(capsys.readouterr().out)
        actions[" ".join(kinds)] = {
            action for statement in policy["Statement"] for action in _list(statement["Action"])
        }
    together = actions.pop("alb nlb route53")
    assert together == set().union(*actions.values())


def _list(value):
    return value if isinstance(value, list) else [value]
