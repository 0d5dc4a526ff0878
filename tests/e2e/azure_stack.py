"""A stack on what stands in for Azure, driven by the real `pulumi`, and somebody with the CLI beside it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from localcloud.azure.cloud import OWNER, SUBSCRIPTION
from localcloud.azure.identity import TENANT
from localcloud.azure.local import LocalAzure, down
from tests.e2e.played_stack import STACKS, Stack

__all__ = ["STACKS", "Owner", "Stack", "azure"]
GROUPS_VERSION = "2025-04-01"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[LocalAzure]:
    """What stands in for Azure; the folder `project` is for one of the test's own."""
    (tmp_path / "project").mkdir()
    yield LocalAzure.up(tmp_path / "state", project_dir=tmp_path / "project")
    down(tmp_path / "state")


class Owner:
    """Whoever may do all in the account, with the CLI or in a pipeline."""

    def __init__(self, azure: LocalAzure) -> None:
        trust = ssl.create_default_context(cafile=str(azure.certificates))
        self.http = httpx.Client(base_url=azure.url, verify=trust, trust_env=False, timeout=30)
        form = {
            "grant_type": "client_credentials",
            "client_id": OWNER.client_id,
            "client_secret": OWNER.secret,
            "scope": "https://management.azure.com/.default",
        }
        token = self.http.post(f"/{TENANT}/oauth2/v2.0/token", data=form).json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def group(self) -> str:
        """The identifier of the one resource group."""
        path = f"/subscriptions/{SUBSCRIPTION}/resourcegroups"
        listed = self.http.get(path, params={"api-version": GROUPS_VERSION}).json()["value"]
        return str(listed[0]["id"])
