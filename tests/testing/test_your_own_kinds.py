"""The page about kinds of one's own: its package is installed as it stands there, and its contract tests pass."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bluegreen
from bluegreen.testing import capacities, gates, metrics, notifications, routers

ROOT = Path(bluegreen.__file__).parents[2]
PAGE = ROOT / "docs" / "your-own-kinds.md"
FILES = dict(re.findall(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE))

ENTRY_POINTS = re.compile(r'^\[project\.entry-points\."([\w.]+)"\]\n((?:\w+ = .*\n?)+)', re.MULTILINE)


@pytest.fixture
def package(tmp_path):
    """The package of the page, as pip installs it."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    about = tmp_path / "shop_rollouts-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-rollouts\nVersion: 1.0\n")
    lines = [f"[{group}]\n{entries}" for group, entries in ENTRY_POINTS.findall(FILES["pyproject.toml"])]
    (about / "entry_points.txt").write_text("\n".join(lines).replace('"', ""))
    return tmp_path


def run(package, *words):
    path = os.pathsep.join([str(package), str(ROOT / "components")])
    return subprocess.run(
        [sys.executable, *words],
        cwd=package,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_pages_package_keeps_the_contract(package):
    done = run(package, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "test_contract.py")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert f"{len(gates.RULES) + len(routers.RULES)} passed" in done.stdout


def test_a_swap_goes_by_the_pages_router_and_gate(package):
    program = """
from bluegreen.rollout.clock import FakeClock
from bluegreen.swap.service import SwapService

inputs = {
    "name": "web", "active_color": "blue", "releases": {"blue": "v1", "green": "v2"},
    "router": {"kind": "proxy_file", "path": "proxy.json", "owner": "shop/prod/web"},
    "gates": [{"kind": "queue", "most": 50}],
    "strategy": {"name": "canary", "steps": [{"weight_percent": 10, "hold_seconds": 60}]},
}
service = SwapService(clock=FakeClock())
blue = {**inputs, **service.create(inputs)[1]}
green = service.update(blue, {**inputs, "active_color": "green"})
print(green["live_color"], green["weights"])
"""
    done = run(package, "-c", program)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split()[0] == "green"
    assert json.loads((package / "proxy.json").read_text())["weights"] == {"blue": 0, "green": 100}


def test_the_page_names_each_set_of_rules():
    page = PAGE.read_text()
    for module in (capacities, gates, metrics, notifications, routers):
        assert f"`{module.__name__}`" in page
        assert module.RULES
