"""A preview goes by what a preview was answered a moment ago; nothing else does, and nothing older counts."""

from __future__ import annotations

import threading

import pytest

from bluegreen.clients import glances
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.calls import counted
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.model import Weights
from bluegreen.swap import contract
from bluegreen.swap.previewed import place_of
from bluegreen.swap.service import SwapService
from tests.test_at_once_bench import endpoint, inputs

__all__ = ["endpoint"]
BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@pytest.fixture(autouse=True)
def long_moments(monkeypatch):
    """A busy machine may take longer for a few calls than they are good for."""
    monkeypatch.setattr(glances, "LASTS_SECONDS", 600)


@pytest.fixture
def service():
    return SwapService(clock=FakeClock())


@pytest.fixture
def blue(endpoint, service):
    return service.create(inputs(endpoint, "blue"))[1]


def calls_of(operation):
    calls = []
    with counted(calls.append):
        operation()
    return [call.partition(":")[2] for call in calls]


LOOK = ["DescribeRules", "DescribeTags"]


def test_a_check_and_the_diff_after_it_look_once(endpoint, service, blue):
    news = inputs(endpoint, "green")
    assert calls_of(lambda: service.check(blue, news)) == LOOK
    assert calls_of(lambda: service.diff(blue, news)) == ["DescribeTargetHealth"]


def test_the_next_preview_looks_for_itself(endpoint, service, blue):
    news = inputs(endpoint, "blue")
    for _ in range(2):
        assert calls_of(lambda: service.check(blue, news)) == LOOK
        assert calls_of(lambda: service.diff(blue, news)) == []
    assert calls_of(lambda: service.diff(blue, news)) == LOOK
    assert calls_of(lambda: service.check(blue, news)) == LOOK
    assert calls_of(lambda: service.check(blue, news)) == LOOK


def test_swaps_of_one_listener_look_at_it_together(endpoint, service, blue):
    other = service.create(inputs(endpoint, "blue", 2))[1]
    service.diff(blue, inputs(endpoint, "blue"))
    assert calls_of(lambda: service.diff(other, inputs(endpoint, "blue", 2))) == ["DescribeTags"], "its own rule's"


def test_an_update_a_refresh_and_a_delete_look_for_themselves(endpoint, service, blue):
    news = inputs(endpoint, "blue")
    service.check(blue, news)
    router = contract.parse(news).build_router()
    router.write(GREEN)  # by hand, a moment later
    assert service.read(blue)["weights"] == GREEN.as_dict()
    assert service.diff(blue, news).drifted is None, "what the check was told is of a moment ago"
    assert service.update(blue, news)["history"][0]["outcome"] == "healed"
    assert router.read().weights == BLUE
    assert calls_of(lambda: service.delete(blue))[:2] == LOOK


def test_after_an_update_its_own_previews_look_anew(endpoint, service, blue):
    service.diff(blue, inputs(endpoint, "green"))
    outputs = service.update(blue, inputs(endpoint, "green"))
    found = []
    assert calls_of(lambda: found.append(service.diff(outputs, inputs(endpoint, "green")))) == LOOK
    assert not found[0].changes


def test_while_a_place_is_being_changed_nothing_is_known_of_it(endpoint, service, blue):
    news = inputs(endpoint, "blue")
    service.diff(blue, news)
    name = place_of(news)
    with glances.changing(name):
        assert calls_of(lambda: service.diff(blue, news)) == LOOK
        assert calls_of(lambda: service.diff(blue, news)) == LOOK


def test_where_it_is_not_known_yet_what_a_preview_is_about_it_asks(endpoint, service, blue):
    news = inputs(endpoint, "blue")
    news["router"]["listener_arn"] = UNKNOWN
    service.check(blue, inputs(endpoint, "blue"))
    assert calls_of(lambda: service.check(blue, news)) == LOOK


def test_a_moment_later_a_preview_asks(endpoint, service, blue, monkeypatch):
    service.check(blue, inputs(endpoint, "blue"))
    monkeypatch.setattr(glances, "LASTS_SECONDS", 0)
    assert calls_of(lambda: service.diff(blue, inputs(endpoint, "blue"))) == LOOK


def test_another_connection_is_asked_for_itself(endpoint, service, blue):
    service.diff(blue, inputs(endpoint, "blue"))
    news = inputs(endpoint, "blue")
    news["router"]["aws"]["endpoint_url"] = f"{endpoint}/"  # as another profile is, or another role
    olds = {**blue, "router": {**blue["router"], "aws": news["router"]["aws"]}}
    assert calls_of(lambda: service.diff(olds, news)) == LOOK


def test_a_thread_without_a_preview_is_no_preview():
    answers, found = glances.Answers(), []

    @glances.check(lambda: "here")
    def look():
        answers.keep("x", 10**12, "answer")
        beside = threading.Thread(target=lambda: found.append(answers.find("x")))
        beside.start()
        beside.join()
        found.append(answers.find("x"))

    look()
    assert [*found, answers.find("x")] == [None, "answer", None]


def test_what_is_old_is_not_kept(monkeypatch):
    answers = glances.Answers()

    @glances.check(lambda _: "here")
    def keep(number):
        answers.keep(number, glances.steady_seconds(), "answer")

    keep(1)
    monkeypatch.setattr(glances, "LASTS_SECONDS", -1)
    keep(2)
    assert list(answers._kept) == [2]
