"""What the variants on Google Cloud share: its stand-in in the test's process, and a proxy before all of its APIs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from localcloud import fault_google
from localcloud.cloud import LocalCloud
from localcloud.fault_proxy import FaultProxy
from localcloud.google.cloud import Google
from localcloud.google.service import Service
from tests.e2e.stack import Stack
from tests.scenarios.variant import Variant


class OnGoogle(Variant):
    """A variant on Google Cloud.

    Attributes:
        api: the API of whatever the swap writes.
    """

    api: ClassVar[type[Service]]
    can_abort = True

    def prepare(self, request: pytest.FixtureRequest) -> None:
        self.google = Google()

    @contextlib.contextmanager
    def proxy(self, cloud: LocalCloud) -> Iterator[FaultProxy]:
        with self.google, FaultProxy(self.google.url, api=fault_google) as proxy:
            yield proxy

    def through(self, stack: Stack, proxy: FaultProxy) -> None:
        certificate = str(self.google.certificate)
        found = self.google.env(stack.folder / "credentials.json")
        endpoints = {
            key: value.replace(self.google.url, proxy.url)
            for key, value in found.items()
            if key.endswith("_CUSTOM_ENDPOINT")
        }
        stack.env |= {**found, **endpoints, "SSL_CERT_FILE": certificate, "REQUESTS_CA_BUNDLE": certificate}

    def ask(self, verb: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        """Somebody's own request to that API, who may do everything."""
        with self.google.world.lock:
            found: Mapping[str, Any] = self.google.api.ask(
                self.api.host, verb, f"{self.api.base}{path}", query, body, None
            )
            return dict(found)
