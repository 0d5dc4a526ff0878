"""The host of dynamic providers does many swaps at once and hears a Ctrl-C, with the oldest and the newest SDK."""

from __future__ import annotations

import base64
import shutil
import sys
import textwrap
import time
from pathlib import Path

import dill
import grpc
import pulumi.dynamic
import pytest

from bluegreen.adapters.plugin import sdk
from bluegreen.adapters.plugin.values import message
from bluegreen.swap import dynamic_host
from localcloud import progress
from localcloud.tools import oldest_sdk
from tests.swap.dynamic_hosts import LIMIT_SECONDS, Host, host

AT_ONCE = 64
PINNED = Path(pulumi.__file__).resolve().parent
HOST_FILE = Path("pulumi", "dynamic", "__main__.py")
CANCEL = "    def Cancel(self, request, context):\n        return "
"""Its ``Cancel``, up to what it answers."""
WAITING = textwrap.dedent("""
    import pulumi.dynamic, threading, time

    began = []
    lock = threading.Lock()

    class Waiting(pulumi.dynamic.ResourceProvider):
        serialize_as_secret_always = False

        def check(self, olds, news):
            return pulumi.dynamic.CheckResult(news, [])

        def create(self, props):
            if props["together"] == 0:
                raise ValueError("none of ours")
            with lock:
                began.append(props)
            deadline = time.monotonic() + 60
            while len(began) < props["together"] and time.monotonic() < deadline:
                time.sleep(0.01)
            return pulumi.dynamic.CreateResult("x", {"began": len(began)})
""")


@pytest.fixture(params=sdk.TESTED_VERSIONS)
def paths(request, tmp_path):
    """The paths before the checkout's own packages: a module with a provider of somebody else's, and that SDK."""
    (tmp_path / "somebody_elses.py").write_text(WAITING)
    if request.param == oldest_sdk.VERSION:
        return tmp_path, oldest_sdk.ensure(progress.for_terminal())
    return (tmp_path,)


def somebody_elses(folder: Path) -> str:
    """Another dynamic provider of the same program."""
    sys.path.insert(0, str(folder))
    try:
        import somebody_elses

        return base64.b64encode(dill.dumps(somebody_elses.Waiting())).decode()
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("somebody_elses")


def inputs(color: str, name: str = "web", **more: object) -> dict[str, object]:
    return {
        "name": name,
        "active_color": color,
        "releases": {"blue": "v1", "green": "v2"},
        "router": {"kind": "memory", "name": name},
        "capacity": {"kind": "memory", "name": name, "desired_count": 1},
        **more,
    }


def wait_for_ten_percent(served: Host, state: dict[str, object]) -> None:
    """Until the canary holds."""
    asked = sdk.provider_pb2.ReadRequest(id="web", properties=message(state))
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        if served.stub.Read(asked, timeout=LIMIT_SECONDS).properties["weights"]["green"] == 10:
            return
        time.sleep(0.05)
    raise AssertionError("the canary never held")


def together(served: Host, provider: str) -> list[float]:
    """How many each of many calls saw begin, all of them sent at once; each waits for the others."""
    request = [
        served.stub.Create.future(
            sdk.provider_pb2.CreateRequest(properties={"__provider": provider, "together": AT_ONCE}),
            timeout=LIMIT_SECONDS,
        )
        for _ in range(AT_ONCE)
    ]
    return [call.result().properties["began"] for call in request]


def test_64_calls_run_at_once_after_the_first_call_of_a_swap_whatever_it_is(paths):
    with host(*paths) as served:
        assert not served.check(inputs("blue")).failures
        assert together(served, somebody_elses(paths[0])) == [AT_ONCE] * AT_ONCE


def test_a_ctrl_c_restores_what_runs_and_lets_nothing_begin_and_others_go_on(paths):
    with host(*paths) as served:
        made = served.create(inputs("blue"))
        slow = inputs("green", strategy={"steps": [{"weight_percent": 10, "hold_seconds": 3600}]})
        update = served.begin_update(made, slow)
        wait_for_ten_percent(served, made)
        assert not update.done()
        served.cancel()
        with pytest.raises(grpc.RpcError) as failed:
            update.result()
        assert "aborted by the one who runs this update" in failed.value.details()
        assert "restored and verified: blue 100 %, green 0 %" in failed.value.details()
        with pytest.raises(grpc.RpcError) as refused:
            served.create(inputs("blue", "late"))
        assert "the update was cancelled before this swap began: nothing was written" in refused.value.details()
        other = served.create({"together": 1}, somebody_elses(paths[0]))
        assert other["began"] == 1, "another dynamic resource of the program works as ever"


def refused(call, *args):
    with pytest.raises(grpc.RpcError) as failed:
        call(*args)
    return failed.value.details().removeprefix("Exception calling application: ")


def test_an_error_is_told_in_its_own_words_from_the_first_call_on(paths):
    wrong = inputs("blue", router={"kind": "memory", "name": 5})
    with host(*paths) as served:
        said = refused(served.create, wrong)
        assert said.startswith("router.name: 5.0 is not allowed; allowed: "), "the host's first call, which mends it"
        made = served.create(inputs("blue"))
        again = refused(served.begin_update(made, {**wrong, "active_color": "green"}).result)
        assert again.startswith("router.name: 5.0 is not allowed; allowed: ")
        asked = sdk.provider_pb2.DeleteRequest(id="web", properties=message({**made, "router": {"kind": "lost"}}))
        assert "Traceback" not in refused(served.stub.Delete, asked)
        for text in (said, again):
            assert "Traceback" not in text
            assert len(text.splitlines()) < 4


def test_an_error_of_another_dynamic_resource_is_told_as_the_host_tells_it(paths):
    newest = len(paths) == 1
    with host(*paths) as served:
        served.create(inputs("blue"))
        said = refused(served.create, {"together": 0}, somebody_elses(paths[0]))
        assert "none of ours" in said
        assert ("Traceback" in said) == newest


@pytest.mark.parametrize("change", [
    {CANCEL: f"{CANCEL}print() or "},
    {"def main():\n": "def serve():\n", "\nmain()\n": "\nserve()\n"},
    {"    server.start()\n": "    server.start()\n    serving = server\n    del server\n"},
])  # fmt: skip
def test_a_host_of_another_shape_is_left_as_it_is(tmp_path, change):
    """A copy of the SDK whose host was changed: its ``Cancel`` does something, or its parts have other names."""
    shutil.copytree(PINNED, tmp_path / "pulumi")
    text = (tmp_path / HOST_FILE).read_text()
    for former, another in change.items():
        assert former in text
        text = text.replace(former, another)
    (tmp_path / HOST_FILE).write_text(text)
    with host(tmp_path) as served:
        made = served.create(inputs("blue"))
        served.cancel()
        outputs = served.begin_update(made, inputs("green")).result()
        assert outputs.properties["live_color"] == "green", "as without it: nothing is cancelled"


def test_outside_a_host_nothing_is_found_and_nothing_is_changed():
    assert "no frame of pulumi/dynamic/__main__.py" in dynamic_host._host()[1]
