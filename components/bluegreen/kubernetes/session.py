"""Requests to a cluster over the official client: sending, retries, and the texts of refusals."""

from __future__ import annotations

import contextlib
import json
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import tenacity
import urllib3
from kubernetes import client as kubernetes_client
from kubernetes import config as kubernetes_config
from kubernetes.client.exceptions import ApiException

from bluegreen.file_places import is_file, path_of
from bluegreen.rollout.calls import pause

# A call that hangs is given up, not waited for; five tries with jitter are over within some seconds.
_TIMEOUT_SECONDS = (5.0, 15.0)
_ATTEMPTS = 5
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0
# A throttled call was not done, and the API server says how long to wait.
_THROTTLED_ATTEMPTS = 12
_AGAIN = frozenset({0, 429, 500, 502, 503, 504})
# Kept open for as many swaps of one process as there may be at once: another handshake costs more than a call.
_CONNECTIONS = 64
_IN_CLUSTER = "KUBERNETES_SERVICE_HOST"


class NoSession(Exception):
    """There is no way to reach a cluster."""


class Refused(Exception):
    """The API server said no.

    Attributes:
        status: the HTTP status; 0 where there was no connection that could be trusted.
        message: what it said.
        kind: the plural of what the refusal is about; empty where it names none.
        retry_after_seconds: how long it asks to wait.
    """

    def __init__(self, status: int, message: str, kind: str = "", retry_after_seconds: float = 0) -> None:
        self.status = status
        self.message = message
        self.kind = kind
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, to be sent as often as it takes."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    content_type: str = "application/json"
    accept: str = "application/json"

    @property
    def names_a_version(self) -> bool:
        """Whether it is for an object as it was read: sent again, it would be refused again."""
        return "resourceVersion" in ((self.body or {}).get("metadata") or {})


class Session:
    """One user's connection to one cluster, kept open between calls."""

    def __init__(self, kubeconfig: str | None, context: str | None) -> None:
        self._client = _open(kubeconfig, context)
        settings = self._client.configuration
        self._unnamed = not settings.api_key and not settings.cert_file

    def send(self, request: Request) -> dict[str, Any]:
        """Send a request once.

        Raises:
            Refused: the API server said no.
            HTTPError: urllib3's, there was no answer.
        """
        try:
            answer = self._client.call_api(
                request.path,
                request.method,
                query_params=list(request.query.items()),
                header_params={"Accept": request.accept, "Content-Type": request.content_type},
                body=request.body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=_TIMEOUT_SECONDS,
            )
            content = json.loads(answer.data or b"{}")
        except ApiException as error:
            raise _refused(error, unnamed=self._unnamed) from error
        except ValueError as error:
            raise Refused(502, "the answer is no JSON: is something else in the API server's place?") from error
        return content if isinstance(content, dict) else {}


def retrying(once: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Repeat a request until there is a final answer, with bounded tries and pauses in between."""
    again = tenacity.Retrying(retry=_worth_it, stop=_enough, wait=_pause_seconds, sleep=pause, reraise=True)
    answer: dict[str, Any] = again(once)
    return answer


def _error(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _worth_it(state: tenacity.RetryCallState) -> bool:
    error = _error(state)
    if isinstance(error, Refused):
        # A write that met another one of the same instant is not done; one that names another uid never will be.
        return error.status in _AGAIN or (error.status == 409 and "object has been modified" in error.message)
    return isinstance(error, urllib3.exceptions.HTTPError)


def _enough(state: tenacity.RetryCallState) -> bool:
    error = _error(state)
    throttled = isinstance(error, Refused) and error.status == 429
    return state.attempt_number >= (_THROTTLED_ATTEMPTS if throttled else _ATTEMPTS)


def _pause_seconds(state: tenacity.RetryCallState) -> float:
    error = _error(state)
    asked = error.retry_after_seconds if isinstance(error, Refused) else 0.0
    longest = min(_FIRST_PAUSE_SECONDS * 2 ** (state.attempt_number - 1), _LONGEST_PAUSE_SECONDS)
    return min(asked, _LONGEST_PAUSE_SECONDS) + random.uniform(0, longest)  # noqa: S311 - jitter, not a secret


def _open(kubeconfig: str | None, context: str | None) -> Any:
    settings = kubernetes_client.Configuration()
    # Requested at this moment: the client itself knows only what the variable was when it was imported.
    paths = kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    there = any(is_file(path_of(path)) for path in paths.split(os.pathsep) if path)
    try:
        if there:
            kubernetes_config.load_kube_config(
                config_file=paths, context=context, client_configuration=settings, persist_config=False
            )
        elif kubeconfig is None and context is None and os.environ.get(_IN_CLUSTER):
            kubernetes_config.load_incluster_config(client_configuration=settings)
        else:
            raise NoSession(f"there is no kubeconfig at {paths}")
    except (kubernetes_config.ConfigException, OSError) as error:
        raise NoSession(str(error)) from error
    except NoSession:
        raise
    except Exception as error:  # noqa: BLE001 - reported without the file's own words: it has credentials in it
        raise NoSession(f"{paths} cannot be read as a kubeconfig ({type(error).__name__})") from None
    settings.connection_pool_maxsize = _CONNECTIONS
    settings.retries = False  # tried again here, where a write asks first whether it still may
    made = kubernetes_client.ApiClient(settings)
    made.user_agent = "bluegreen"
    return made


def _refused(error: ApiException, *, unnamed: bool) -> Refused:
    said: dict[str, Any] = {}
    with contextlib.suppress(ValueError):
        content = json.loads(error.body or b"{}")
        said = content if isinstance(content, dict) else {}
    status = int(error.status or 0)
    message = str(said.get("message") or f"status {status} {' '.join(str(error.reason or '').split())}")
    if unnamed and status in (401, 403):
        message += "; the kubeconfig gave no credentials"
    kind = (said.get("details") or {}).get("kind") or ""
    return Refused(status, message, str(kind), _seconds((error.headers or {}).get("Retry-After")))


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isdecimal() else 0.0
