"""A service as teams have it, through the engine: green has no release first, then one that a build has made.

The emulator runs its tasks and its sidecars. It knows no Spot, no architecture, no EFS and no proxy of Service Connect:
that these reach AWS' calls is looked at in what the emulator stored. `make scenarios` plays every scenario with it.
"""

from __future__ import annotations

import pytest

from localcloud.load import Load
from tests.e2e.stack import HEALTHZ, Stack
from tests.scenarios.ecs_whole import begin, built, inside, look_at_what_runs

NO = [{"kind": "command", "command": ["false"], "phases": ["before"]}]


@pytest.fixture(scope="module")
def stack(cloud, aws_env, tmp_path_factory):
    made = Stack(cloud, tmp_path_factory.mktemp("whole"), "ecs_whole")
    made.set(begin(cloud))
    yield made
    made.destroy()


def test_a_release_that_a_build_made_is_refused_promoted_and_rolled_back(stack, cloud):
    """One test: its parts are the life of one stack."""
    stack.up(activeColor="blue", gates=HEALTHZ)
    assert stack.colors(20) == {"blue"}
    look_at_what_runs(stack, built_green=False)
    release = built(cloud, "whole-by-a-build")
    with Load(stack.url, rate_per_second=25) as load:
        said = stack.up_fails(activeColor="green", greenTaskDefinition=release, gates=NO)
        assert "traffic was not moved" in said
        assert inside(stack) == {"blue": 100}
        stack.up(gates=HEALTHZ, retry="1")
        assert inside(stack) == {"green": 100}
        assert stack.colors(20) == {"green"}
        look_at_what_runs(stack)
        stack.up(activeColor="blue")
        assert stack.outcome() == "rolled_back"
        assert inside(stack) == {"blue": 100}
        assert stack.colors(20) == {"blue"}
    assert load.result.failed == 0, load.result.errors
