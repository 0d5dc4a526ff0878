"""A stack on what stands in for Google Cloud, and somebody with gcloud beside it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import google.auth.transport.requests
import httpx
import pytest
from google.oauth2 import service_account

from localcloud.google.cloud import PROJECT, REGION
from localcloud.google.local import LocalGoogle
from tests.e2e.played_stack import STACKS, Stack

__all__ = ["PARENT", "STACKS", "Gcloud", "Stack", "cloud"]
PARENT = f"projects/{PROJECT}/locations/{REGION}"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalGoogle]:
    """What stands in for Google Cloud; the folder `project` is for one of the test's own."""
    (tmp_path / "project").mkdir()
    yield LocalGoogle.up(tmp_path / "state", project_dir=tmp_path / "project")
    LocalGoogle.down(tmp_path / "state")


class Gcloud:
    """Whoever may do all in the project, with gcloud or in a pipeline."""

    def __init__(self, cloud: LocalGoogle) -> None:
        info = json.loads((cloud.state_dir / "credentials.json").read_text())
        scopes = ["https://www.googleapis.com/auth/cloud-platform"]
        credentials = service_account.Credentials.from_service_account_info(info, scopes=scopes)
        session = google.auth.transport.requests.Request()
        session.session.verify = str(cloud.certificates)
        session.session.trust_env = False
        credentials.refresh(session)
        trust = ssl.create_default_context(cafile=str(cloud.certificates))
        self.http = httpx.Client(base_url=cloud.url, verify=trust, trust_env=False, timeout=30)
        self.http.headers["Authorization"] = f"Bearer {credentials.token}"

    def service(self, name: str = "web") -> dict:
        """A Cloud Run service."""
        return self.http.get(f"/run.googleapis.com/v2/{PARENT}/services/{name}").json()

    def change(self, mask: str, body: dict, name: str = "web") -> None:
        """A masked write of it, by somebody else."""
        path = f"/run.googleapis.com/v2/{PARENT}/services/{name}"
        self.http.patch(path, params={"updateMask": mask}, json=body).raise_for_status()
