"""The words and shapes that a world and a swap's declaration share."""

from __future__ import annotations

from typing import Any

COLORS = ("blue", "green")
LAME = "lame"
"""A third part that stands in for a green whose tasks run and never get healthy."""
IMAGES = {"blue": "v1", "green": "v2", LAME: "broken"}
FAMILY = "matrix"
AUTOSCALED = (1, 3)
"""The range of an autoscaling of the user's own."""
PRIORITY = 100
OWNER_TAG = "bluegreen:owner"


def fixed_answer() -> dict[str, Any]:
    """The listener's default action."""
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"}}


def header_is(part: str) -> dict[str, Any]:
    """The condition of a part's own rule, which keeps its target group attached."""
    return {
        "Field": "http-header",
        "HttpHeaderConfig": {"HttpHeaderName": "X-Bluegreen-Color", "Values": [part]},
    }


def container(image: str) -> dict[str, Any]:
    """The sample app."""
    return {"name": "app", "image": image, "essential": True, "portMappings": [{"containerPort": 8080}]}
