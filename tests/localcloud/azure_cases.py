"""Shared by the tests of Azure's stand-in: a client of plain HTTP, and how to wait."""

from __future__ import annotations

import ssl
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx

from localcloud import loopback
from localcloud.azure.cloud import OWNER, SUBSCRIPTION, Azure
from localcloud.azure.identity import TENANT
from localcloud.azure.roles import Principal

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
APPS, WEB, RESOURCES = "2026-07-01", "2025-05-01", "2025-04-01"
"""Api-versions."""
POLL_SECONDS = 0.05
"""Between two questions: 20 a second, as 25 a second come back into the bucket of reads, however long it takes."""


class Client:
    """Asks Azure Resource Manager, as somebody."""

    def __init__(self, azure: Azure, principal: Principal = OWNER) -> None:
        self.azure = azure
        trust = ssl.create_default_context(cafile=str(azure.certificate))
        self.http = httpx.Client(base_url=azure.url, verify=trust, trust_env=False, timeout=30)
        form = {
            "grant_type": "client_credentials",
            "client_id": principal.client_id,
            "client_secret": principal.secret,
            "scope": "https://management.azure.com/.default",
        }
        given = self.http.post(f"/{TENANT}/oauth2/v2.0/token", data=form)
        given.raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {given.json()['access_token']}"

    def ask(self, verb: str, path: str, body: Any = None, version: str = APPS, **query: str) -> httpx.Response:
        return self.http.request(verb, path, params={"api-version": version, **query}, json=body)

    def done(self, verb: str, path: str, body: Any = None, version: str = APPS) -> httpx.Response:
        """Ask, and wait until the operation is over; its last answer."""
        answer = self.ask(verb, path, body, version)
        assert answer.status_code < 400, answer.text
        where = answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location")
        while where:
            answer = self.http.get(where)
            if answer.status_code == 202 or (answer.status_code == 200 and answer.json().get("status") == "InProgress"):
                time.sleep(POLL_SECONDS)
                continue
            break
        return answer

    def wait(self, verb: str, path: str, body: Any = None, version: str = APPS) -> None:
        """Ask, and wait until the operation has succeeded."""
        answer = self.done(verb, path, body, version)
        assert answer.status_code < 400, answer.text
        if answer.content and "status" in answer.json():
            assert answer.json()["status"] == "Succeeded", answer.text

    def group(self) -> None:
        assert self.ask("PUT", GROUP, {"location": "westeurope"}, RESOURCES).status_code in (200, 201)


def error(answer: httpx.Response) -> tuple[int, str]:
    """Status and Azure's code."""
    body = answer.json()
    return answer.status_code, body.get("error", {}).get("code") or body["Code"]


def colors(azure: Azure, host: str, count: int = 20, **headers: str) -> set[str]:
    """Who answered, each time to a client of its own: a color, or a status that is no 200."""
    return colors_at(azure.plane.url, host, count, **headers)


def colors_at(url: str, host: str, count: int = 20, **headers: str) -> set[str]:
    """The same, of an Azure that knows where its apps answer."""
    seen = set()
    for _ in range(count):
        answer = loopback.get(url, headers={"Host": host, **headers})
        seen.add(answer.headers["x-color"] if answer.status_code == 200 else str(answer.status_code))
    return seen


@contextmanager
def impatient(azure, monkeypatch, seconds):
    """In here what starts has so many seconds to get ready; elsewhere it has a minute, however busy the machine is."""
    with monkeypatch.context() as patched:
        patched.setattr(azure.world, "pace", replace(azure.world.pace, ready=seconds))
        yield
