"""Components for AWS."""

from __future__ import annotations

from bluegreen.aws.ecs_release import EcsRelease
from bluegreen.aws.ecs_service import EcsService
from bluegreen.aws.entry.alb import alb
from bluegreen.aws.entry.alb_listeners import alb_listeners
from bluegreen.aws.swapping import SwapSettings

__all__ = [
    "EcsRelease",
    "EcsService",
    "SwapSettings",
    "alb",
    "alb_listeners",
]
