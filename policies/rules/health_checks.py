"""Each color's target group declares a health check: what a swap goes by when it asks whether a color is ready."""

from __future__ import annotations

from collections.abc import Mapping

from .colors import color_of
from .values import TARGET_GROUPS, UNKNOWN, Props, shown

TYPES = TARGET_GROUPS
_HTTP = ("HTTP", "HTTPS")


def violations(name: str, props: Props) -> list[str]:
    """Looks at what the program declares: AWS's defaults (path ``/``) say nothing about the application."""
    color = color_of(props)
    check = props.get("healthCheck")
    if color is None or check is UNKNOWN:
        return []
    of_group = f"{name}: the health check of {color}'s target group"
    if not isinstance(check, Mapping) or not check:
        return [f"{of_group} is not declared (healthCheck is {shown(check)}). {_ADVICE}"]
    problems = []
    # AWS turns health checks on by itself, but for a function's target group.
    enabled = check.get("enabled", props.get("targetType") != "lambda")
    if enabled is False:
        problems.append(
            f"{of_group} is off (healthCheck.enabled is false): a swap could not see whether {color} is ready. "
            "Set healthCheck.enabled to true."
        )
    protocol = check.get("protocol") or props.get("protocol") or "HTTP"
    path = check.get("path")
    if protocol in _HTTP and path is not UNKNOWN and not path:
        problems.append(f"{of_group} names no path (healthCheck.path is {shown(path)}). {_ADVICE}")
    return problems


_ADVICE = 'Declare what the application answers when it is ready to serve, such as {"path": "/healthz"}.'
