"""What swaps call on Azure.

There are no components yet: declare the resources, and hand their ids to the router of a ``TrafficSwap``.
"""

from __future__ import annotations

__all__: list[str] = []
