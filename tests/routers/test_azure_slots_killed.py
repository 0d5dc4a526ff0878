"""A swap of slots whose process ends at any call, before Azure has heard of it or after: the next update continues."""

import contextlib

import pytest

from bluegreen.azure.web_apps import site as sites
from bluegreen.rollout.errors import BluegreenError
from bluegreen.swap.lease import leases_in
from bluegreen.swap.service import SwapService
from tests.amounts import every_call
from tests.routers import slots_workshop
from tests.routers.slots_workshop import APP, SLOT

pytestmark = pytest.mark.sweep

STEPS = {"steps": [{"weight_percent": 10, "hold_seconds": 1}]}


class Killed(BaseException):
    """As if the process ended."""


class Ends:
    """Ends the process at the call number ``at``: before it is sent, or once it was done."""

    def __init__(self, app, at, *, done):
        self.app, self.at, self.done, self.calls, self.exchange = app, at, done, 0, app.exchange

    def __call__(self, verb, path, body):
        self.calls += 1
        if self.calls == self.at and not self.done:
            raise Killed
        answer = self.exchange(verb, path, body)
        if self.calls == self.at:
            raise Killed
        return answer


def inputs(color, **more):
    section = slots_workshop.section(**more)
    releases = {"blue": "v1", "green": "v2"}
    strategy = {"steps": []} if more else STEPS
    return {"name": "orders", "active_color": color, "releases": releases, "router": section, "strategy": strategy}


PREVIEW = {"with_preview": True}


@pytest.mark.parametrize(
    ("first", "more", "done", "goal"),
    [(0, {}, False, "green"), (1, {}, True, "blue"), (2, PREVIEW, True, "green"), (3, PREVIEW, False, "blue")],
    ids=["before, kept", "after, reverted", "with preview, after, kept", "with preview, before, reverted"],
)
def test_whatever_call_it_was(first, more, done, goal):
    for at in every_call(first):
        with slots_workshop.running() as app:

            def service(app=app):
                return SwapService(clock=app.clock)

            _, outputs = service().create(inputs("blue", **more))
            olds = {**inputs("blue", **more), **outputs}
            ends = app.exchange = Ends(app, at, done=done)
            with contextlib.suppress(Killed):
                service().update(olds, inputs("green", **more))
            app.exchange = ends.exchange
            where = f"call {at} of {ends.calls}"
            for _ in range(3):  # what is still open is somebody's, as far as the next one knows
                try:
                    outputs = service().update(olds, inputs(goal, **more))
                    break
                except BluegreenError:
                    app.azure.settle()
            assert (app.live, app.rules()) == (goal, []), where
            assert outputs["live_color"] == goal, where
            assert not sites.is_prepared(app.body(SLOT)), where
            assert not leases_in({name.rpartition(":")[2]: "" for name in app.body()["tags"]}), where
            assert app.settings(APP)["WHERE"] == "production", where
            if ends.calls < at:
                assert at > 20
                return
