"""Whether a slot answers: the warm-up path is requested as Azure itself does it before a swap."""

from __future__ import annotations

import httpx

from bluegreen.clients.http import Http

_TIMEOUT_SECONDS, _BYTES = 10.0, 1 << 16


def problem_of(url: str, statuses: str) -> str:
    """Why an address does not answer as it should, by one request; empty if it does.

    Args:
        url: where the request goes.
        statuses: those that will do, with commas between them; any below 500 where there are none.
    """
    good = frozenset(int(one) for one in statuses.split(",") if one.strip().isdigit())
    try:
        with Http() as http:
            answer = http.send("GET", url, timeout_seconds=_TIMEOUT_SECONDS, most_bytes=_BYTES)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return f"{url}: {error or type(error).__name__}"
    if answer.status in good or (not good and answer.status < 500):
        return ""
    return f"{url} answers with status {answer.status}"
