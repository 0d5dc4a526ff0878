"""Signatures of the requests that bluegreen sends, so that the receiver knows who sent them, and when."""

from __future__ import annotations

import hashlib
import hmac

SIGNATURE_HEADER = "X-Bluegreen-Signature"


def signature_header(secret: str, body: bytes, now: float) -> dict[str, str]:
    """The header that signs a request: ``X-Bluegreen-Signature: t=1700000000,v1=<hex>``.

    ``v1`` is the HMAC-SHA256 of ``<t>.<body>`` under the secret. A receiver computes it anew, compares in constant
    time, and refuses a ``t`` that is minutes old, since whoever saw a request could send it again.

    Args:
        secret: shared with the receiver.
        body: the request's body, byte by byte.
        now: wall-clock time, seconds since the epoch.
    """
    at = str(int(now))
    digest = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {SIGNATURE_HEADER: f"t={at},v1={digest}"}
