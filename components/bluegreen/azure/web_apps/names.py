"""Names of app settings that a swap of slots goes by; both sides know them."""

from __future__ import annotations

COLOR_SETTING = "BLUEGREEN_COLOR"
"""Says which color a slot's content is. It moves with the content: it must not be a deployment slot setting."""
RELEASE_SETTING = "BLUEGREEN_RELEASE"
"""A digest of the release that the swap has brought; it moves with the content as well."""
PACKAGE_SETTING = "WEBSITE_RUN_FROM_PACKAGE"
"""Azure runs the package at this address.

https://learn.microsoft.com/azure/app-service/deploy-run-package
"""
WARM_UP_PATH, WARM_UP_STATUSES = "WEBSITE_SWAP_WARMUP_PING_PATH", "WEBSITE_SWAP_WARMUP_PING_STATUSES"
