"""Azure Resource Manager for the plugin: a token, calls, and waiting for what runs after its answer.

https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from localcloud.plugins.values import Props, ProviderError

_METADATA_VERSION = "2022-09-01"


@dataclass(frozen=True)
class Settings:
    """The provider's configuration; what it leaves open comes from the environment, as with the official plugin."""

    subscription_id: str
    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    metadata_host: str
    location: str = ""

    @staticmethod
    def of(config: Props) -> Settings:
        """From the provider's inputs.

        Raises:
            ProviderError: something is missing; says what.
        """

        def told(name: str, variable: str) -> str:
            return str(config.get(name) or os.environ.get(variable) or "")

        values = {
            "subscription_id": told("subscriptionId", "ARM_SUBSCRIPTION_ID"),
            "tenant_id": told("tenantId", "ARM_TENANT_ID"),
            "client_id": told("clientId", "ARM_CLIENT_ID"),
            "client_secret": told("clientSecret", "ARM_CLIENT_SECRET"),
            "metadata_host": told("metadataHost", "ARM_METADATA_HOSTNAME"),
        }
        missing = [name for name, value in values.items() if not value]
        if missing:
            raise ProviderError(
                f"this stand-in for the Azure Native provider wants {', '.join(missing)}: set them in the stack's "
                "config (azure-native:…) or in ARM_… variables, as `python -m localcloud env` does"
            )
        return Settings(**values, location=told("location", "ARM_LOCATION_NAME"))


class Client:
    """Calls; safe for threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cancelled = threading.Event()
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None
        self._arm = ""

    def ask(self, verb: str, path: str, version: str, body: Any = None, *, missing: bool = False) -> Any:
        """One call; its answer's body.

        Args:
            verb: HTTP's.
            path: the resource's id.
            version: the api-version.
            body: what is sent.
            missing: whether a 404 is an answer, and that is None.

        Raises:
            ProviderError: it failed, with Azure's own words.
        """
        answer = self._send(verb, f"{self._base()}{path}", body, version)
        if missing and answer.status_code == 404:
            return None
        return self._told(answer)

    def change(self, verb: str, path: str, version: str, body: Any = None, seconds: float = 1800) -> None:
        """One call, and whatever runs after it."""
        answer = self._send(verb, f"{self._base()}{path}", body, version)
        if verb == "DELETE" and answer.status_code == 404:
            return
        self._told(answer)
        where = answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location")
        deadline = time.monotonic() + seconds
        while where:
            if self.cancelled.wait(min(float(answer.headers.get("Retry-After") or 1), 0.2)):
                raise ProviderError(f"{verb} {path}: cancelled while Azure works on it")
            if time.monotonic() > deadline:
                raise ProviderError(f"{verb} {path}: not done within {seconds:.0f} s")
            answer = self._send("GET", where, None, "")
            body = self._told(answer)
            status = (body or {}).get("status") if isinstance(body, dict) else None
            if answer.status_code == 202 or status == "InProgress":
                continue
            if status in ("Failed", "Canceled"):
                error = body.get("error") or {}
                raise ProviderError(f"{verb} {path}: {status}: {error.get('code')}: {error.get('message')}")
            return

    def _base(self) -> str:
        self._connected()
        return self._arm

    def _connected(self) -> httpx.Client:
        with self._lock:
            if self._http is None:
                http = httpx.Client(timeout=60, trust_env=True)
                settings = self.settings
                url = f"https://{settings.metadata_host}/metadata/endpoints"
                told = self._told(http.get(url, params={"api-version": _METADATA_VERSION}))
                self._arm = str(told["resourceManager"]).rstrip("/")
                login = str(told["authentication"]["loginEndpoint"]).rstrip("/")
                form = {
                    "grant_type": "client_credentials",
                    "client_id": settings.client_id,
                    "client_secret": settings.client_secret,
                    "scope": f"{told['authentication']['audiences'][0].rstrip('/')}/.default",
                }
                answer = http.post(f"{login}/{settings.tenant_id}/oauth2/v2.0/token", data=form)
                if answer.status_code != 200:
                    raise ProviderError(f"no token from {login}: {answer.json().get('error_description')}")
                http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
                self._http = http
            return self._http

    def _send(self, verb: str, url: str, body: Any, version: str) -> httpx.Response:
        params = {"api-version": version} if version else None
        try:
            return self._connected().request(verb, url, params=params, json=body)
        except httpx.HTTPError as error:
            raise ProviderError(f"{verb} {url}: {error}") from error

    @staticmethod
    def _told(answer: httpx.Response) -> Any:
        body = answer.json() if answer.content else None
        if answer.status_code < 400:
            return body
        error = (body or {}).get("error") or {"code": (body or {}).get("Code"), "message": (body or {}).get("Message")}
        raise ProviderError(
            f"{answer.request.method} {answer.request.url.path}: status {answer.status_code}: "
            f'Code="{error.get("code")}" Message="{error.get("message")}"'
        )
