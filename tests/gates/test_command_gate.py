"""The command gate with real processes."""

from __future__ import annotations

import json
import os
import sys
import time

import pytest

from bluegreen import gates
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.registry import GATES
from bluegreen.gates.texts import last_line, shortened
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase
from bluegreen.rollout.ports import THROUGHOUT, GateContext, Preview
from localcloud.processes import Daemon

SECRET = "hunter2-correct-horse"


def parse(inputs):
    fields = Fields(inputs, "gates[0]")
    return GATES.parse(fields), fields.problems


def python(program, **options):
    parsed, problems = parse(gates.command([sys.executable, "-c", program], **options))
    assert parsed is not None, problems
    return GATES.build(parsed)


def context(preview=None):
    return GateContext(
        "green",
        preview,
        service="web",
        releases={"blue": "app:v1", "green": "app:v2"},
        phase=Phase.HOLD,
        weight_percent=10,
    )


@pytest.mark.parametrize(
    ("program", "decision", "says"),
    [
        ("print('all well')", Decision.PASS, "exit status 0"),
        ("print('wait'); exit(75)", Decision.PENDING, "exit status 75 against exit status 0; wait"),
        (
            "print('first'); print('p99 is 900 ms'); print(); exit(3)",
            Decision.FAIL,
            "exit status 3 against exit status 0; p99",
        ),
        ("import sys; sys.exit('to stderr')", Decision.FAIL, "to stderr"),
        ("exit(3)", Decision.FAIL, "exit status 3 against exit status 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", Decision.FAIL, "killed by signal 15"),
    ],
)
def test_the_exit_status_decides(program, decision, says):
    verdict = python(program).evaluate(context())
    assert verdict.decision is decision
    assert says in str(verdict)


def test_what_the_program_is_told(tmp_path):
    program = f"import json, os; json.dump(dict(os.environ), open({str(tmp_path / 'told')!r}, 'w'))"
    preview = Preview("http://127.0.0.1:8080", {"X-Bluegreen-Color": "green"})
    assert python(program).evaluate(context(preview)).decision is Decision.PASS
    told = json.loads((tmp_path / "told").read_text())
    assert json.loads(told.pop("BLUEGREEN_PREVIEW_HEADERS")) == {"X-Bluegreen-Color": "green"}
    assert {key: value for key, value in told.items() if key.startswith("BLUEGREEN_")} == {
        "BLUEGREEN_COLOR": "green",
        "BLUEGREEN_OTHER_COLOR": "blue",
        "BLUEGREEN_PHASE": "hold",
        "BLUEGREEN_WEIGHT_PERCENT": "10",
        "BLUEGREEN_RELEASE": "app:v2",
        "BLUEGREEN_SERVICE": "web",
        "BLUEGREEN_PREVIEW_URL": "http://127.0.0.1:8080",
    }
    assert told["PATH"] == os.environ["PATH"]


def test_it_runs_in_its_directory(tmp_path):
    (tmp_path / "here").touch()
    assert python("open('here')", directory=str(tmp_path)).evaluate(context()).decision is Decision.PASS


def test_there_is_no_shell():
    parsed, _ = parse(gates.command(["echo", "a; exit 1", "$HOME", "|", "false"]))
    assert GATES.build(parsed).evaluate(context()).decision is Decision.PASS


def test_a_program_that_does_not_end_is_killed_with_all_that_it_started(tmp_path):
    started = tmp_path / "child"
    parsed, _ = parse(gates.command(["sh", "-c", f"sleep 600 & echo $! > {started}; wait"], run_timeout_seconds=5))
    with pytest.raises(GateUnavailable, match="no end in 5 s"):
        GATES.build(parsed).evaluate(context())
    child = int(started.read_text())
    for _ in range(500):
        if not Daemon.of(child).alive():
            return
        time.sleep(0.02)
    pytest.fail("the child is alive")


def test_what_is_left_behind_does_not_hold_it_up():
    program = "import subprocess\nprint(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)\nexit(4)"
    verdict = python(program).evaluate(context())
    left = int(verdict.reason)
    assert Daemon.of(left).alive()  # and it holds the output open
    os.kill(left, 9)
    assert verdict.value == "exit status 4"


def test_much_output_is_bounded():
    program = "import sys\nfor _ in range(2000): sys.stdout.write('x' * 10_000)\nprint(); print('the end'); exit(1)"
    assert python(program).evaluate(context()).reason == "the end"
    assert len(python("print('y' * 100_000 + 'end'); exit(1)").evaluate(context()).reason) == 200


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        (gates.command(["/no/such/program"]), "/no/such/program: No such file"),
        (gates.command(["true"], directory="/no/such/directory"), "/no/such/directory: No such file"),
        (gates.command(["/"]), "Permission denied"),
        (gates.command(["true", "a\0b"]), "null byte"),
    ],
)
def test_what_cannot_be_started_is_no_pass(inputs, says):
    with pytest.raises(GateUnavailable, match=says):
        GATES.build(parse(inputs)[0]).evaluate(context())


def test_secrets_in_the_output_are_redacted(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", SECRET)
    gate = python("import os; print('key is', os.environ['SOME_API_KEY']); exit(1)")
    assert gate.evaluate(context()).reason == "key is ***"
    gate = python("import os; print('z' * 300, os.environ['SOME_API_KEY'] + 'z' * 190); exit(1)")
    assert SECRET[-9:] not in gate.evaluate(context()).reason


def test_texts_of_strangers(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", SECRET)
    assert shortened("\n\x1b[31m red \x1b[0m\x07\nmore") == "red"
    assert shortened(f"a{SECRET[:5]}\x1b[0m{SECRET[5:]}") == "a***"
    assert last_line("a\nb\n\n") == "b"
    assert shortened("") == last_line(" \n") == ""
    assert shortened("x" * 300) == "x" * 199 + "…"
    assert last_line("x" * 300) == "…" + "x" * 199


@pytest.mark.parametrize(
    ("inputs", "wrong"),
    [
        ({"kind": "command"}, "gates[0].command"),
        ({"kind": "command", "command": []}, "gates[0].command"),
        ({"kind": "command", "command": "echo a"}, "gates[0].command"),
        ({"kind": "command", "command": ["echo", 1]}, "gates[0].command[1]"),
        (gates.command(["a"], run_timeout_seconds=0), "gates[0].run_timeout_seconds"),
    ],
)
def test_what_is_refused(inputs, wrong):
    parsed, problems = parse(inputs)
    assert parsed is None
    assert [problem.field for problem in problems] == [wrong]


def test_its_name_and_phases():
    gate = GATES.build(parse(gates.command(["pytest", "-k", "smoke and not slow"]))[0])
    assert gate.label == "command pytest -k 'smoke and not slow'"
    assert len(GATES.build(parse(gates.command(["x" * 300]))[0]).label) < 80
    assert gate.phases == THROUGHOUT
    assert not gate.offline
    assert parse({"kind": "command", "command": UNKNOWN})[1] == []
    assert parse({"kind": "command", "command": [UNKNOWN]})[1] == []
