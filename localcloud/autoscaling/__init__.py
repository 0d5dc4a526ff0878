"""EC2 Auto Scaling beyond what the AWS emulator has: a front for the emulator, and instances that serve requests."""

from __future__ import annotations

from localcloud.autoscaling.front import AutoScalingFront
from localcloud.autoscaling.instances import Instances

__all__ = ["AutoScalingFront", "Instances"]
