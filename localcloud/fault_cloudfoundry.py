"""Cloud Foundry's calls for the fault proxy, named as the swap's permissions have them: ``PATCH:/v3/routes/:guid``.

with FaultProxy(cloud.url, api=fault_cloudfoundry) as proxy:
    env["CF_API_URL"] = proxy.url
"""

from __future__ import annotations

import json
import re
from email.message import Message
from urllib.parse import urlsplit

from localcloud.fault_api import Answer, Way

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ANSWERS: dict[Way, tuple[int, int, str, str]] = {
    "throttled": (429, 10013, "CF-RateLimitExceeded", "Rate Limit Exceeded"),
    "server_error": (503, 10015, "CF-ServiceUnavailable", "Service unavailable"),
    "refused": (403, 10003, "CF-NotAuthorized", "You are not authorized to perform the requested action"),
}


def call_name(method: str, path: str, headers: Message, body: bytes) -> str:  # noqa: ARG001 - the path says it all
    """The verb and the path, with a word for what varies."""
    return f"{method}:{_GUID.sub(':guid', urlsplit(path).path)}"


def is_stream(path: str) -> bool:  # noqa: ARG001 - there is none
    """Every answer comes to its end."""
    return False


def answer(way: Way, name: str, headers: Message, body: bytes) -> Answer:  # noqa: ARG001 - a call is answered by its kind alone
    """An error.

    https://v3-apidocs.cloudfoundry.org/#errors
    """
    status, code, title, detail = _ANSWERS[way]
    retry = [("Retry-After", "1")] if way == "throttled" else []
    told = {"errors": [{"code": code, "title": title, "detail": detail}]}
    return status, [("Content-Type", "application/json"), *retry], json.dumps(told).encode()
