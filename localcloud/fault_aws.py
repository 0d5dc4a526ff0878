"""AWS' calls for the fault proxy: the query protocol, both JSON protocols, REST."""

from __future__ import annotations

import re
from email.message import Message
from urllib.parse import parse_qs, urlsplit

from localcloud.fault_api import Answer, Way

_ANSWERS: dict[Way, tuple[int, str, str, str]] = {
    "throttled": (400, "Throttling", "ThrottlingException", "Rate exceeded"),
    "server_error": (503, "ServiceUnavailable", "ServiceUnavailableException", "The service is unavailable"),
    "refused": (403, "AccessDenied", "AccessDeniedException", "The caller is not authorized to perform this action"),
}
_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")


def call_name(method: str, path: str, headers: Message, body: bytes) -> str:
    """``service:Action``, as AWS' own documentation and IAM name it, as far as the request tells."""
    scope = _SCOPE.search(headers.get("Authorization", ""))
    service = scope[1] if scope else "aws"
    target = headers.get("X-Amz-Target", "")
    if target:
        return f"{service}:{target.rpartition('.')[2]}"
    operation = re.search(r"/operation/(\w+)", path)
    if operation:
        return f"{service}:{operation[1]}"
    action = _action(headers, body)
    return f"{service}:{action}" if action else f"{service}:{method} {urlsplit(path).path}"


def _action(headers: Message, body: bytes) -> str:
    if "x-www-form-urlencoded" not in headers.get("Content-Type", ""):
        return ""
    return parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]


def is_stream(path: str) -> bool:  # noqa: ARG001 - as every API
    """``False``: no call that is made here is a stream."""
    return False


def answer(way: Way, name: str, headers: Message, body: bytes) -> Answer:
    """The answer in the protocol that the call was made in."""
    status, query_code, json_code, message = _ANSWERS[way]
    if not _action(headers, body):
        text = f'{{"__type":"{json_code}","message":"{message}"}}'
        return status, [("Content-Type", headers.get("Content-Type", "application/x-amz-json-1.1"))], text.encode()
    inner = f"<Error><Type>Sender</Type><Code>{query_code}</Code><Message>{message}</Message></Error>"
    if name.startswith("ec2:"):
        text = f"<Response><Errors>{inner}</Errors><RequestID>fault</RequestID></Response>"
    else:
        text = f"<ErrorResponse>{inner}<RequestId>fault</RequestId></ErrorResponse>"
    return status, [("Content-Type", "text/xml")], text.encode()
