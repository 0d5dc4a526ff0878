"""Shared by the tests of Google's stand-in: a client of plain HTTP, and how to wait."""

from __future__ import annotations

import ssl
import time
from typing import Any

import httpx

from localcloud.google.cloud import OWNER, PROJECT, REGION, Google

PARENT = f"projects/{PROJECT}/locations/{REGION}"
RUN = "run.googleapis.com"


def container(color: str, tag: str = "v1", **more: Any) -> dict[str, Any]:
    return {"image": f"gcr.io/shop/app:{tag}", "env": [{"name": "COLOR", "value": color}], **more}


class Client:
    """Asks Google's APIs, as somebody."""

    def __init__(self, google: Google, email: str = OWNER) -> None:
        self.google = google
        trust = ssl.create_default_context(cafile=str(google.certificate))
        self.http = httpx.Client(base_url=google.url, verify=trust, trust_env=False, timeout=30)
        self.http.headers["Authorization"] = f"Bearer {google.identity.issue(email)}"

    def ask(self, verb: str, path: str, body: Any = None, host: str = RUN, **query: str) -> httpx.Response:
        return self.http.request(verb, f"/{host}{path}", params=query, json=body)

    def done(self, verb: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        """Ask Cloud Run, and wait until its operation is over, and Google not at work on the service any more."""
        answer = self.ask(verb, path, body, **query)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        while not told.get("done"):
            time.sleep(0.02)
            told = self.ask("GET", f"/v2/{told['name']}").json()
        return told

    def service(self, name: str) -> dict[str, Any]:
        return self.ask("GET", f"/v2/{PARENT}/services/{name}").json()


def error(answer: httpx.Response) -> tuple[int, str]:
    """Status, and Google's word."""
    return answer.status_code, answer.json()["error"]["status"]
