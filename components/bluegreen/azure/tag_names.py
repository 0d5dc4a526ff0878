"""The names of a swap's tags. Pure: a program that declares a profile needs them without a client."""

from __future__ import annotations

from dataclasses import dataclass

OWNER_TAG, MARK_PREFIX = "bluegreen:owner", "bluegreen:mark:"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a swap's tags, where a service allows no colon in them.

    Attributes:
        owner: of the tag that says who owns the traffic.
        mark: what the name of a mark's tag begins with.
        others: further tags that a swap sets.
    """

    owner: str = OWNER_TAG
    mark: str = MARK_PREFIX
    others: tuple[str, ...] = ()


USUAL = Names()
