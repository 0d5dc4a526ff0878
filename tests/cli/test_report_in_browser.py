"""The report in a real browser, which has no network: the page is whole, drawn, and no error is in its console."""

from __future__ import annotations

import subprocess

import pytest

from bluegreen.cli import report, stack, view
from bluegreen.rollout.errors import SwapFailed
from dev import browser
from tests.swap.bench import Swap


@pytest.fixture
def chromium(tmp_path):
    try:
        words = browser.command()
    except browser.NoBrowser as missing:
        pytest.skip(f"the report is not read in a browser here: {missing}")
    return [*words, f"--user-data-dir={tmp_path}/profile", "--enable-logging=stderr", "--virtual-time-budget=2000"]


def test_a_browser_draws_every_swap_of_a_report_and_complains_of_nothing(chromium, tmp_path):
    swap = Swap("report")
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    swap.here.broken.clear()
    swap.up("green", retry="mended", releases={"blue": "v1", "green": "<script>alert(1)</script>"})
    page = tmp_path / "report.html"
    page.write_text(report.html(view.described(stack.Found("web", swap.outputs))), "utf-8")
    picture = tmp_path / "report.png"
    drawn = subprocess.run(
        [*chromium, f"--screenshot={picture}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert drawn.returncode == 0, drawn.stderr
    assert drawn.stdout.count("<article") == len(swap.outputs["history"]) == 3
    assert drawn.stdout.count("<svg") >= 2
    assert "<script" not in drawn.stdout
    assert "3 of 3 healthy" in drawn.stdout
    assert "CONSOLE" not in drawn.stderr
    assert picture.stat().st_size > 10_000
