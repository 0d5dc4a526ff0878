"""Tests through the real engine, node or emulator may run once more by themselves; each time is printed and counted.

A busy machine fails one of thousands now and then. No other test runs again, and more than five reruns fail the run:
what needs them often is to be mended. The second try finds nothing that the first one has left: the stacks, services
and namespaces that tests of a file or of all files share are made anew for it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest

_log = logging.getLogger(__name__)
MESSAGE_CHARACTERS = 2000
LIMIT = 5
REAL_FIXTURES = {"cloud", "node"}
KEPT_FIXTURES = {*REAL_FIXTURES, "aws_env"}
"""What stays for a second try: names in it are new each time."""
REAL_FILES = ("e2e/", "scenarios/", "localcloud/", "examples/", "matrix/", "plugin/test_packaging.py")
"""Below tests/: what starts engines, nodes and emulators by itself."""


def may_run_again(fixtures: Sequence[str], path: str) -> bool:
    """Whether a test goes through the real engine, node or emulator.

    Args:
        fixtures: the names of all that it uses.
        path: its file, below tests/.
    """
    return bool(REAL_FIXTURES.intersection(fixtures)) or path.startswith(REAL_FILES)


NEEDS_TOOLS = (
    *("schema/test_differential", "schema/test_history_on_servers.py"),
    *("kubernetes/test_others_chart.py", "kubernetes/test_reading_as_kubectl.py"),
)
"""Below tests/: what runs databases and programs that `make setup` installs, and is the same each time."""
TOOL_FIXTURES = {"prometheus_url", "pulumi_bin"}
"""What else it installs."""


def needs_tools(fixtures: Sequence[str], path: str) -> bool:
    """Whether a test needs anything that `make setup` builds or installs beside the Python environment.

    Args:
        fixtures: the names of all that it uses.
        path: its file, below tests/.
    """
    return may_run_again(fixtures, path) or path.startswith(NEEDS_TOOLS) or bool(TOOL_FIXTURES.intersection(fixtures))


def begins_anew(scope: str, name: str, made_of: Collection[str]) -> bool:
    """Whether a second try of a test gets another one of what it shares with other tests.

    Args:
        scope: pytest's, of the fixture.
        name: the fixture's.
        made_of: the names of the fixtures that it uses itself.
    """
    if scope == "session":
        return name not in KEPT_FIXTURES and not KEPT_FIXTURES.isdisjoint(made_of)
    return scope != "function"


class Reruns:
    """Marks the tests that may, and ends the run with an error where too many did.

    Args:
        tests: the folder that their paths are taken from.
    """

    def __init__(self, tests: Path) -> None:
        self._tests = tests
        self._shared: dict[Any, Any] = {}
        self._item: pytest.Item | None = None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Mark them; none may where two plugins are compared."""
        compared = bool(os.environ.get("BLUEGREEN_KUBERNETES_PLUGIN"))
        paths = {path: path.relative_to(self._tests).as_posix() for path in {item.path for item in items}}
        for item in items:
            path = paths[item.path]
            fixtures = getattr(item, "fixturenames", ())
            real = may_run_again(fixtures, path) or item.get_closest_marker("tools") is not None
            if real and not compared:
                item.add_marker(pytest.mark.flaky(reruns=1))
            if needs_tools(fixtures, path):
                item.add_marker(pytest.mark.tools)

    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> None:
        """Remember what tests share; the values are what pytest ends it with.

        A fixture that is requested by name alone, while a test runs already, is in no list of those that it uses.
        """
        if fixturedef.argname in REAL_FIXTURES and self._item is not None:
            marked = self._item.get_closest_marker("tools") is not None
            assert marked, f"{self._item.name} uses the {fixturedef.argname}: mark it with `pytest.mark.tools`"
        if begins_anew(fixturedef.scope, fixturedef.argname, fixturedef.argnames):
            self._shared[fixturedef] = request

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """End what the first try may have left halfway, the newest first.

        What cannot be removed any more, since its platform is as the failure left it, stops no one.
        """
        self._item = item
        while getattr(item, "execution_count", 1) > 1 and self._shared:
            fixture, request = self._shared.popitem()
            try:
                fixture.finish(request)  # those that were made of it go first; one that has gone already stays so
            except Exception:  # noqa: BLE001
                _log.warning("%s of the first try could not be removed", fixture.argname, exc_info=True)

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
