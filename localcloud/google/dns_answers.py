"""Answers of a DNS server by the record sets of Cloud DNS: `DnsServer(endpoint, resolve)` of `localcloud.dns`.

https://cloud.google.com/dns/docs/routing-policies-overview
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localcloud.dns import Answer

_MOST_CNAMES = 8


def resolving(records: Callable[[str], Sequence[Mapping[str, Any]]]) -> Callable[[str], list[Answer]]:
    """Who knows the chain from a name to its IPv4 addresses; a weight is drawn anew for each question.

    Args:
        records: the record sets at a name, which ends with a dot, as the API lists them now.
    """

    def resolve(name: str) -> list[Answer]:
        chain: list[Answer] = []
        asked = f"{name.rstrip('.').lower()}."
        for _ in range(_MOST_CNAMES):
            record = next((one for one in records(asked) if one["type"] in ("A", "CNAME")), None)
            values = () if record is None else _drawn(record)
            if record is None or not values:
                break
            chain.append(Answer(asked.rstrip("."), record["type"], int(record.get("ttl") or 0), values))
            if record["type"] == "A":
                break
            asked = values[0]
        return chain

    return resolve


def _drawn(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The values of one item, by the weights of all."""
    items = ((record.get("routingPolicy") or {}).get("wrr") or {}).get("items")
    if items is None:
        return tuple(record.get("rrdatas") or ())
    served = [one for one in items if one.get("weight")]
    if not served:
        return ()
    (item,) = random.choices(served, [float(one["weight"]) for one in served])
    checked = (item.get("healthCheckedTargets") or {}).get("externalEndpoints") or ()
    return (*(item.get("rrdatas") or ()), *checked)
