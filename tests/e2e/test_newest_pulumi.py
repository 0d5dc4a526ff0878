"""The newest Pulumi, SDK and CLI, on the memory platform; every other test runs with the oldest that is allowed."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.matrix.engine import ADAPTERS
from localcloud import progress
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import newest_sdk
from localcloud.tools import pulumi as cli
from tests.e2e.playground import Playground
from tests.scenarios.adapters import CHOSEN

BLUE, GREEN = {"blue": 100, "green": 0}, {"blue": 0, "green": 100}


def engine(version: str) -> Path:
    """The CLI of a version. The newest is got by nobody who does not ask for it."""
    if version == cli.VERSION:
        return cli.ensure(progress.for_terminal())
    found = cli.newest()
    if found is None:
        pytest.skip(f"Pulumi {cli.NEWEST} is not there: `python -m localcloud bootstrap newest-pulumi` gets it")
    return found


EVERY = tuple(itertools.product((cli.VERSION, cli.NEWEST), ADAPTERS))
# The SDK has the host of dynamic providers, whatever the engine; each is there in `make test`, all in `make scenarios`.
RUN = EVERY if CHOSEN == "full" else ((cli.VERSION, "dynamic"), (cli.NEWEST, "native"))


@pytest.fixture(params=RUN, ids=": ".join)
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Playground]:
    version, adapter = request.param
    home = PulumiHome(tmp_path / "home")
    home.prepare(engine(version))
    sdk = newest_sdk.ensure(progress.for_terminal())
    (tmp_path / "stack").mkdir()
    made = Playground(home, tmp_path / "stack", adapter, sdk)
    asked = "import importlib.metadata as m, pulumi; print(m.version('pulumi'), pulumi.__file__)"
    said = subprocess.run([sys.executable, "-c", asked], env=made.env, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [newest_sdk.VERSION, f"{sdk}/pulumi/__init__.py"]
    yield made
    made.pulumi("destroy", "--yes", "--skip-preview")


def test_a_swap_is_promoted_refused_healed_and_rolled_back(stack: Playground) -> None:
    stack.up("green")
    with stack.world() as world:
        assert world["weights"] == GREEN
        world["weights"] = dict(BLUE)
    assert "drift: the live weights are" in stack.pulumi("preview", "--diff")
    stack.up("green")
    with stack.world() as world:
        assert world["weights"] == GREEN
    stack.gate.write_text("exit 1")
    said = stack.up_fails("blue", releases={"blue": "v3", "green": "v2"})
    assert "gate command sh" in said
    assert "Traceback" not in said
    with stack.world() as world:
        assert world["weights"] == GREEN
    stack.gate.write_text("exit 0")
    stack.up("green", releases={"blue": "v3", "green": "v2"})
    stack.up("blue", releases={"blue": "v3", "green": "v2"}, retry="again")
    with stack.world() as world:
        assert world["weights"] == BLUE
    assert stack.outputs["live_color"] == "blue"
