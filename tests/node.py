"""One Kubernetes node for a whole test run: all workers of pytest-xdist share it, since a machine has room for one.

It is started when the first test asks for it, and ended by the process that leads the run when all workers are done.
One that is up already (`python -m localcloud up kubernetes`) is used and left up; one that a killed run left is ended.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from localcloud.errors import LocalCloudError
from localcloud.kubernetes import machine
from localcloud.kubernetes import node as nodes
from localcloud.kubernetes.node import LocalNode
from localcloud.processes import Daemon

_PREFIX = "bluegreen-test-node-"
_KEY = "bluegreen_node_state"
_LEADER = "leader.json"


def _state_of_run(config: pytest.Config) -> Path:
    """The state directory of this run's node: a worker learns it from the process that leads."""
    told = getattr(config, "workerinput", {}).get(_KEY)
    return Path(told) if told else Path(tempfile.gettempdir()) / f"{_PREFIX}{os.getpid()}"


def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the node is (a hook of pytest-xdist; its `node` is the worker)."""
    node.workerinput[_KEY] = str(_state_of_run(node.config))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """All workers are done: nobody needs the node any more."""
    state = _state_of_run(session.config)
    if not hasattr(session.config, "workerinput") and state.exists():
        nodes.down(state)
        shutil.rmtree(state, ignore_errors=True)


def _end_what_killed_runs_left() -> None:
    for state in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            leader = Daemon(**json.loads((state / _LEADER).read_text()))
        except (OSError, ValueError, TypeError):
            continue  # of a run that begins in this moment
        if not leader.alive():
            nodes.down(state)
            shutil.rmtree(state, ignore_errors=True)


def _find_or_start(config: pytest.Config) -> LocalNode:
    _end_what_killed_runs_left()
    state = _state_of_run(config)
    state.mkdir(exist_ok=True)
    leader = Daemon.of(int(state.name.removeprefix(_PREFIX)))
    (state / _LEADER).write_text(json.dumps(dataclasses.asdict(leader)))
    # A project without stacks: a test makes its own.
    return LocalNode.up(_somebody_elses() or state, project_dir=state)


def _somebody_elses() -> Path | None:
    """The state directory of a node that does not belong to a test run."""
    claim = machine.read()
    if claim is None or Path(claim.state_dir).name.startswith(_PREFIX):
        return None
    try:
        return LocalNode.current(Path(claim.state_dir)).state_dir
    except LocalCloudError:
        return None  # it is dead, and is cleaned away


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest) -> LocalNode:
    """A Kubernetes node; every test file uses a namespace of its own. `node.traefik()` and the like are shared, too."""
    try:
        return _find_or_start(request.config)
    except LocalCloudError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
