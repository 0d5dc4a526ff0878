"""The clouds that are played, by their names in commands."""

from __future__ import annotations

from localcloud.azure.local import LocalAzure
from localcloud.cloudfoundry.local import LocalCloudFoundry
from localcloud.google.local import LocalGoogle
from localcloud.played import Played

PLAYED: dict[str, type[Played]] = {one.word: one for one in (LocalAzure, LocalGoogle, LocalCloudFoundry)}
