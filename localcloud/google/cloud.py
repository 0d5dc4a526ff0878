"""Google Cloud on this machine, in this process.

with Google() as google:
    google.url          # its APIs and the token endpoint
    google.plane.url    # where requests to the services go
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from localcloud.envoy.names import Names
from localcloud.envoy.plane import Plane
from localcloud.google.api import Api
from localcloud.google.identity import TOKEN_PATH, Identity, Principal
from localcloud.google.server import answering
from localcloud.google.services import SERVICES
from localcloud.google.world import World
from localcloud.tls_server import Server

PROJECT, REGION = "shop", "europe-west1"
OWNER = "owner@shop.iam.gserviceaccount.com"
"""The service account that may do everything here."""
DOMAINS = (".run.app", ".cloudfunctions.net")
"""Those that services have names in."""
ADDRESSES = ("34.149.0.",)
"""Those that load balancers have."""
STEP_SECONDS = 0.05
"""Between two steps of whatever runs. At Google most of it takes longer."""


class Google:
    """A context manager.

    Args:
        principals: who may ask for tokens, beside `OWNER`.
        port: of the APIs; a free one if it is 0.
    """

    def __init__(self, principals: Iterable[Principal] = (), port: int = 0) -> None:
        self.plane = Plane()
        self.world = World(self.plane)
        self.principals = {one.email: one for one in (Principal(OWNER), *principals)}
        self.identity = Identity(self.principals.values())
        self.api = Api(self.world, [kind(self.world) for kind in SERVICES])
        self._port = port
        self._ended = threading.Event()

    def __enter__(self) -> Google:
        with ExitStack() as stack:
            self.home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bluegreen-google-")))
            stack.enter_context(self.plane)
            steps = threading.Thread(target=self._go_on, daemon=True)
            stack.callback(steps.join)
            stack.callback(self._ended.set)
            steps.start()
            answer = answering(self.world, self.api, self.identity)
            self._server = stack.enter_context(Server(answer, self.home / "google.pem", self._port))
            self.names = stack.enter_context(Names(self.plane.url, self.certificate, DOMAINS, ADDRESSES))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _go_on(self) -> None:
        while not self._ended.wait(STEP_SECONDS):
            with self.world.lock:
                if self.world.works.going_on:
                    self.world.works.go_on()
                    self.world.changed()

    @property
    def url(self) -> str:
        """The APIs, below the addresses of their services, and the token endpoint."""
        return self._server.url

    @property
    def certificate(self) -> Path:
        """The certificate that a client has to trust."""
        return self._server.certificate

    def credentials(self, email: str = OWNER) -> dict[str, str]:
        """The key of a service account, as its file has it."""
        return self.principals[email].credentials(PROJECT, f"{self.url}{TOKEN_PATH}")

    def env(self, credentials: Path, email: str = OWNER) -> dict[str, str]:
        """The environment that leads clients and Pulumi's plugin here as somebody, whose key is written there."""
        credentials.write_text(json.dumps(self.credentials(email)))
        return {**environment(self.url), "GOOGLE_APPLICATION_CREDENTIALS": str(credentials)}


def environment(url: str) -> Mapping[str, str]:
    """The environment that leads there, but for who asks."""
    endpoints = {f"GOOGLE_{one.variable}_CUSTOM_ENDPOINT": f"{url}/{one.host}{one.base}" for one in SERVICES}
    return {"GOOGLE_CLOUD_PROJECT": PROJECT, "GOOGLE_PROJECT": PROJECT, "GOOGLE_REGION": REGION, **endpoints}
