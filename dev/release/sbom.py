"""A bill of materials (CycloneDX) of the plugin's environment: every package in it, by its pin. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)", re.MULTILINE)
PROJECT = "bluegreen"


def bill(requirements: str, version: str) -> str:
    """The bill as text; the same pins make the same one.

    Args:
        requirements: the file that the plugin's environment is made from.
        version: of the package.
    """
    parts = [_component("library", one["name"], one["version"]) for one in _PIN.finditer(requirements)]
    parts.sort(key=lambda part: str(part["bom-ref"]))
    own = {**_component("application", PROJECT, version), "licenses": [{"license": {"id": "Apache-2.0"}}]}
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
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
