"""The token of previews in the real engine's state: kept over updates, a secret, and none where a stack is older."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from localcloud import progress
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import pulumi as pulumi_tool
from tests.e2e import keeper, warm

REPO = Path(__file__).resolve().parents[2]
PROGRAM = """
import os
import pulumi
from bluegreen.component import previewing

# Whatever has such a type counts as one: no platform is needed for that.
pulumi.ComponentResource("x:index:TrafficSwap", "web-swap")
if "OLD" not in os.environ:
    pulumi.export("green", previewing.named("web", None).values["green"])
"""


@pytest.fixture
def engine(tmp_path):
    home = PulumiHome(tmp_path / "home")
    path = home.prepare(pulumi_tool.ensure(progress.for_terminal()))
    (tmp_path / "Pulumi.yaml").write_text("name: token\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    source = os.pathsep.join([str(REPO), str(REPO / "components")])
    env = {**os.environ, **home.env(), **warm.env(), "PYTHONPATH": source}
    env["PATH"] = os.pathsep.join([*map(str, path), os.environ["PATH"]])

    def pulumi(*words, **more):
        made = {"cwd": tmp_path, "env": {**env, **more}, "capture_output": True, "text": True}
        run = subprocess.run(["pulumi", *words], check=False, **made)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout.strip()

    pulumi("stack", "init", "test", *keeper.INIT)
    return pulumi


def green(engine):
    engine("up", "--yes", "--skip-preview")
    return engine("stack", "output", "green", "--show-secrets")


def test_a_new_stacks_token_stays_and_is_a_secret(engine):
    first = green(engine)
    assert first.startswith("green-")
    assert len(first) == len("green-") + 32
    assert green(engine) == first
    assert first.removeprefix("green-") not in engine("stack", "export")
    assert "unchanged" in engine("preview", "--diff", "--expect-no-changes")


def test_an_older_stack_keeps_its_colors_names_until_it_asks(engine):
    engine("up", "--yes", "--skip-preview", OLD="1")
    assert green(engine) == "green"
    assert green(engine) == "green"
    engine("config", "set", "bluegreen:previewToken", "1")
    token = green(engine)
    assert token.startswith("green-")
    assert green(engine) == token
