"""Google's calls for the fault proxy, by their verb and what they change: ``PATCH:traffic``, ``GET:revisions``.

A URL map's write has the names of its fields, ``PATCH:description``, a change in Cloud DNS the types of its records.

with FaultProxy(google.url, api=fault_google) as proxy:
    env["GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT"] = f"{proxy.url}/run.googleapis.com/v2/"
"""

from __future__ import annotations

import json
from email.message import Message
from urllib.parse import parse_qs, urlsplit

from localcloud.fault_api import Answer, Way

_KINDS = frozenset(
    {
        "autoscalers", "backendServices", "changes", "functions", "instanceGroupManagers", "operations", "revisions",
        "rrsets", "services", "urlMaps",
    }
)  # fmt: skip
_ANSWERS: dict[Way, tuple[int, str, str]] = {
    "throttled": (429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Write requests'."),
    "server_error": (503, "UNAVAILABLE", "The service is currently unavailable."),
    "refused": (403, "PERMISSION_DENIED", "The caller does not have permission."),
}


def call_name(method: str, path: str, headers: Message, body: bytes) -> str:  # noqa: ARG001 - nothing of it in headers
    """The verb with the mask of a write, with the fields or the records that it sends, or with the kind of object."""
    parts = urlsplit(path)
    (mask,) = parse_qs(parts.query).get("updateMask", [""])
    names = parts.path.strip("/").split("/")
    kinds = [name for name in names[::-1] if name in _KINDS]
    return f"{method}:{mask or _sent(method, kinds, body) or (kinds[0] if kinds else names[-1])}"


def _sent(method: str, kinds: list[str], body: bytes) -> str:
    """The fields of a merge patch, or the types of a change's records."""
    if method == "PATCH" and kinds:
        return ",".join(sorted(json.loads(body).keys() - {"fingerprint"}))
    if method == "POST" and kinds[:1] == ["changes"]:
        return ",".join(sorted({one["type"] for one in json.loads(body).get("additions") or ()}))
    return ""


def is_stream(path: str) -> bool:  # noqa: ARG001 - there is none
    """Every answer comes to its end."""
    return False


def answer(way: Way, name: str, headers: Message, body: bytes) -> Answer:  # noqa: ARG001 - a call is answered by its kind alone
    """An error.

    https://cloud.google.com/apis/design/errors
    """
    code, status, message = _ANSWERS[way]
    retry = [("Retry-After", "1")] if way == "throttled" else []
    told = {"error": {"code": code, "message": message, "status": status}}
    return code, [("Content-Type", "application/json"), *retry], json.dumps(told).encode()
