"""The seconds of a run are printed by group, whichever worker ran the test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.seconds import Seconds, cpu_seconds, group_of, machine_seconds

REPO = Path(__file__).resolve().parent.parent
CONFTEST = """
from tests.seconds import Seconds

def pytest_configure(config):
    config.pluginmanager.register(Seconds())
"""


def run(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *words]
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_each_group_is_printed_with_its_tests(tmp_path, workers):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for group, tests in (("one", 2), ("two", 1)):
        (tmp_path / "tests" / group).mkdir(parents=True)
        text = "".join(f"def test_{number}():\n    pass\n" for number in range(tests))
        (tmp_path / "tests" / group / f"test_{group}.py").write_text(text)
    printed = run(tmp_path, "-n", workers)
    assert re.search(r" s  one \(2\)\n", printed), printed
    assert re.search(r" s  two \(1\)\n", printed), printed
    assert re.search(r" s  together\n", printed), printed
    assert re.search(r" s  of CPU, ", printed), printed
    assert re.search(r" s  of CPU on the whole machine, \d+% of what it has\n", printed), printed


class Terminal(list):
    """What is printed, line by line."""

    section = line = list.append


def own_seconds():
    return sum(os.times()[:2])


def test_the_cpu_of_all_workers_is_added_up_and_counts_once():
    """Those that have ended are among the processes that were waited for as well."""
    seconds, terminal = Seconds(), Terminal()
    for group in ("one", "two"):
        seconds.pytest_runtest_logreport(SimpleNamespace(nodeid=f"tests/{group}/test_it.py", duration=1.0, when="call"))
    for told in ({"cpu_seconds": 4000.0}, {"cpu_seconds": 5000.0}, {}):  # the last one was killed
        seconds.pytest_testnodedown(SimpleNamespace(workeroutput=told))
    least = own_seconds() + 9000
    seconds.pytest_terminal_summary(terminal)
    assert cpu_seconds() - own_seconds() < 9000, "what this process has waited for"
    assert least - 0.1 < float(terminal[-2].partition(" s ")[0]) < own_seconds() + 9000.1


def test_of_the_machine_it_is_told_how_long_its_processors_worked():
    worked, there = machine_seconds()
    assert 0 < worked <= there
    assert there > cpu_seconds()


def test_of_one_group_nothing_is_printed(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    assert "together" not in run(tmp_path, "-n", "0")


def test_a_group_is_the_folder_below_tests():
    assert group_of("tests/swap/members/test_leases.py::test_one[a/b]") == "swap"
    assert group_of("tests/test_project.py::test_one") == "tests"
