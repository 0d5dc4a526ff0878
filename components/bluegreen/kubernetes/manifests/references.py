"""References to objects by name: found wherever they stand, in any kind, so that none dangles. Pure.

======================================================= ================================================================
where                                                   what is named
======================================================= ================================================================
an object with ``kind`` and ``name``                    that kind: ``scaleTargetRef``, ``targetRef``, ``roleRef``,
                                                        ``subjects``, ``dataSource``
a field, an annotation or a label that the table knows  what ``reference_table`` says: ``middlewares`` of Traefik,
                                                        ``cert-manager.io/issuer``
a text whose key ends with ``secretName``,              a Secret, a ConfigMap, a PersistentVolumeClaim, a Service, a
``configMapName``, ``claimName``, ``serviceName``,      ServiceAccount
``serviceAccountName``, ``…Secret``, ``…Service``
an object with ``name`` whose key begins or ends with   the same: ``secretKeyRef``, ``configMapRef``, ``service`` of an
such a kind                                             Ingress, ``nodePublishSecretRef`` of a CSI volume
``resourceNames`` in a role                             what its ``resources`` are
an address in any text                                  a Service: ``http://redis:6379``, ``redis.shop.svc``; in
                                                        variables, ConfigMaps and Secrets ``REDIS_HOST: redis``, too;
                                                        see ``addresses``
======================================================= ================================================================

A word that may be anything is left alone: an argument that says ``web``.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from bluegreen.kubernetes.manifests import addresses
from bluegreen.kubernetes.manifests.reference_table import ANNOTATIONS, HOSTS, OBJECTS, TEXTS

Follow = Callable[[str, str], str]
"""The name to say in place of an object's, by its kind and name."""
OfService = Callable[[str, Mapping[str, Any]], None]

_OPAQUE = frozenset({"binaryData", "labels", "matchLabels", "selector", "value"})
_TEXTS_OF_USERS = frozenset({"args", "command", "data", "stringData"})
_KINDS = {
    "secret": "Secret",
    "configmap": "ConfigMap",
    "persistentvolumeclaim": "PersistentVolumeClaim",
    "claim": "PersistentVolumeClaim",
    "serviceaccount": "ServiceAccount",
    "service": "Service",
}
_TEXT = re.compile(r"(?<!resource)(serviceaccount|secret|configmap|claim|service)names?\Z", re.IGNORECASE)
_TEXT_OF_KIND = re.compile(r"[a-z](Secret|ConfigMap|Service)s?\Z")
_OBJECT = re.compile(
    r"(serviceaccount|secret|configmap|persistentvolumeclaim|service)(key|target)?(ref|reference|selector)?\Z",
    re.IGNORECASE,
)
# A list of such: where the key does not say that it refers, its items may be anything.
_OBJECTS_LISTED = re.compile(
    r"(serviceaccount|secret|configmap|persistentvolumeclaim|service)(key|target)?(ref|reference)s?\Z", re.IGNORECASE
)
_ANNOTATION = re.compile(r"(secret|configmap)(-?name)?\Z")
_BY_GATEWAYS = "@kubernetescrd"
_PRINCIPAL = re.compile(r"(?P<before>.*/ns/(?P<namespace>[^/]+)/sa/)(?P<name>[^/]+)\Z")
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
    of_service: OfService = lambda _name, _value: None,
    follow_address: Callable[[str], str] | None = None,
    ports: addresses.Ports = MappingProxyType({}),
) -> dict[str, Any]:
    """The object with every name that it says of another replaced; its own name and labels stay.

    Args:
        manifest: the object.
        follow: what to say in place of a name.
        of_service: called with the name of each Service that is named, and with what stands beside that name.
        follow_address: what to say in place of a Service's name in an address; by ``follow`` when absent.
        ports: of Services, by their names.
    """
    walk = _Walk(follow, manifest, of_service, follow_address or (lambda name: follow("Service", name)), ports)
    result = {
        key: value if key in ("kind", "apiVersion") or key in _OPAQUE else walk.value(key, value)
        for key, value in manifest.items()
        if key != "metadata"
    }
    metadata = manifest.get("metadata")
    if not isinstance(metadata, Mapping):
        return result if "metadata" not in manifest else {**result, "metadata": metadata}
    notes = {key: walk.notes(metadata[key]) for key in ("annotations", "labels") if metadata.get(key)}
    return {key: {**metadata, **notes} if key == "metadata" else result[key] for key in manifest}


def named_in(manifest: Mapping[str, Any], ports: addresses.Ports = MappingProxyType({})) -> Iterator[tuple[str, str]]:
    """The references in an object: kind and name. ``ports`` of Services tell some addresses from other texts."""
    names: list[tuple[str, str]] = []

    def note(kind: str, name: str) -> str:
        names.append((kind, name))
        return name

    followed(manifest, note, ports=ports)
    yield from dict.fromkeys(names)


def ports_in(manifest: Mapping[str, Any]) -> Iterator[tuple[str, int | str]]:
    """The ports that an object names: each a Service's name, and the port's number or name."""
    names: list[tuple[str, int | str]] = []

    def note(name: str, value: Mapping[str, Any]) -> None:
        port = value.get("port", value.get("servicePort"))
        said = port.get("number", port.get("name")) if isinstance(port, Mapping) else port
        if isinstance(said, (int, float, str)) and not isinstance(said, bool):
            names.append((name, said if isinstance(said, str) else int(said)))

    followed(manifest, lambda _, name: name, note)
    yield from dict.fromkeys(names)


class _Walk:
    def __init__(
        self,
        follow: Follow,
        manifest: Mapping[str, Any],
        of_service: OfService,
        follow_address: Callable[[str], str],
        ports: addresses.Ports,
    ) -> None:
        self._follow = follow
        self._of_service = of_service
        self._follow_address = follow_address
        self._ports = ports
        self._is_secret = manifest.get("kind") == "Secret"
        group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
        self._texts = {**TEXTS[""], **TEXTS.get(group, {})}
        self._objects = {**OBJECTS[""], **OBJECTS.get(group, {})}
        self._hosts = HOSTS.get(group, frozenset())
        self._principals = group == "security.istio.io"
        metadata = manifest.get("metadata")
        self._namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None

    def value(self, key: str, value: Any) -> Any:
        if key in _TEXTS_OF_USERS and _is_of_texts(value):
            return self._encoded(value) if key == "data" and self._is_secret else self._users(value)
        if key == "annotations" and isinstance(value, Mapping):
            return self.notes(value)
        if isinstance(value, Mapping):
            return self._object(key, value)
        if isinstance(value, (list, tuple)):
            return [self._item(key, item) for item in value]
        return self._text(key, value) if isinstance(value, str) else value

    def notes(self, annotations: Mapping[str, Any]) -> dict[str, Any]:
        """Annotations, or labels."""
        return {key: self._note(key, value) if isinstance(value, str) else value for key, value in annotations.items()}

    def _note(self, key: str, text: str) -> str:
        match = _ANNOTATION.search(key)
        kind = ANNOTATIONS.get(key) or (_KINDS[match[1]] if match else None)
        if text.startswith("{"):
            return self._json(kind, text)
        if kind is None:
            return self._address(text)
        return ",".join(self._path(kind, name) for name in text.split(","))

    def _json(self, kind: str | None, text: str) -> str:
        """An annotation whose text is an object: of the AWS Load Balancer Controller, of Google's."""
        try:
            value = json.loads(text)
        except ValueError:
            return text
        if kind is None:
            made = self.value("", value)
        else:
            made = {key: self._path(kind, one) if isinstance(one, str) else one for key, one in value.items()}
        return text if made == value else json.dumps(made, separators=(",", ":"))

    def _path(self, kind: str, text: str) -> str:
        """A name, or one with its namespace before it: ``name``, ``ns/name``, ``ns-name@kubernetescrd``."""
        plain = text.strip()
        before, name, after = "", plain, ""
        if plain.endswith(_BY_GATEWAYS):
            before, name, after = f"{self._namespace}-", plain.removesuffix(_BY_GATEWAYS), _BY_GATEWAYS
        elif "/" in plain:
            before = f"{self._namespace}/"
        if not name.startswith(before):
            return text
        return text.replace(plain, f"{before}{self._follow(kind, name.removeprefix(before))}{after}")

    def _text(self, key: str, value: str) -> str:
        if key in self._hosts:
            return self._host(value)
        if self._principals and key in ("principals", "notPrincipals") and (match := _PRINCIPAL.match(value)):
            same = match["namespace"] == self._namespace
            return f"{match['before']}{self._follow('ServiceAccount', match['name'])}" if same else value
        if self._principals and key in ("serviceAccounts", "notServiceAccounts"):
            return self._path("ServiceAccount", value)
        kind = self._texts.get(key)
        if kind is None and (by_name := _TEXT.search(key)) is not None:
            kind = _KINDS[by_name[1].lower()]
        if kind is None and (by_kind := _TEXT_OF_KIND.search(key)) is not None:
            kind = by_kind[1]
        if kind is not None:
            return self._path(kind, value)
        return value if key == "image" else self._address(value)

    def _object(self, key: str, value: Mapping[str, Any]) -> dict[str, Any]:
        if "resourceNames" in value and isinstance(value.get("resources"), (list, tuple)):
            return {**value, "resourceNames": self._resource_names(value)}
        for name in ("host" if self._hosts else "", "serviceName"):
            if isinstance(value.get(name), str):
                self._of_service(self._short(value[name]), value)
        made = {name: item if name in _OPAQUE else self.value(name, item) for name, item in value.items()}
        match = _OBJECT.search(key)
        kind = value.get("kind") or self._objects.get(key) or (_KINDS[match[1].lower()] if match else None)
        return self._named(kind, value, made)

    def _item(self, key: str, item: Any) -> Any:
        if key == "env" and isinstance(item, Mapping) and isinstance(item.get("value"), str):
            return {**self._object("", item), "value": self._variable(str(item.get("name")), item["value"])}
        if isinstance(item, Mapping):
            if key not in self._objects:
                key = key.removesuffix("s") if _OBJECTS_LISTED.search(key) else ""
            return self._object(key, item)
        if isinstance(item, (list, tuple)):
            return self.value("", item)
        return self._text(key, item) if isinstance(item, str) else item

    def _named(self, kind: object, value: Mapping[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        name, elsewhere = value.get("name"), value.get("namespace") not in (None, self._namespace)
        if isinstance(kind, str) and isinstance(name, str) and not (elsewhere and self._namespace is not None):
            if kind == "Service":
                self._of_service(name, value)
            return {**made, "name": self._follow(kind, name)}
        return made

    def _short(self, host: str) -> str:
        """A Service's name from its name in the DNS, where it is in the object's own namespace."""
        name, _, rest = host.partition(".")
        return name if rest.split(".")[0] in ("", self._namespace) else host

    def _host(self, host: str) -> str:
        """A name in the DNS, of Istio's with a namespace before it."""
        namespace, slash, name = host.rpartition("/")
        short = self._short(name)
        if (slash and namespace not in (".", "*", self._namespace)) or "." in short:
            return host
        return f"{namespace}{slash}{self._follow('Service', short)}{name[len(short) :]}"

    def _resource_names(self, rule: Mapping[str, Any]) -> list[Any]:
        named = [str(one).partition("/")[0] for one in rule["resources"]]
        kinds = [*_RESOURCES.values()] if "*" in named else [_RESOURCES[one] for one in named if one in _RESOURCES]
        said = []
        for name in rule["resourceNames"]:
            new = [other for kind in kinds if isinstance(name, str) and (other := self._follow(kind, name)) != name]
            said.append(new[0] if new else name)
        return said

    # -- texts of users

    def _users(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._address(value)
        if isinstance(value, Mapping):
            return {key: self._variable(key, one) if isinstance(one, str) else one for key, one in value.items()}
        return [self._users(one) for one in value] if isinstance(value, (list, tuple)) else value  # an output, a number

    def _encoded(self, value: Any) -> Any:
        """A Secret's ``data``: texts in base64."""
        return {key: self._within_base64(key, one) for key, one in value.items()} if value else value

    def _within_base64(self, key: str, value: Any) -> Any:
        try:
            text = base64.b64decode(value, validate=True).decode() if isinstance(value, str) else ""
        except ValueError:
            return value
        made = self._variable(key, text)
        return value if made == text else base64.b64encode(made.encode()).decode()

    def _variable(self, name: str, text: str) -> str:
        return addresses.in_variable(name, self._pods(text), self._namespace, self._follow_address, self._ports)

    def _address(self, text: str) -> str:
        return addresses.in_text(self._pods(text), self._namespace, self._follow_address, self._ports)

    def _pods(self, text: str) -> str:
        return addresses.of_pods(
            text, self._namespace, self._follow_address, lambda name: self._follow("StatefulSet", name)
        )


def _is_of_texts(value: Any) -> bool:
    """Whether all values are texts, and none an object under such a key."""
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else [value]
    return not any(isinstance(item, (Mapping, list, tuple)) for item in items)
