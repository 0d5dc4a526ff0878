"""Shared by the modules: both adapters in turn."""

from __future__ import annotations

import pytest

from dev.matrix.engine import ADAPTERS
from tests.swap.bench import Swap


@pytest.fixture(autouse=True, params=ADAPTERS)
def adapter(request, monkeypatch):
    monkeypatch.setattr(Swap, "adapter", request.param)
    return request.param
