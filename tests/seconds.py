"""Where the seconds of a run go: at its end each group of tests is printed with those of its tests, the longest first.

A group is a folder below tests/. Workers go side by side, so that the sum is longer than the run; the seconds of CPU
are the same on a busy machine. What runs by itself (the emulator, the node, containers) is in those of the machine
alone, with whatever else ran on it.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

STAT = Path("/proc/stat")


def group_of(nodeid: str) -> str:
    """The folder of a test: ``swap`` for ``tests/swap/members/test_leases.py::test_one``."""
    _, *below = nodeid.partition("::")[0].split("/")
    return below[0] if len(below) > 1 else "tests"


def cpu_seconds() -> float:
    """The CPU that this process and those that it has waited for have had."""
    return sum(os.times()[:4])


def machine_seconds() -> tuple[float, float]:
    """Of all the machine's processors, since it was started: how long they have worked, and how long there were any."""
    user, nice, system, idle, waiting, *rest = map(int, STAT.read_text().split("\n", 1)[0].split()[1:9])
    worked = user + nice + system + sum(rest)
    ticks = os.sysconf("SC_CLK_TCK")
    return worked / ticks, (worked + idle + waiting) / ticks


class Seconds:
    """Adds them up; setting up and tearing down are a test's, too."""

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()
        self._tests: Counter[str] = Counter()
        self._cpu_of_workers = 0.0
        self._machine = machine_seconds()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker tells the process that leads."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["cpu_seconds"] = cpu_seconds()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add a worker's, as far as it came to its end."""
        self._cpu_of_workers += getattr(node, "workeroutput", {}).get("cpu_seconds", 0.0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test; the process that leads the run has those of all workers."""
        group = group_of(report.nodeid)
        self._seconds[group] += report.duration
        self._tests[group] += report.when == "call"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print them."""
        if len(self._seconds) < 2:
            return
        terminalreporter.section("seconds by group of tests")
        for group, seconds in self._seconds.most_common():
            terminalreporter.line(f"{seconds:8.1f} s  {group} ({self._tests[group]})")
        terminalreporter.line(f"{sum(self._seconds.values()):8.1f} s  together")
        # Workers are waited for, too: what they tell is in that of those that have ended already.
        own, children = sum(os.times()[:2]), sum(os.times()[2:4])
        cpu = own + max(children, self._cpu_of_workers)
        terminalreporter.line(f"{cpu:8.1f} s  of CPU, with the processes that they waited for")
        worked, there = (now - then for now, then in zip(machine_seconds(), self._machine, strict=True))
        terminalreporter.line(
            f"{worked:8.1f} s  of CPU on the whole machine, {worked / (there or 1):.0%} of what it has"
        )
