"""The oldest Pulumi that is allowed, SDK and CLI, on the memory platform; every other test runs with the newest."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bluegreen.adapters.plugin import sdk
from dev.matrix.engine import ADAPTERS
from localcloud import progress
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import oldest_sdk
from localcloud.tools import pulumi as cli
from tests.e2e.playground import Playground
from tests.scenarios.adapters import CHOSEN

BLUE, GREEN = {"blue": 100, "green": 0}, {"blue": 0, "green": 100}
OLDEST, NEWEST = sdk.TESTED_VERSIONS


def engine(version: str) -> Path:
    """The CLI of a version. The oldest is got by nobody who does not ask for it, also in CI: it is minutes to build."""
    if version == cli.VERSION:
        return cli.ensure(progress.for_terminal())
    found = cli.oldest()
    if found is None:
        pytest.skip(f"Pulumi {cli.OLDEST} is not there: `python -m localcloud bootstrap oldest-pulumi` gets it")
    return found


EVERY = tuple(itertools.product(((cli.OLDEST, OLDEST), (cli.OLDEST, NEWEST), (cli.VERSION, OLDEST)), ADAPTERS))
"""CLI and SDK, and the adapter. Both of them the newest is what all other tests have."""
# Each of the oldest is there in `make test`, all in `make scenarios`. The SDK has the host of dynamic providers: that
# one runs also where nobody has built the oldest CLI.
RUN = EVERY if CHOSEN == "full" else (((cli.VERSION, OLDEST), "dynamic"), ((cli.OLDEST, OLDEST), "native"))


@pytest.fixture(params=RUN, ids=[f"cli-{one}-sdk-{other}-{adapter}" for (one, other), adapter in RUN])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Playground]:
    (engine_version, sdk_version), adapter = request.param
    home = PulumiHome(tmp_path / "home")
    home.prepare(engine(engine_version))
    before = [oldest_sdk.ensure(progress.for_terminal())] if sdk_version == OLDEST else []
    (tmp_path / "stack").mkdir()
    made = Playground(home, tmp_path / "stack", adapter, *before, spared=False)
    asked = "import importlib.metadata as m; print(m.version('pulumi'))"
    said = subprocess.run([sys.executable, "-c", asked], env=made.env, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [sdk_version]
    if engine_version == cli.OLDEST:  # else one on PATH may be newer or older
        assert made.pulumi("version").strip() == f"v{cli.OLDEST}"
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
