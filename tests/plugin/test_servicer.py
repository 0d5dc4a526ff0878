"""The engine's calls to the plugin, over gRPC, with swaps in memory."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from bluegreen.adapters.plugin import host, sdk
from bluegreen.adapters.plugin.schema import schema_text
from bluegreen.adapters.plugin.servicer import with_errors_reported
from bluegreen.adapters.plugin.values import message, received
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.errors import BluegreenError
from localcloud.processes import Daemon
from tests.plugin.served import LIMIT_SECONDS, URN, Plugin, failure, pb, plugin

SWAPS = 64
ALL_GREEN, ALL_BLUE = {"blue": 0, "green": 100}, {"blue": 100, "green": 0}


def inputs(name: str, color: str, **more: object) -> dict[str, object]:
    return {
        "name": name,
        "active_color": color,
        "releases": {"blue": "v1", "green": "v2"},
        "router": {"kind": "memory", "name": name},
        "capacity": {"kind": "memory", "name": name, "desired_count": 1},
        **more,
    }


def held(name: str, seconds: float) -> dict[str, object]:
    """A promotion that stays at a half for a while."""
    return inputs(name, "green", strategy={"steps": [{"weight_percent": 50, "hold_seconds": seconds}]})


@pytest.fixture(scope="module")
def served() -> Iterator[Plugin]:
    with plugin() as made:
        yield made


def test_the_schema_is_the_one_that_is_checked_in(served):
    assert served.stub.GetSchema(pb.GetSchemaRequest()).schema == schema_text()
    assert "bluegreen:index:TrafficSwap" in json.loads(schema_text())["resources"]


def test_the_declared_weights_become_an_input(served):
    answer = served.check("weights", inputs("weights", "green"))
    assert not answer.failures
    assert received(answer.inputs).values["weights"] == ALL_GREEN


def test_what_is_wrong_is_refused_by_name(served):
    answer = served.check("wrong", inputs("wrong", "red", bake_seconds=-1))
    assert {failed.property for failed in answer.failures} == {"active_color", "bake_seconds"}
    assert "blue, green" in answer.failures[0].reason


def test_a_preview_knows_the_outputs_and_writes_nothing(served):
    made = served.create("preview", inputs("preview", "blue", releases=UNKNOWN), preview=True)
    values = received(made.properties).values
    assert (values["live_color"], values["weights"], made.id) == ("blue", ALL_BLUE, "")
    assert values["history"] is UNKNOWN
    served.create("preview", inputs("preview", "blue"))
    expected = served.update("preview", inputs("preview", "green"), preview=True).values
    assert (expected["live_color"], expected["weights"]) == ("green", ALL_GREEN)
    assert served.diff("preview", inputs("preview", "blue")).changes == pb.DiffResponse.DIFF_NONE


def test_a_difference_names_its_properties(served):
    served.create("diff", inputs("diff", "blue"))
    checked = received(served.check("diff", inputs("diff", "green", bake_seconds=1)).inputs).values
    found = served.diff("diff", checked)
    assert set(found.detailedDiff) == {"active_color", "bake_seconds", "weights.blue", "weights.green"}
    assert not found.replaces
    moved = inputs("diff", "blue", router={"kind": "memory", "name": "elsewhere"})
    assert list(served.diff("diff", moved).replaces) == ["router"]


def test_what_came_as_a_secret_goes_back_as_one(served):
    hidden = frozenset({("releases", "blue")})
    news = inputs("secret", "blue")
    request = pb.CreateRequest(urn=URN.format("secret"), properties=message(news, hidden))
    speak_of_it = {("previous",), ("history",), ("held",), ("live_release_change",)}
    assert received(served.stub.Create(request).properties).secrets == hidden | speak_of_it
    checked = served.stub.Check(pb.CheckRequest(urn=URN.format("secret"), news=message(news, hidden)))
    assert received(checked.inputs).secrets == hidden | speak_of_it


def test_a_swap_that_fails_says_what_is_true_now(served):
    served.create("failing", inputs("failing", "blue"))
    bad = [{"kind": "command", "command": ["false"], "phases": ["bake"]}]
    with pytest.raises(grpc.RpcError) as caught:
        served.update("failing", inputs("failing", "green", gates=bad, bake_seconds=5))
    details = failure(caught.value)
    now = received(details.properties).values
    assert now["weights"] == ALL_BLUE
    assert now["live_color"] == now["active_color"] == "blue", "the inputs are those of the last update that finished"
    assert [entry["outcome"] for entry in now["history"]] == ["restored", "started"]
    assert "gate command false failed" in details.reasons[0]
    assert "Traceback" not in caught.value.details()
    assert details.refresh_before_update


def test_another_resource_is_refused_by_name(served):
    urn = "urn:pulumi:test::project::bluegreen:index:Nothing::web"
    with pytest.raises(grpc.RpcError, match="has no resource bluegreen:index:Nothing"):
        served.stub.Check(pb.CheckRequest(urn=urn))


def test_an_import_is_refused_with_what_to_do(served):
    with pytest.raises(grpc.RpcError, match="declare it"):
        served.stub.Read(pb.ReadRequest(id="web", urn=URN.format("web")))


def test_many_swaps_go_side_by_side_and_a_cancellation_restores_all_of_them():
    """All are in their hold at once: if they took turns, the last would not have begun when the first is over."""
    names = [f"swap-{number}" for number in range(SWAPS)]
    with plugin() as own, ThreadPoolExecutor(SWAPS) as pool:
        list(pool.map(lambda name: own.create(name, inputs(name, "blue")), names))
        own.engine.told.clear()
        updates = [pool.submit(own.update, name, held(name, 600)) for name in names]
        own.engine.wait_for("blue 50 %, green 50 %", SWAPS)
        own.cancel()
        for update in updates:
            error = update.exception(LIMIT_SECONDS)
            assert isinstance(error, grpc.RpcError)
            now = received(failure(error).properties).values
            assert now["weights"] == ALL_BLUE
            assert now["history"][0]["outcome"] == "aborted"
            assert "Next: run `pulumi up` again" in error.details()
        own.outputs["late"] = own.outputs[names[0]]
        with pytest.raises(grpc.RpcError, match="cancelled before this swap began"):
            own.update("late", inputs("late", "green"))


@pytest.mark.parametrize("end", ["sys.exit('usage: flags.py')", "raise KeyboardInterrupt", "raise GeneratorExit"])
def test_a_gate_that_ends_the_process_ends_nobody_elses_swap(tmp_path, monkeypatch, end):
    """A flag provider's module that is a script, such as one that wants arguments."""
    (tmp_path / "ends_all.py").write_text(f"import sys\n{end}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    exits = {"kind": "feature_flag", "flag": "f", "provider": "ends_all:make", "consecutive_error_limit": 0}
    with plugin() as own, ThreadPoolExecutor(1) as pool:
        for name in ("other", "exits"):
            own.create(name, inputs(name, "blue"))
        other = pool.submit(own.update, "other", held("other", 600))
        own.engine.wait_for("blue 50 %, green 50 %")
        with pytest.raises(grpc.RpcError) as caught:
            own.update("exits", inputs("exits", "green", gates=[exits]))
        assert "the provider ends_all:make cannot be made: " in caught.value.details()
        assert received(failure(caught.value).properties).values["weights"] == ALL_BLUE
        assert own.process.poll() is None
        own.cancel()
        error = other.exception(LIMIT_SECONDS)
        assert isinstance(error, grpc.RpcError)
        assert received(failure(error).properties).values["weights"] == ALL_BLUE


def test_a_fault_in_a_swap_is_an_error_of_its_own_call():
    for error in (SystemExit(3), KeyError("weights"), MemoryError()):

        def work(error=error):
            raise error

        with pytest.raises(BluegreenError, match=rf"{type(error).__name__}.*test_servicer.py:\d+") as caught:
            with_errors_reported(work)
        assert "Next: run `pulumi up` again" in str(caught.value)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_engine_s_end_restores_what_runs_and_ends_the_process(number):
    with plugin() as own, ThreadPoolExecutor(1) as pool:
        own.create("ended", inputs("ended", "blue"))
        update = pool.submit(own.update, "ended", held("ended", 600))
        own.engine.wait_for("blue 50 %, green 50 %")
        own.process.send_signal(number)
        error = update.exception(LIMIT_SECONDS)
        assert isinstance(error, grpc.RpcError)
        assert received(failure(error).properties).values["weights"] == ALL_BLUE
        assert own.process.wait(LIMIT_SECONDS) == 0


def test_an_engine_that_is_gone_ends_the_plugin():
    """As when the engine is killed: nobody is left who could end it."""
    script = (
        "import subprocess, sys\n"
        "command = [sys.executable, '-m', 'bluegreen.adapters.plugin', '127.0.0.1:1']\n"
        "made = subprocess.Popen(command, stdout=subprocess.PIPE)\n"
        "made.stdout.readline()\n"
        "print(made.pid, flush=True)\n"
    )
    pid = int(subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True).stdout)
    deadline = time.monotonic() + LIMIT_SECONDS
    while Daemon.of(pid).alive():
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.1)


def test_an_older_python_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(host, "LEAST_PYTHON", (99, 1))
    with pytest.raises(SystemExit) as ended:
        host.main(["127.0.0.1:1"])
    assert ended.value.code == 1
    assert "needs Python 99.1 or newer, and this is 3." in capsys.readouterr().err


def test_the_sdk_is_one_that_it_was_tested_with():
    assert importlib.metadata.version("pulumi") in sdk.TESTED_VERSIONS
