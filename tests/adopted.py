"""How many of the generated objects of others were adopted, by router: printed at the end of a run."""

from __future__ import annotations

import pytest

PROPERTY = "adopted"


class Adopted:
    """Prints what tests have recorded under ``adopted``, in the process that leads the run."""

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print them."""
        reports = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]
        shares = {
            report.nodeid.rpartition("/")[2]: value
            for report in reports
            for name, value in getattr(report, "user_properties", ())
            if name == PROPERTY
        }
        if shares:
            terminalreporter.section("generated objects that were adopted")
            for name, share in sorted(shares.items()):
                terminalreporter.line(f"{share}: {name}")
