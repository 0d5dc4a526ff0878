"""The services that are played: one line each."""

from __future__ import annotations

from localcloud.google.compute import Compute
from localcloud.google.dns import CloudDns
from localcloud.google.functions import CloudFunctions
from localcloud.google.run import CloudRun
from localcloud.google.service import Service

SERVICES: tuple[type[Service], ...] = (CloudRun, Compute, CloudDns, CloudFunctions)
