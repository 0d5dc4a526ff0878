"""The query protocol of EC2 Auto Scaling, both ways: a form becomes nested values, nested values become XML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

_NAMESPACE = "http://autoscaling.amazonaws.com/doc/2011-01-01/"


class Refused(Exception):
    """An answer with the API's own error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def parse(body: bytes) -> dict[str, Any]:
    """A request's parameters: ``A.member.1.B=x`` is ``{"A": [{"B": "x"}]}``."""
    tree: dict[str, Any] = {}
    for key, value in parse_qsl(body.decode(), keep_blank_values=True):
        place = tree
        *path, last = key.split(".")
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    parameters: dict[str, Any] = _lists(tree)
    return parameters


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {"member"}:
        members = value["member"]
        return [_lists(members[number]) for number in sorted(members, key=int)]
    return {key: _lists(item) for key, item in value.items()}


def element(name: str, value: Any) -> str:
    """A value as XML; ``None`` is nothing."""
    if value is None:
        return ""
    return f"<{name}>{_text(value)}</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(element(key, item) for key, item in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(element("member", item) for item in value)
    return escape(str(value))


def answer(action: str, result: Mapping[str, Any]) -> bytes:
    """A successful answer."""
    inner = element(f"{action}Result", result) + element("ResponseMetadata", {"RequestId": "front"})
    return f'<{action}Response xmlns="{_NAMESPACE}">{inner}</{action}Response>'.encode()


def refusal(error: Refused) -> bytes:
    """An error's answer."""
    inner = element("Error", {"Type": "Sender", "Code": error.code, "Message": str(error)})
    return f'<ErrorResponse xmlns="{_NAMESPACE}">{inner}<RequestId>front</RequestId></ErrorResponse>'.encode()
