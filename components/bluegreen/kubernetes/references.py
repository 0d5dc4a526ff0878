"""What one object says of another by its name: found wherever it stands, in whatever kind, so that none dangles. Pure.

======================================================= ================================================================
where                                                   what is named
======================================================= ================================================================
an object with ``kind`` and ``name``                    that kind: ``scaleTargetRef``, ``targetRef``, ``roleRef``,
                                                        ``subjects``, ``dataSource``
a text whose key ends with ``secretName``,              a Secret, a ConfigMap, a PersistentVolumeClaim, a Service, a
``configMapName``, ``claimName``, ``serviceName``,      ServiceAccount
``serviceAccountName``
an object with ``name`` whose key begins or ends with   the same: ``secretKeyRef``, ``configMapRef``, ``service`` of an
such a kind                                             Ingress, ``nodePublishSecretRef`` of a CSI volume
items of ``imagePullSecrets``, ``secrets``,             a Secret, a Service
``services``, ``backendRefs``
``scaleTargetRef`` without a kind                       a Deployment, as KEDA has it
``host`` in Istio's kinds                               a Service
``resourceNames`` in a role                             what its ``resources`` are
======================================================= ================================================================

A name within a text is not looked for, nor in what is the user's own: data, labels, annotations, arguments, values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Follow = Callable[[str, str], str]
"""The name to say in place of an object's, by its kind and name."""

_OPAQUE = frozenset(
    {"annotations", "args", "binaryData", "command", "data", "labels", "matchLabels", "selector", "stringData", "value"}
)
_KINDS = {
    "secret": "Secret",
    "configmap": "ConfigMap",
    "persistentvolumeclaim": "PersistentVolumeClaim",
    "claim": "PersistentVolumeClaim",
    "serviceaccount": "ServiceAccount",
    "service": "Service",
}
_TEXT = re.compile(r"(?<!resource)(serviceaccount|secret|configmap|claim|service)name\Z", re.IGNORECASE)
_OBJECT = re.compile(
    r"(serviceaccount|secret|configmap|persistentvolumeclaim|service)(key)?(ref|reference|selector)?\Z", re.IGNORECASE
)
_ITEMS = {"imagePullSecrets": "Secret", "secrets": "Secret", "services": "Service", "backendRefs": "Service"}
_WITHOUT_KIND = {"scaleTargetRef": "Deployment", "backendRef": "Service"}
_ISTIO = ("networking.istio.io/", "security.istio.io/")
_RESOURCES = {
    "configmaps": "ConfigMap",
    "cronjobs": "CronJob",
    "daemonsets": "DaemonSet",
    "deployments": "Deployment",
    "horizontalpodautoscalers": "HorizontalPodAutoscaler",
    "jobs": "Job",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "poddisruptionbudgets": "PodDisruptionBudget",
    "replicasets": "ReplicaSet",
    "secrets": "Secret",
    "serviceaccounts": "ServiceAccount",
    "services": "Service",
    "statefulsets": "StatefulSet",
}


def followed(
    manifest: Mapping[str, Any],
    follow: Follow,
    of_service: Callable[[str, Mapping[str, Any]], None] = lambda _name, _value: None,
) -> dict[str, Any]:
    """The object with every name that it says of another replaced; its own name and labels stay.

    Args:
        manifest: the object.
        follow: what to say in place of a name.
        of_service: called with the name of each Service that is named, and with what stands beside that name.
    """
    where = manifest.get("metadata") or {}
    walk = _Walk(
        follow,
        str(manifest.get("apiVersion", "")),
        where.get("namespace") if isinstance(where, Mapping) else None,
        of_service,
    )
    return {
        key: value if key in ("metadata", "kind", "apiVersion") or key in _OPAQUE else walk.value(key, value)
        for key, value in manifest.items()
    }


def named_in(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What an object says of others: kind and name."""
    found: list[tuple[str, str]] = []

    def note(kind: str, name: str) -> str:
        found.append((kind, name))
        return name

    followed(manifest, note)
    yield from dict.fromkeys(found)


def ports_in(manifest: Mapping[str, Any]) -> Iterator[tuple[str, int | str]]:
    """Which ports of which Services an object names: the Service's name, and the port's number or name."""
    found: list[tuple[str, int | str]] = []

    def note(name: str, value: Mapping[str, Any]) -> None:
        port = value.get("port", value.get("servicePort"))
        said = port.get("number", port.get("name")) if isinstance(port, Mapping) else port
        if isinstance(said, (int, float, str)) and not isinstance(said, bool):
            found.append((name, said if isinstance(said, str) else int(said)))

    followed(manifest, lambda _, name: name, note)
    yield from dict.fromkeys(found)


class _Walk:
    def __init__(
        self,
        follow: Follow,
        api_version: str,
        namespace: object,
        of_service: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self._follow = follow
        self._of_service = of_service
        self._is_istio = api_version.startswith(_ISTIO)
        self._namespace = namespace

    def value(self, key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self._object(key, value)
        if isinstance(value, (list, tuple)):
            return [self._item(key, item) for item in value]
        return self._text(key, value) if isinstance(value, str) else value

    def _text(self, key: str, value: str) -> str:
        if self._is_istio and key == "host":
            return self._follow("Service", value)
        found = _TEXT.search(key)
        if found is not None:
            return self._follow(_KINDS[found[1].lower()], value)
        return self._follow("ServiceAccount", value) if key == "serviceAccount" else value

    def _object(self, key: str, value: Mapping[str, Any]) -> dict[str, Any]:
        if "resourceNames" in value and isinstance(value.get("resources"), (list, tuple)):
            return {**value, "resourceNames": self._resource_names(value)}
        for name in ("host" if self._is_istio else "", "serviceName"):
            if isinstance(value.get(name), str):
                self._of_service(self._short(value[name]), value)
        found = _OBJECT.search(key)
        kind = value.get("kind") or _WITHOUT_KIND.get(key) or (_KINDS[found[1].lower()] if found else None)
        made = {name: item if name in _OPAQUE else self.value(name, item) for name, item in value.items()}
        return self._named(kind, value, made)

    def _item(self, key: str, item: Any) -> Any:
        if not isinstance(item, Mapping):
            return self.value("", item) if isinstance(item, (list, tuple)) else item
        made = self._object("", item)
        return self._named(_ITEMS[key], item, made) if key in _ITEMS and not item.get("kind") else made

    def _named(self, kind: object, value: Mapping[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        name, elsewhere = value.get("name"), value.get("namespace") not in (None, self._namespace)
        if isinstance(kind, str) and isinstance(name, str) and not (elsewhere and self._namespace is not None):
            if kind == "Service":
                self._of_service(name, value)
            return {**made, "name": self._follow(kind, name)}
        return made

    def _short(self, host: str) -> str:
        """A Service's name of its name in the DNS, where it is in the object's own namespace."""
        name, _, rest = host.partition(".")
        return name if rest.split(".")[0] in ("", self._namespace) else host

    def _resource_names(self, rule: Mapping[str, Any]) -> list[Any]:
        kinds = [
            _RESOURCES[one.partition("/")[0]] for one in rule["resources"] if str(one).partition("/")[0] in _RESOURCES
        ]
        said = []
        for name in rule["resourceNames"]:
            new = [other for kind in kinds if isinstance(name, str) and (other := self._follow(kind, name)) != name]
            said.append(new[0] if new else name)
        return said
