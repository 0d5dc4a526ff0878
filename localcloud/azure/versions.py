"""The api-versions that Pulumi's provider speaks, where Microsoft's client speaks another one.

The table is that of the provider's stand-in, generated from Pulumi's SDK: it also has the properties that differ.
"""

from __future__ import annotations

from localcloud.azure.description.matching import resource_type
from localcloud.plugins.azure_native import table


def providers_versions() -> tuple[dict[str, tuple[str, ...]], dict[tuple[str, str], frozenset[str]]]:
    """Of types in lower case: the versions, and by type and version the paths of properties beside the client's."""
    found = {resource_type(table.entry(token)["url"]): token for token in table.tokens()}
    versions: dict[str, tuple[str, ...]] = {
        kind: (str(table.entry(token)["version"]),) for kind, token in found.items()
    }
    beside = {(kind, versions[kind][0]): table.beside(token) for kind, token in found.items()}
    return versions, beside
