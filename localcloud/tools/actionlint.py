"""actionlint, which reads workflows of GitHub Actions as GitHub does."""

from __future__ import annotations

from localcloud.tools.go import Program

NAME = "actionlint"
VERSION = "1.7.12"

ensure = Program(NAME, "actionlint", VERSION, "github.com/rhysd/actionlint", "./cmd/actionlint").ensure
"""Returns the directory with `actionlint` in it."""
