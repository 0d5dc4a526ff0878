"""Tests that ask for `adapter_in_turn` run over one of the two adapters, each over another one than the test before it.

What they show is shown of both below the engine, in tests/swap. `make scenarios` runs each of them over both.
"""

from __future__ import annotations

import pytest

from tests.scenarios.adapters import in_turn


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The adapter of a test, unless it says itself over which it runs."""
    said = [marker.args[0] for marker in metafunc.definition.iter_markers("parametrize")]
    if "adapter_in_turn" in metafunc.fixturenames and "adapter_in_turn" not in said:
        names = [name for name in vars(metafunc.module) if name.startswith("test_")]
        metafunc.parametrize("adapter_in_turn", in_turn(names.index(metafunc.function.__name__)), scope="module")
