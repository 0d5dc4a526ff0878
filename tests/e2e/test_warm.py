"""The warm Python of these tests is to a program what a Python of its own is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.e2e import warm

TELLING = """\
import os, sys
print(sys.argv, os.getcwd(), os.environ["WISH"], sys.stdin.read(), __name__, sys.path[0], sys.executable)
print("on the other stream", file=sys.stderr)
"""
WAITING = """\
import time
try:
    print("here", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    raise SystemExit(3)
"""


def run(python: str, *words: str, folder: Path) -> tuple[int, str, str]:
    env = {**os.environ, "WISH": "granted"}
    command = [python, "-u", *words]
    done = subprocess.run(command, cwd=folder, env=env, input="typed", capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("ending", ["", "sys.exit(7)", "sys.exit('in words')", "raise ValueError('a defect')"])
def test_a_program_is_told_the_same_and_ends_alike(tmp_path, ending):
    (tmp_path / "program.py").write_text(TELLING + ending)
    for words in (["program.py", "one", "two words"], ["-m", "program", "one"]):
        cold = run(sys.executable, *words, folder=tmp_path)
        status, said, complaints = run(warm.python(), *words, folder=tmp_path)
        assert (status, said) == cold[:2]
        assert complaints.splitlines()[0] == "on the other stream"
        assert complaints.splitlines()[-1] == cold[2].splitlines()[-1]


def test_a_customization_of_the_site_on_its_path_comes_before_the_program(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.custom = 'made'")
    (tmp_path / "program.py").write_text("import sys; print(sys.custom)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for python in (sys.executable, warm.python()):
        assert run(python, "program.py", folder=tmp_path) == (0, "made\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_reaches_the_program_and_none_survives_who_stands_for_it(tmp_path, number):
    (tmp_path / "program.py").write_text(WAITING)
    with subprocess.Popen([warm.python(), "-u", "program.py"], cwd=tmp_path, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"here\n"
        deadline = time.monotonic() + 60
        while (found := warm.twin_of(client.pid)) is None:
            assert time.monotonic() < deadline
        twin = psutil.Process(found)
        client.send_signal(number)
        assert client.wait(timeout=60) == (3 if number == signal.SIGINT else -number)
        twin.wait(timeout=60)
    while warm.twin_of(client.pid) is not None:
        assert time.monotonic() < deadline
