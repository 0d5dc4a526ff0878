"""Kinds of this package and of others'."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from bluegreen import registry
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.registry import GATES

QUEUE = """
    from bluegreen.rollout.ports import UNDER_TRAFFIC
    from bluegreen.options.declared import Options, declared, option
    from bluegreen.options.kinds import Number
    from bluegreen.rollout.model import Decision, Verdict


    @declared
    class QueueGate(Options):
        most: int = option("the longest queue that passes", Number(1, 10_000, whole=True), default=100)
        label = "queue length"
        needs_preview = False
        phases = UNDER_TRAFFIC
        offline = False

        def evaluate(self, context):
            return Verdict(Decision.PASS, "3", f"at most {self.most}")
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a gate of its own, as pip would have installed it."""
    (tmp_path / "my_queue.py").write_text(textwrap.dedent(QUEUE))
    about = tmp_path / "my_queue-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-queue\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[bluegreen.gates]\nqueue = my_queue:QueueGate\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry.installed.cache_clear()
    yield tmp_path
    registry.installed.cache_clear()
    sys.modules.pop("my_queue", None)


def test_a_gate_of_another_package_is_checked_and_made(package):
    fields = Fields({"kind": "queue", "most": 50}, "gates[0]")
    parsed = GATES.parse(fields)
    assert not fields.problems
    assert GATES.build(parsed).most == 50
    assert "queue" in GATES


def test_its_options_are_refused_as_any_other_gates(package):
    fields = Fields({"kind": "queue", "most": 0, "least": 1}, "gates[0]")
    assert GATES.parse(fields) is None
    assert [problem.field for problem in fields.problems] == ["gates[0].most", "gates[0].least"]


def test_a_kind_that_nobody_has_is_refused_with_all_that_there_are(package):
    fields = Fields({"kind": "que"}, "gates[0]")
    assert GATES.parse(fields) is None
    assert "queue" in str(fields.problems[0])
    assert "webhook" in str(fields.problems[0])


@pytest.mark.parametrize("kind", [None, UNKNOWN, 5, ["http"], {"a": 1}, "", "http", "http2"])
def test_whatever_stands_there_is_taken_or_refused(kind):
    fields = Fields({"kind": kind, "path": "/"}, "gates[0]")
    assert (GATES.parse(fields) is not None) == (kind == "http")


def test_other_packages_are_not_looked_for_where_a_kind_is_of_this_one():
    code = (
        "from importlib import metadata\n"
        "from bluegreen.fields import Fields\n"
        "from bluegreen.gates.registry import GATES\n"
        "metadata.entry_points = None\n"
        "assert GATES.parse(Fields({'kind': 'http', 'path': '/'}))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
