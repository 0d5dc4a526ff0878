"""From a program's inputs to a request, and from an answer to outputs: pure, and the same for every type."""

from __future__ import annotations

import re
from typing import Any

from localcloud.plugins.azure_native import table
from localcloud.plugins.differences import Difference, compared
from localcloud.plugins.values import UNKNOWN, Props


def resource_id(token: str, subscription: str, inputs: Props) -> str:
    """The id that a resource has or will have."""
    places = {"subscriptionId": subscription, **inputs}
    return re.sub(r"\{(\w+)\}", lambda match: str(places[match[1]]), table.entry(token)["url"])


def body(token: str, inputs: Props) -> Props:
    """The body of a request: all inputs but those of the URL."""
    where, kinds = table.entry(token)["where"], table.kinds(token)
    given = {name: table.sent(value, kinds[name]) for name, value in inputs.items() if name in kinds}
    top = {name: value for name, value in given.items() if where.get(name) == "top"}
    below = {name: value for name, value in given.items() if where.get(name) == "properties"}
    return {**top, "properties": below} if below else top


def outputs(token: str, resource: str, answer: Props) -> Props:
    """The properties that the SDK takes from an answer: what is under `properties` stands beside the rest."""
    flat = _flat(token, answer)
    known = table.entry(token)["out"]
    values = {name: flat[name] for name in known if flat.get(name) is not None}
    return {**values, "id": resource, "azureApiVersion": table.entry(token)["version"]}


def _flat(token: str, answer: Props) -> Props:
    """An answer with what is under `properties` beside the rest, in its parts, too."""
    kinds = table.kinds(token)
    flat = {**(answer.get("properties") or {}), **{name: one for name, one in answer.items() if name != "properties"}}
    return {name: table.told(value, kinds.get(name, "*")) for name, value in flat.items()}


def planned(token: str, inputs: Props, olds: Props) -> Props:
    """Outputs as a preview knows them: what is written stays, what Azure says is not known yet."""
    known = {name: value for name, value in inputs.items() if name in table.entry(token)["out"]}
    unknown = dict.fromkeys(table.entry(token)["out"], UNKNOWN)
    kept = {name: olds[name] for name in ("name", "type", "id", "azureApiVersion") if name in olds}
    return {**unknown, **kept, **known}


def differences(token: str, olds: Props, news: Props, ignore: tuple[str, ...]) -> list[Difference]:
    """How new inputs differ from old ones, without what is to be ignored."""
    return compared(olds, news, set(table.entry(token)["forces"]), ignore)


def refreshed(token: str, inputs: Props, answer: Props) -> Props:
    """Inputs as they are now: where Azure says something else than what was written, that; what it never says stays."""
    where = table.entry(token)["where"]
    live = _flat(token, answer)
    return {
        name: value if where.get(name) == "place" or name not in live else _settled(value, live[name])
        for name, value in inputs.items()
    }


def _settled(written: Any, live: Any) -> Any:
    if isinstance(written, dict) and isinstance(live, dict):
        return {name: _settled(value, live[name]) if name in live else value for name, value in written.items()}
    if isinstance(written, list) and isinstance(live, list):
        if len(written) != len(live):
            return live
        return [_settled(one, other) for one, other in zip(written, live, strict=True)]
    if isinstance(written, str) and isinstance(live, str) and written.lower() == live.lower():
        return written  # ids and enums come back in Azure's own case
    return live
