"""The API server in memory, which the matrix and the tests share."""

from __future__ import annotations

from dev.matrix.kubernetes_api import Server

__all__ = ["Server"]
