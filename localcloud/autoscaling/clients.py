"""boto3 clients for the emulator, whatever this process' environment says."""

from __future__ import annotations

from typing import Any

import boto3

from localcloud.emulator import REGION


def client(service: str, endpoint: str) -> Any:
    """A client for one service."""
    return boto3.client(  # type: ignore[call-overload]
        service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
    )
