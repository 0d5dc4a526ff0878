"""Tests through the real engine, node or emulator may run once more by themselves; each time is printed and counted.

A busy machine fails one of thousands now and then. No other test runs again, and more than five reruns fail the run:
what needs them often is to be mended.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

MESSAGE_CHARACTERS = 2000
LIMIT = 5
REAL_FIXTURES = {"cloud", "node"}
REAL_FILES = ("e2e/", "scenarios/", "localcloud/", "examples/", "matrix/", "plugin/test_packaging.py")
"""Below tests/: what starts engines, nodes and emulators by itself."""


def may_run_again(fixtures: Sequence[str], path: str) -> bool:
    """Whether a test goes through the real engine, node or emulator.

    Args:
        fixtures: the names of all that it uses.
        path: its file, below tests/.
    """
    return bool(REAL_FIXTURES.intersection(fixtures)) or path.startswith(REAL_FILES)


NEEDS_TOOLS = ("schema/test_differential",)
"""Below tests/: what runs servers of another kind, which `make setup` installs."""


def needs_tools(fixtures: Sequence[str], path: str) -> bool:
    """Whether a test needs anything that `make setup` builds or installs beside the Python environment.

    Args:
        fixtures: the names of all that it uses.
        path: its file, below tests/.
    """
    return may_run_again(fixtures, path) or path.startswith(NEEDS_TOOLS)


class Reruns:
    """Marks the tests that may, and ends the run with an error where too many did.

    Args:
        tests: the folder that their paths are taken from.
    """

    def __init__(self, tests: Path) -> None:
        self._tests = tests

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Mark them; none where two plugins are compared."""
        if os.environ.get("BLUEGREEN_KUBERNETES_PLUGIN"):
            return
        for item in items:
            path = item.path.relative_to(self._tests).as_posix()
            fixtures = getattr(item, "fixturenames", ())
            if may_run_again(fixtures, path):
                item.add_marker(pytest.mark.flaky(reruns=1))
            if needs_tools(fixtures, path):
                item.add_marker(pytest.mark.tools)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print them; this is in the process that leads the run, which has the reports of all workers."""
        again = terminalreporter.stats.get("rerun", [])
        if not again:
            return
        terminalreporter.section("tests that ran once more")
        for report in again:
            terminalreporter.line(report.nodeid)
            crash = getattr(report.longrepr, "reprcrash", None)
            if crash is not None:  # why it failed the first time: a test that needs this twice is mended
                terminalreporter.line(f"  {crash.message[:MESSAGE_CHARACTERS]}")
        terminalreporter.line(f"{len(again)} ran once more; more than {LIMIT} fail the run")
        session = terminalreporter._session
        if len(again) > LIMIT and session is not None and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
