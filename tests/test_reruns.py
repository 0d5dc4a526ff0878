"""Tests that may run once more do so once, are named and counted, and fail the run where they are too many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reruns import LIMIT, may_run_again

REPO = Path(__file__).resolve().parent.parent
CONFTEST = """
import pathlib, pytest
from tests.reruns import Reruns

def pytest_configure(config):
    config.pluginmanager.register(Reruns(pathlib.Path(__file__).parent))

@pytest.fixture
def cloud():
    return None
"""
FAILS_FIRST = """
import pathlib, pytest

@pytest.mark.parametrize("number", range({tests}))
def test_{name}({fixture}number, tmp_path_factory):
    seen = pathlib.Path(__file__).with_name(f"{name}{{number}}")
    if not seen.exists():
        seen.touch()
        raise AssertionError("the first time")
"""


SHARED = """
import itertools, pytest

numbers, tries = itertools.count(), itertools.count(1)

@pytest.fixture(scope="session")
def cloud():
    return f"cloud {next(numbers)}"

@pytest.fixture(scope="session")
def service(cloud):
    made = [f"service {next(numbers)} in {cloud}"]
    yield made
    assert "broken" not in made

@pytest.fixture(scope="session")
def tools():
    return []

@pytest.fixture(scope="module", params=["here", "there"])
def stack(request, service):
    return [f"stack {next(numbers)} {request.param} of {service[0]}"]

def test_one_that_leaves_everything_as_the_others_like_it(stack, service, tools):
    assert (len(stack), len(service)) == (1, 1)
    tools.append("used")

def test_one_that_fails_after_it_has_spoiled_what_it_shares(stack, service, tools, cloud):
    assert (len(stack), len(service)) == (1, 1), "what the first try left is gone, also where its end failed"
    assert cloud == "cloud 0", "the cloud itself stays"
    assert "used" in tools, "and so does what is not in the cloud"
    stack.append("spoiled")
    if next(tries) % 2:
        service.append("broken")
        raise AssertionError("the first try fails")

def test_one_after_it_has_what_the_second_try_had(stack, service):
    assert (stack.pop(), len(service)) == ("spoiled", 1)
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, str(folder)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    return tmp_path


@pytest.mark.parametrize("workers", ["0", "2"])
def test_one_that_uses_the_cloud_runs_once_more_and_is_named(folder, workers):
    (folder / "test_it.py").write_text(FAILS_FIRST.format(tests=1, name="real", fixture="cloud, "))
    done = run(folder, "-n", workers)
    assert done.returncode == 0, done.stdout
    assert "test_it.py::test_real[0]\n  AssertionError: the first time\n" in done.stdout
    assert f"1 ran once more; more than {LIMIT} fail the run" in done.stdout


def test_a_second_try_begins_anew_with_all_that_it_shares(folder):
    (folder / "test_it.py").write_text(SHARED)
    done = run(folder, "-n", "0")
    assert done.returncode == 0, done.stdout
    assert "2 ran once more" in done.stdout


def test_one_that_uses_nothing_real_never_runs_again(folder):
    (folder / "test_it.py").write_text(FAILS_FIRST.format(tests=1, name="pure", fixture=""))
    done = run(folder, "-n", "0")
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "ran once more" not in done.stdout


@pytest.mark.parametrize(("tests", "status"), [(LIMIT, 0), (LIMIT + 1, 1)])
def test_more_than_the_limit_fail_the_run(folder, tests, status):
    (folder / "test_it.py").write_text(FAILS_FIRST.format(tests=tests, name="real", fixture="cloud, "))
    done = run(folder, "-n", "2")
    assert done.returncode == status, done.stdout
    assert f"{tests} passed" in done.stdout


ASKS_BY_NAME = """
import pytest

@pytest.fixture(params=[pytest.param("marked", marks=pytest.mark.tools), "not marked"])
def place(request):
    return request.getfixturevalue("cloud")

def test_there(place):
    pass
"""


def test_one_that_asks_for_the_cloud_by_name_has_to_say_so(folder):
    (folder / "test_it.py").write_text(ASKS_BY_NAME)
    done = run(folder, "-n", "0")
    assert "1 passed" in done.stdout, done.stdout
    assert "test_there[not marked] uses the cloud: mark it with `pytest.mark.tools`" in done.stdout


def test_what_is_real_is_told_by_fixtures_and_folders():
    assert may_run_again(["tmp_path", "node"], "routers/test_alb.py")
    assert may_run_again([], "e2e/test_ecs.py")
    assert not may_run_again(["tmp_path"], "routers/test_alb.py")
    assert not may_run_again(["swap"], "swap/test_lease.py")
