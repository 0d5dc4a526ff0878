"""The host of dynamic providers is looked at before anything in it is changed: of another shape it stays as it is.

The real hosts are in ``test_dynamic_host``; here one is played in this process, so that each shape can be had.
"""

from __future__ import annotations

import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from types import FunctionType, SimpleNamespace

import pytest
from google.protobuf import empty_pb2

from bluegreen.rollout.errors import PlatformError
from bluegreen.swap import dynamic, dynamic_host

HOST = """
import traceback
from google.protobuf import empty_pb2

class Monitor:
    def Cancel(self, request, context):
        return empty_pb2.Empty()

    def Update(self, request, context):
        try:
            raise request
        except Exception:
            context.abort(traceback.format_exc())

def main(server, then):
    monitor = Monitor()
    return then(monitor)
"""


@pytest.fixture(autouse=True)
def afresh(monkeypatch):
    """As in a process that has looked at nothing yet."""
    monkeypatch.setattr(dynamic_host, "_found", [])
    monkeypatch.setattr(dynamic_host, "cancelled", threading.Event())


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as made:
        yield made


def hosted(pool, then, source=HOST):
    """Let ``then`` run in the ``main`` of a host; it gets the host's monitor."""
    names = {}
    exec(compile(source, f"/venv/{dynamic_host._HOST_FILE}", "exec"), names)
    server = SimpleNamespace(_state=SimpleNamespace(thread_pool=pool))
    return names["main"](server, then)


class Context:
    def __init__(self):
        self.said = ""

    def abort(self, text):
        self.said = text


def told(monitor, error):
    context = Context()
    monitor.Update(error, context)
    return context.said


def test_a_host_gets_more_threads_and_hears_a_cancellation(pool):
    def then(monitor):
        dynamic.TrafficSwapProvider().configure(None)
        assert dynamic_host.open_up() == ""
        assert pool._max_workers == dynamic_host.CALLS_AT_ONCE
        assert isinstance(monitor.Cancel(None, None), empty_pb2.Empty)
        return monitor

    monitor = hosted(pool, then)
    assert dynamic_host.cancelled.is_set()
    assert dynamic_host.open_up() == "", "looked at once, also where no host is to be seen any more"
    with pytest.raises(Exception, match="cancelled"):
        dynamic.TrafficSwapProvider().create({"name": "web"})
    assert isinstance(type(monitor).Cancel, FunctionType)


def test_an_error_of_ours_is_in_its_own_words_and_any_other_keeps_its_traceback(pool):
    def then(monitor):
        assert "Traceback" in told(monitor, PlatformError("Write", "refused"))
        dynamic_host.open_up()
        return told(monitor, PlatformError("Write", "refused")), told(monitor, ValueError("none of ours"))

    ours, theirs = hosted(pool, then)
    assert ours == str(PlatformError("Write", "refused"))
    assert theirs.startswith("Traceback")
    assert theirs.rstrip().endswith("ValueError: none of ours")
    stand_in = dynamic_host._OwnWords()
    assert stand_in.print_exc is traceback.print_exc, "all else of the module is as it was"


def test_a_host_that_tells_no_traceback_is_mended_but_for_that(pool):
    oldest = HOST.replace("context.abort(traceback.format_exc())", "context.abort(str(request))")
    names = hosted(pool, lambda monitor: (dynamic_host.open_up(), told(monitor, ValueError("as it is"))), oldest)
    assert names == ("", "as it is")
    assert pool._max_workers == dynamic_host.CALLS_AT_ONCE


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (HOST.replace("def main(", "def begin(") + "\nmain = begin\n", "no frame of"),
        (
            HOST.replace("return empty_pb2.Empty()", "return self.ended()"),
            "its Cancel is not the one that does nothing",
        ),
        (HOST.replace("monitor = Monitor()\n    return then(monitor)", "return then(Monitor())"), "its Cancel is not"),
    ],
)
def test_a_host_of_another_shape_is_left_as_it_is(pool, source, why):
    assert why in hosted(pool, lambda _monitor: dynamic_host.open_up(), source)
    assert pool._max_workers == 4


def test_a_server_whose_threads_are_not_known_is_left_as_it_is():
    assert hosted(None, lambda _monitor: dynamic_host.open_up()) == "its server has no pool of threads that is known"


def test_where_no_host_runs_the_swap_works_as_ever_and_says_why(monkeypatch):
    said = []
    monkeypatch.setattr(dynamic.pulumi.log, "debug", said.append)
    dynamic.TrafficSwapProvider().configure(None)
    assert len(said) == 1
    assert "no frame of pulumi/dynamic/__main__.py runs in the main thread" in said[0]
