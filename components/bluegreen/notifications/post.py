"""One POST of JSON, bounded in time, whose errors name no URL."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from bluegreen.clients.http import fetch
from bluegreen.notifications.base import NotificationFailed
from bluegreen.secrets import UrlRef, guard_log, resolve_url

guard_log("httpx")


def post(url: UrlRef, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> None:
    """Send ``body``; any status from 200 to 299 is success, and the answer's own body is not read.

    A redirect is not followed: it would carry the message to somebody who was not named.

    Raises:
        NotificationFailed: it did not get through; says why without the URL, which may be a secret.
        GateUnavailable: the URL's reference holds nothing.
    """
    address = resolve_url(url)
    sent = {"Content-Type": "application/json", "User-Agent": "bluegreen", **headers}
    try:
        status = fetch(
            "POST", address, content=body, headers=sent, timeout_seconds=timeout_seconds, most_bytes=0
        ).status
    except httpx.TimeoutException:
        raise NotificationFailed(f"no answer in {timeout_seconds:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise NotificationFailed(str(error) or type(error).__name__) from None
    if not 200 <= status < 300:
        raise NotificationFailed(f"status {status}", again=status >= 500 or status in (408, 429))
