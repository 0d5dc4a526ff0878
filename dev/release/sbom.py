"""A bill of materials (CycloneDX) of the plugin's environment: every package in it, by its pin. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)", re.MULTILINE)
PROJECT = "bluegreen"
SPEC = "1.6"
"""CycloneDX' version."""


def bill(requirements: str, version: str, repository: str = "") -> str:
    """The bill as text; the same pins make the same one.

    Args:
        requirements: the file that the plugin's environment is made from.
        version: of the package.
        repository: its URL; empty where none is known.
    """
    parts = [_component("library", one["name"], one["version"]) for one in _PIN.finditer(requirements)]
    parts.sort(key=lambda part: str(part["bom-ref"]))
    own = {**_component("application", PROJECT, version), "licenses": [{"license": {"id": "Apache-2.0"}}]}
    if repository:
        own["externalReferences"] = [{"type": "vcs", "url": repository}]
    whole = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {"component": own},
        "components": parts,
        "dependencies": [{"ref": own["bom-ref"], "dependsOn": [part["bom-ref"] for part in parts]}],
    }
    return json.dumps(whole, indent=2) + "\n"


def _component(kind: str, name: str, version: str) -> dict[str, Any]:
    # Package URLs have names as the index compares them: https://github.com/package-url/purl-spec
    purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"
    return {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl}
