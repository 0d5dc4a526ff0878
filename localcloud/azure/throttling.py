"""Azure Resource Manager's limits: a bucket a subscription, principal and kind of call.

https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from localcloud.azure.errors import ArmError


@dataclass(frozen=True)
class Limit:
    """How many fit into a bucket, and how many come back each second."""

    size: float
    refill_per_second: float


LIMITS = {"reads": Limit(250, 25), "writes": Limit(200, 10), "deletes": Limit(200, 10)}
"""As published, for a subscription and principal in one region."""


class Buckets:
    """All of them; not safe for threads by itself."""

    def __init__(self, limits: dict[str, Limit] | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits or LIMITS
        self._now = now
        self._left: dict[tuple[str, str, str], tuple[float, float]] = {}

    def take(self, verb: str, subscription: str, principal: str) -> dict[str, str]:
        """One call.

        Returns:
            The header that tells how many are left.

        Raises:
            ArmError: none are: 429, with the seconds until there is one.
        """
        kind = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(verb, "writes")
        limit, key = self._limits[kind], (kind, subscription.lower(), principal)
        left, at = self._left.get(key, (limit.size, self._now()))
        now = self._now()
        left = min(limit.size, left + (now - at) * limit.refill_per_second)
        if left < 1:
            self._left[key] = (left, now)
            wait = math.ceil((1 - left) / limit.refill_per_second)
            raise ArmError(
                429,
                "SubscriptionRequestsThrottled",
                f"Number of '{kind[:-1]}' requests for subscription '{subscription}' exceeded the limit. "
                f"Please try again after '{wait}' seconds.",
                headers={"Retry-After": str(wait)},
            )
        self._left[key] = (left - 1, now)
        return {f"x-ms-ratelimit-remaining-subscription-{kind}": str(int(left - 1))}
