"""Azure on this machine, in this process.

with Azure() as azure:
    azure.url          # Azure Resource Manager and the token endpoint
    azure.plane.url    # where requests to the apps go
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from localcloud.azure import description
from localcloud.azure.api import Api
from localcloud.azure.application_gateways import ApplicationGateways
from localcloud.azure.autoscale import AutoscaleSettings
from localcloud.azure.container_apps import ContainerApps
from localcloud.azure.description.matching import Matcher
from localcloud.azure.identity import Identity
from localcloud.azure.load_balancers import LoadBalancers
from localcloud.azure.network import PublicAddresses, VirtualNetworks
from localcloud.azure.plain import Environments, ResourceGroups
from localcloud.azure.roles import Principal
from localcloud.azure.scale_sets import ScaleSets
from localcloud.azure.server import answering
from localcloud.azure.tags import Tags
from localcloud.azure.throttling import Buckets
from localcloud.azure.traffic_manager import TrafficManager
from localcloud.azure.versions import providers_versions
from localcloud.azure.web_sites import Plans, WebApps
from localcloud.azure.world import Pace, World
from localcloud.envoy.names import Names
from localcloud.envoy.plane import Plane
from localcloud.tls_server import Server

SUBSCRIPTION = "22222222-2222-2222-2222-222222222222"
OWNER = Principal("33333333-3333-3333-3333-333333333333", "local")
"""Who may do everything here."""
DOMAINS = (".azurewebsites.net", ".azurecontainerapps.io", ".trafficmanager.net")
"""Those that apps have names in."""


class Azure:
    """A context manager.

    Args:
        principals: who may ask for tokens, beside `OWNER`.
        pace: how long things take.
        buckets: how much may be requested.
        port: of the API; a free one if it is 0.
    """

    def __init__(
        self,
        principals: Iterable[Principal] = (),
        pace: Pace | None = None,
        buckets: Buckets | None = None,
        port: int = 0,
    ) -> None:
        self.plane = Plane()
        self.world = World(self.plane, pace or Pace())
        self.identity = Identity([OWNER, *principals])
        kinds = (
            ResourceGroups,
            Tags,
            Environments,
            ContainerApps,
            Plans,
            WebApps,
            TrafficManager,
            VirtualNetworks,
            PublicAddresses,
            ApplicationGateways,
            LoadBalancers,
            ScaleSets,
            AutoscaleSettings,
        )
        versions, beside = providers_versions()
        self.api = Api(
            self.world,
            [kind(self.world) for kind in kinds],
            Matcher(description.load(), versions),
            self.identity,
            buckets or Buckets(),
            beside,
        )
        self._port = port

    def __enter__(self) -> Azure:
        with ExitStack() as stack:
            self.home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bluegreen-azure-")))
            stack.enter_context(self.plane)
            stack.callback(self.world.operations.end)
            self._server = stack.enter_context(
                Server(answering(self.api, self.identity), self.home / "azure.pem", self._port)
            )
            self.names = stack.enter_context(Names(self.plane.url, self.certificate, DOMAINS))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        """Azure Resource Manager, and the authority that gives tokens."""
        return self._server.url

    @property
    def certificate(self) -> Path:
        """The certificate that a client has to trust."""
        return self._server.certificate
