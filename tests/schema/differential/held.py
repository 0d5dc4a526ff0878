"""The conditions that each server's cases have to meet."""

from __future__ import annotations

from localcloud.progress import Silent
from localcloud.tools import system
from tests.schema.differential.migrations import kinds
from tests.schema.differential.servers import SERVERS
from tests.schema.differential.trial import Figures, cases

CASES = 300


def figures_of(name: str) -> Figures:
    """Some hundred cases on one server of the tests' own."""
    system.ensure(tuple(system.DATABASES), Silent())
    figures = Figures()
    with SERVERS[name]() as server:
        for case in cases(server, CASES):
            figures.add(case)
        assert set(figures.kinds) == set(kinds(server.dialect))
    return figures


def hold(name: str) -> None:
    """No danger passes, and the cases are such that this says something."""
    figures = figures_of(name)
    assert not figures.dangers, "\n\n".join(str(case) for case in figures.dangers[:3])
    assert figures.passed >= 0.4 * figures.total
    assert figures.rightly > 0
    assert min(figures.kinds.values()) >= 20, figures.kinds
