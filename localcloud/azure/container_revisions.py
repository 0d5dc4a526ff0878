"""Container Apps: what follows from an app's template and traffic; nothing here changes anything.

https://learn.microsoft.com/azure/container-apps/revisions
https://learn.microsoft.com/azure/container-apps/traffic-splitting
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from localcloud.azure.errors import ArmError

MULTIPLE = "multiple"
_SUFFIX = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?|[0-9][a-z0-9-]*[a-z0-9]|[0-9]")
_LONGEST = 54
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")


@dataclass
class Revision:
    """A snapshot of a template, which never changes.

    Attributes:
        name: `app--suffix`.
        template: what it was made of.
        active: whether its containers run; one that is not takes no requests.
        state: its provisioning: Provisioning, Provisioned, Failed.
        error: why it failed.
        ready: whether it can take requests.
        replicas: how many run.
    """

    name: str
    template: dict[str, Any]
    active: bool = True
    state: str = "Provisioning"
    error: str = ""
    ready: bool = False
    replicas: int = 0
    created: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    def told(self, resource_id: str, fqdn: str, weight: int) -> dict[str, Any]:
        """As the API tells it."""
        properties: dict[str, Any] = {
            "createdTime": self.created.isoformat(),
            "fqdn": fqdn,
            "template": self.template,
            "active": self.active,
            "replicas": self.replicas,
            "trafficWeight": weight,
            "healthState": "Healthy" if self.ready else "Unhealthy" if self.state == "Failed" else "None",
            "provisioningState": self.state,
            "runningState": self.running_state,
        }
        if self.error:
            properties["provisioningError"] = self.error
        path = f"{resource_id}/revisions/{self.name}"
        return {
            "id": path,
            "name": self.name,
            "type": "Microsoft.App/containerApps/revisions",
            "properties": properties,
        }

    @property
    def running_state(self) -> str:
        if not self.active:
            return "Stopped"
        return "Failed" if self.state == "Failed" else "Running" if self.ready else "Processing"


def mode(properties: Mapping[str, Any]) -> str:
    """`single` or `multiple`; single if nothing is said."""
    return str((properties.get("configuration") or {}).get("activeRevisionsMode") or "Single").lower()


def ingress(properties: Mapping[str, Any]) -> dict[str, Any] | None:
    """How requests come in, if they do."""
    return (properties.get("configuration") or {}).get("ingress")


def traffic(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rules; all goes to the latest revision where there are none."""
    found = (ingress(properties) or {}).get("traffic")
    return found or [{"latestRevision": True, "weight": 100}]


def shares(properties: Mapping[str, Any], latest: str) -> dict[str, int]:
    """Revision -> percent of the requests, of those that are named; `latest` is the newest one that is ready."""
    found: dict[str, int] = {}
    everything: list[dict[str, Any]] = [{"latestRevision": True, "weight": 100}]
    for rule in traffic(properties) if mode(properties) == MULTIPLE else everything:
        name = latest if rule.get("latestRevision") else str(rule["revisionName"])
        found[name] = found.get(name, 0) + int(rule.get("weight") or 0)
    return found


def check_traffic(properties: Mapping[str, Any], known: Mapping[str, Revision], coming: str) -> None:
    """Refuses rules that cannot be.

    That a revision is not active is no reason: its share of the requests then fails
    (https://github.com/microsoft/azure-container-apps/issues/1345).

    Args:
        properties: of the app as it is to be.
        known: the revisions that there are.
        coming: the name of the one that this write makes; nothing if it makes none.

    Raises:
        ArmError: 400, with the rule.
    """
    given = (ingress(properties) or {}).get("traffic") or []
    labels: dict[str, str] = {}
    for number, rule in enumerate(given):
        where = f"configuration.ingress.traffic[{number}]"
        named, latest = rule.get("revisionName"), rule.get("latestRevision")
        if bool(named) == bool(latest):
            raise _refused(f"{where}: one of revisionName and latestRevision has to be given, and not both")
        if named and named not in known and named != coming:
            raise _refused(f"{where}: there is no revision '{named}'")
        if not 0 <= int(rule.get("weight") or 0) <= 100:
            raise _refused(f"{where}: weight is {rule['weight']}; allowed: 0 to 100")
        label = rule.get("label")
        if label:
            if not _LABEL.fullmatch(label) or "--" in label:
                raise _refused(f"{where}: label '{label}' has to be lower-case letters, digits and single dashes")
            if label in labels:
                raise _refused(f"{where}: label '{label}' is on {labels[label]} already")
            labels[label] = named or "the latest revision"
    if given and mode(properties) != MULTIPLE and any(rule.get("revisionName") for rule in given):
        raise _refused("configuration.ingress.traffic names revisions, which needs activeRevisionsMode Multiple")
    total = sum(int(rule.get("weight") or 0) for rule in given)
    if given and total != 100:
        raise _refused(f"the weights in configuration.ingress.traffic add up to {total}, and not to 100")


def check_name(app: str, suffix: str) -> str:
    """The name of a revision, of the app's and a suffix.

    Raises:
        ArmError: it cannot be one: 400.
    """
    name = f"{app}--{suffix}"
    if not _SUFFIX.fullmatch(suffix) or "--" in suffix or len(name) > _LONGEST:
        raise _refused(
            f"revisionSuffix '{suffix}' has to be lower-case letters, digits and single dashes, and '{name}' at most "
            f"{_LONGEST} characters"
        )
    return name


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two templates are the same release, whatever their revisions are called."""
    return _without_suffix(one) == _without_suffix(other)


def settings(template: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, str]:
    """The first container's environment, with the secrets that it refers to.

    Raises:
        ArmError: there is no such secret: 400.
    """
    found = {}
    for one in template["containers"][0].get("env") or []:
        reference = one.get("secretRef")
        if reference and reference not in secrets:
            raise _refused(
                f"env '{one.get('name')}' refers to the secret '{reference}', which is not in configuration.secrets"
            )
        found[one["name"]] = secrets[reference] if reference else str(one.get("value") or "")
    return found


def probe_path(template: Mapping[str, Any]) -> str:
    """The path of a readiness or startup probe; without one, an open port is enough."""
    for one in template["containers"][0].get("probes") or []:
        if str(one.get("type", "")).lower() in ("readiness", "startup") and one.get("httpGet"):
            return str(one["httpGet"].get("path") or "/")
    return ""


def _without_suffix(template: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in template.items() if name != "revisionSuffix"}


def _refused(message: str) -> ArmError:
    return ArmError(400, "ContainerAppInvalidConfiguration", f"{message}.")
