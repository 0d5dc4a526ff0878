"""Google's APIs for the plugin: a token, calls, and waiting for what runs after its answer."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import Any

import httpx

from localcloud.plugins.values import Props, ProviderError

_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
Api = tuple[str, str, str, str]


@dataclass(frozen=True)
class Settings:
    """The provider's configuration; what it leaves open comes from the environment, as with the official plugin."""

    project: str
    region: str
    zone: str

    @staticmethod
    def of(config: Props) -> Settings:
        """From the provider's inputs."""

        def told(name: str, *variables: str) -> str:
            return str(config.get(name) or next((os.environ[one] for one in variables if os.environ.get(one)), ""))

        return Settings(
            told("project", "GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"),
            told("region", "GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION"),
            told("zone", "GOOGLE_ZONE", "GCLOUD_ZONE", "CLOUDSDK_COMPUTE_ZONE"),
        )


class Client:
    """Calls; safe for threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cancelled = threading.Event()
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None

    def read(self, api: Api, path: str) -> Props | None:
        """An object; None where there is none."""
        answer = self._send("GET", f"{_base(api)}{path}", None, None)
        return None if answer.status_code == 404 else _told(answer)

    def change(
        self, api: Api, verb: str, path: str, query: dict[str, str] | None, body: Any, seconds: float = 1200
    ) -> None:
        """One call, and whatever runs after it.

        Raises:
            ProviderError: it failed, with Google's own words.
        """
        answer = self._send(verb, f"{_base(api)}{path}", query, body)
        if verb == "DELETE" and answer.status_code == 404:
            return
        told, deadline = _told(answer), time.monotonic() + seconds
        while (where := _goes_on(told)) is not None:
            if self.cancelled.wait(0.2):
                raise ProviderError(f"{verb} {path}: cancelled while Google works on it")
            if time.monotonic() > deadline:
                raise ProviderError(f"{verb} {path}: not done within {seconds:.0f} s")
            told = _told(self._send("GET", f"{_base(api)}{where}", None, None))
        error = told.get("error")
        if error:
            said = error.get("message") or "; ".join(one.get("message", "") for one in error.get("errors", ()))
            raise ProviderError(f"Error waiting for {verb} {path}: Error code {error.get('code')}, message: {said}")

    def _send(self, verb: str, url: str, query: dict[str, str] | None, body: Any) -> httpx.Response:
        try:
            return self._connected().request(verb, url, params=query, json=body)
        except httpx.HTTPError as error:
            raise ProviderError(f"{verb} {url}: {error}") from error

    def _connected(self) -> httpx.Client:
        with self._lock:
            if self._http is None:
                import google.auth  # noqa: PLC0415 - a preview of nothing goes without
                from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
                from google.auth.transport.requests import Request  # noqa: PLC0415

                try:
                    credentials, _ = google.auth.default(scopes=_SCOPES)
                    credentials.refresh(Request())  # type: ignore[no-untyped-call]
                except GoogleAuthError as error:
                    raise ProviderError(f"google: could not find default credentials: {error.args[0]}") from error
                headers = {"Authorization": f"Bearer {credentials.token}"}
                self._http = httpx.Client(timeout=60, trust_env=True, headers=headers)
            return self._http


def _base(api: Api) -> str:
    host, word, base, _ = api
    return os.environ.get(f"GOOGLE_{word}_CUSTOM_ENDPOINT") or f"https://{host}{base}"


def _goes_on(told: Props) -> str | None:
    """The path at which an operation that runs is requested; None where it is over, or there is none.

    https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.operations
    https://cloud.google.com/compute/docs/api/how-tos/api-requests-responses#handling_api_responses
    """
    if told.get("kind") == "compute#operation":
        if told.get("status") == "DONE":
            return None
        return str(told["selfLink"]).partition("/compute/v1/")[2]
    if "/operations/" in str(told.get("name", "")) and not told.get("done"):
        return str(told["name"])
    return None


def _told(answer: httpx.Response) -> Props:
    body: Props = answer.json() if answer.content else {}
    if answer.status_code < 400:
        return body
    error = body.get("error") or {}
    where = f"{answer.request.method} {answer.request.url.path}"
    raise ProviderError(f"{where}: googleapi: Error {answer.status_code}: {error.get('message')}")
