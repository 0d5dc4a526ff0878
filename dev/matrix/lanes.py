"""The product's AWS clients, made again with another endpoint and another patience, and hooks on what they send."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.httpsession import URLLib3Session
from botocore.retries import standard

from bluegreen.aws import client as aws
from bluegreen.aws.client import AwsConnection

_IMPATIENT_SECONDS = 0.03


def without_backoff() -> None:
    """Retries of this process come at once: what is counted is whether they come, not how long they wait."""
    setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0)  # noqa: B010 - a method, on purpose


class Lane:
    """One way to the emulator.

    Args:
        endpoint: where calls go to instead; ``None`` leaves it to the environment.
        config: what differs from the product's own settings.

    Attributes:
        sending: called with each attempt of a call before it is sent; true gives it up very soon.
        answered: called with each attempt that got an answer.
        parameters: called with the parameters of each call.
    """

    def __init__(self, endpoint: str | None = None, config: Config | None = None) -> None:
        self._endpoint = endpoint
        self._config = config
        self._clients: dict[tuple[AwsConnection, str], Any] = {}
        self._impatient = URLLib3Session(timeout=_IMPATIENT_SECONDS)  # type: ignore[arg-type]
        self._deaf()

    def _deaf(self) -> None:
        self.sending: Callable[[str], bool | None] = lambda _: None
        self.answered: Callable[[str], None] = lambda _: None
        self.parameters: Callable[[str, dict[str, Any]], None] = lambda *_: None

    @contextmanager
    def used(self) -> Iterator[None]:
        """The product calls AWS this way meanwhile."""
        with aws.clients_by(self._client):
            try:
                yield
            finally:
                self._deaf()

    def close(self) -> None:
        """Let go of every connection, so that a forked process shares none."""
        for client in self._clients.values():
            client.close()

    def _client(self, connection: AwsConnection, service: str) -> Any:
        key = (connection, service)
        if key not in self._clients:
            self._clients[key] = self._made(connection, service)
        return self._clients[key]

    def _made(self, connection: AwsConnection, service: str) -> Any:
        settings = aws.SETTINGS if self._config is None else aws.SETTINGS.merge(self._config)
        where = dataclasses.replace(connection, endpoint_url=self._endpoint) if self._endpoint else connection
        # How often a call is tried is the lane's own setting.
        client = aws.make_client(where, service, settings, patient=False)
        name = client.meta.service_model.signing_name
        events = client.meta.events
        # The events of one attempt, not of the call: every request counts.
        events.register("before-send", lambda event_name, request, **_: self._send(_call(name, event_name), request))
        events.register("response-received", lambda event_name, **_: self.answered(_call(name, event_name)))
        events.register(
            "provide-client-params",
            lambda params, event_name, **_: self.parameters(_call(name, event_name), params),
        )
        return client

    def _send(self, call: str, request: AWSPreparedRequest) -> AWSResponse | None:
        return self._impatient.send(request) if self.sending(call) else None


def _call(service: str, event_name: str) -> str:
    return f"{service}:{event_name.rpartition('.')[2]}"
