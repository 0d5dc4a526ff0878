"""Azure's API as Microsoft's own client packages describe it.

They are read as text, once a version, and never imported: that is quicker, and what they would do is not wanted.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterable
from pathlib import Path

from localcloud import cache
from localcloud.azure.description.model import Package
from localcloud.azure.description.reading import read
from localcloud.errors import LocalCloudError

PACKAGES = {
    "azure-mgmt-appcontainers": "azure/mgmt/appcontainers",
    "azure-mgmt-web": "azure/mgmt/web",
    "azure-mgmt-trafficmanager": "azure/mgmt/trafficmanager",
    "azure-mgmt-resource": "azure/mgmt/resource/resources",
    "azure-mgmt-network": "azure/mgmt/network",
    "azure-mgmt-compute": "azure/mgmt/compute",
    "azure-mgmt-monitor": "azure/mgmt/monitor",
}
"""Distribution -> where its operations and models are."""
PLAYED = (
    "azure-mgmt-appcontainers",
    "azure-mgmt-web",
    "azure-mgmt-trafficmanager",
    "azure-mgmt-resource",
    "azure-mgmt-network",
    "azure-mgmt-compute",
    "azure-mgmt-monitor",
)
"""Those that something is played of."""
_SHAPE = "1"
"""Of what is kept in the cache; another one when `model` changes."""


def load(names: Iterable[str] = PLAYED) -> list[Package]:
    """The descriptions in these distributions, from the cache where they have been read before.

    Raises:
        LocalCloudError: one is not installed.
    """
    return [_package(name) for name in names]


def _package(name: str) -> Package:
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError as error:
        raise LocalCloudError(f"there is no {name}: install bluegreen[dev], which has Microsoft's packages") from error
    home = Path(str(found.locate_file(PACKAGES[name])))

    def make(directory: Path) -> None:
        (directory / "description.json").write_text(json.dumps(read(home).to_json()))

    made = cache.ensure(f"description-{name}", f"{found.version}-{_SHAPE}", make)
    return Package.from_json(json.loads((made / "description.json").read_text()))
