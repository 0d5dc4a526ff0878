"""Shared by all tests: one local cloud a session, started only when a test asks for it."""

from __future__ import annotations

import ast
import functools
import gc
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from bluegreen import secrets
from bluegreen.aws import client as clients
from localcloud.cloud import LocalCloud
from tests.adopted import Adopted
from tests.allowed import Judge
from tests.amounts import examples
from tests.e2e import warm
from tests.node import node, pytest_configure_node, pytest_sessionfinish
from tests.reruns import Reruns
from tests.seconds import Seconds

__all__ = ["node", "pytest_configure_node", "pytest_sessionfinish"]

REPO = Path(__file__).resolve().parent.parent

# Hundreds of processes of the tests import the same modules: that they are compiled each time is of no use.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
warm.read_models_once()
# A shell without job control has what it runs in the background ignore Ctrl-C; tests send it, to themselves as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Some ten thousand tests and all that they import stay to the end: looking through them for garbage would be a tenth of
# the CPU of those that need nothing else.
gc.set_threshold(50_000, 10, 10)


def _undisturbed(parse: Callable[..., Any]) -> Callable[..., Any]:
    """Parsing in which no garbage is collected: before 3.11.8 it fails where another thread gets its turn in there.

    https://github.com/python/cpython/issues/106905
    """
    one_at_a_time = threading.RLock()

    @functools.wraps(parse)
    def parsing(*positional: Any, **named: Any) -> Any:
        with one_at_a_time:
            collects = gc.isenabled()
            gc.disable()
            try:
                return parse(*positional, **named)
            finally:
                if collects:
                    gc.enable()

    return parsing


setattr(ast, "parse", _undisturbed(ast.parse))  # noqa: B010 - mypy lets nobody assign to a function

# No test is decided by time: hypothesis' own stopwatch is off. In CI the examples are the same for the same code, so
# that a run says something of a change; who works on it has other ones each time.
settings.register_profile(
    "bluegreen",
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("bluegreen")


def pytest_configure(config: pytest.Config) -> None:
    """Register the tests that may run once more, and the report at the end."""
    config.pluginmanager.register(Reruns(REPO / "tests"), "bluegreen-reruns")
    config.pluginmanager.register(Adopted(), "bluegreen-adopted")
    config.pluginmanager.register(Seconds(), "bluegreen-seconds")


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret of one test is not redacted in the next."""
    monkeypatch.setattr(secrets, "_remembered", set())


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """Judges every call to AWS that this process makes by the printed policy of whoever makes it."""
    made = Judge()
    watched = functools.cache(lambda *given: made.watch(clients.make_client(*given)))
    with clients.clients_by(watched):
        yield made


@pytest.fixture(autouse=True)
def the_printed_policy_is_enough(judge: Judge) -> Iterator[None]:
    """A test that called something else than the policy allows has found something."""
    yield
    denied = judge.denied[:]
    judge.denied.clear()
    assert not denied, denied


# What takes a minute and more, from the longest; then the folders whose files take some half a minute each.
_LONGEST_FIRST = (
    *("matrix/", "examples/test_examples.py", "e2e/test_ecs.py", "e2e/test_throttling.py", "e2e/test_trust.py"),
    *("plugin/test_packaging.py", "routers/test_platform_deployments.py", "localcloud/test_kubernetes_lifecycle.py"),
    "schema/test_differential",
    *("e2e/test_kills.py", "routers/test_argo_swaps.py", "e2e/test_ecs_codedeploy.py", "e2e/test_native.py"),
    *("capacity/test_ecs_retirement.py", "capacity/test_kubernetes_retirement.py"),
    *("scenarios/", "e2e/", "metrics/", "localcloud/", "capacity/", "routers/", "swap/", "policies/"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest tests begin first, so that at the end no worker is alone with one."""

    @functools.cache
    def place(path: Path) -> int:
        name = path.relative_to(REPO / "tests").as_posix()
        places = (number for number, prefix in enumerate(_LONGEST_FIRST) if name.startswith(prefix))
        return next(places, len(_LONGEST_FIRST))

    items.sort(key=lambda item: place(item.path))  # stable: within a file the order stays


def pytest_collection_finish() -> None:
    """What there is by now is no garbage."""
    gc.freeze()


class _ByFileOrPlatform(LoadFileScheduling):
    """Tests that a worker runs in one go: a file, a platform's scenarios, which build on each other, or what waits for
    the same Prometheus.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        if file.startswith("tests/metrics/"):
            return "tests/metrics/"
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
