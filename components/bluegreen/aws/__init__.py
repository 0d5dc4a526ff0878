"""Components for AWS."""

from __future__ import annotations

from bluegreen.aws.ecs_release import EcsRelease
from bluegreen.aws.ecs_service import EcsService

__all__ = ["EcsRelease", "EcsService"]
