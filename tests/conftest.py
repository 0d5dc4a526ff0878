"""What all tests share: one local cloud a session, started only when a test asks for it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from localcloud.cloud import LocalCloud
from tests.node import node, pytest_configure_node, pytest_sessionfinish

__all__ = ["node", "pytest_configure_node", "pytest_sessionfinish"]

REPO = Path(__file__).resolve().parent.parent

# Hundreds of processes of the tests import the same modules: that they are compiled each time is for nobody's good.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# No test is decided by time: hypothesis' own stopwatch is off.
settings.register_profile("bluegreen", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bluegreen")


_LONGEST_FIRST = ("scenarios", "matrix", "e2e", "capacity", "localcloud")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes begin first, so that at the end no worker is alone with one of them."""

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(REPO / "tests").parts[0]
        return _LONGEST_FIRST.index(folder) if folder in _LONGEST_FIRST else len(_LONGEST_FIRST)

    items.sort(key=place)  # stable: within a file the order stays


class _ByFileOrPlatform(LoadFileScheduling):
    """What one worker runs in one go: a file, or a platform's scenarios, which build on each other."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return f"{file}[{nodeid.partition('[')[2]}" if file.startswith("tests/scenarios/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Platforms side by side."""
    return _ByFileOrPlatform(config, log)


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalCloud]:
    """A local cloud of this session's own; every test uses names, stacks and a state backend of its own."""
    with tempfile.TemporaryDirectory(prefix="bluegreen-tests-") as state_dir:
        made = LocalCloud.up(state_dir=Path(state_dir), project_dir=REPO)
        try:
            yield made
        finally:
            made.down()


@pytest.fixture(scope="session")
def aws_env(cloud: LocalCloud) -> Iterator[dict[str, str]]:
    """The local cloud's AWS settings in this process, for boto3."""
    former = dict(os.environ)
    wanted = {key: value for key, value in cloud.env().items() if key.startswith("AWS_")}
    os.environ.update(wanted)
    try:
        yield wanted
    finally:
        os.environ.clear()
        os.environ.update(former)
