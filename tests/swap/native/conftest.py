"""A swap of the plugin's."""

from __future__ import annotations

import pytest

from dev.matrix.engine import NATIVE
from tests.swap.bench import Swap


@pytest.fixture
def swap():
    return Swap("native", NATIVE)
