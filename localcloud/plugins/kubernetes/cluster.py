"""The API server, over the official client: objects as dicts, kinds by discovery, errors in the server's words."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from localcloud.plugins.kubernetes.connection import Connection, connect
from localcloud.plugins.kubernetes.objects import Object, group_of, name_of, namespace_of
from localcloud.plugins.kubernetes.settings import Settings
from localcloud.plugins.values import ProviderError

JSON, JSON_PATCH = "application/json", "application/json-patch+json"
APPLY, MERGE = "application/apply-patch+yaml", "application/merge-patch+json"
_BUSY_TRIES: Final = 10
_CONNECT_SECONDS: Final = 5.0

# Kinds of the API's own groups that live in no namespace; what is not here does. Custom kinds are requested.
CLUSTER_SCOPED: Final = frozenset(
    {
        *("Namespace", "Node", "PersistentVolume", "ComponentStatus", "CustomResourceDefinition", "APIService"),
        *("ClusterRole", "ClusterRoleBinding", "StorageClass", "VolumeAttachment", "CSIDriver", "CSINode"),
        *("VolumeAttributesClass", "PriorityClass", "RuntimeClass", "IngressClass", "FlowSchema"),
        *("PriorityLevelConfiguration", "CertificateSigningRequest", "ClusterTrustBundle", "TokenReview"),
        *("SubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SelfSubjectReview"),
        *("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy"),
        *("ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"),
        *("DeviceClass", "ResourceSlice", "DeviceTaintRule", "IPAddress", "ServiceCIDR", "StorageVersion"),
        *("StorageVersionMigration",),
    }
)


class ApiError(ProviderError):
    """The API server refused. `str` is its message."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(str(body.get("message") or f"the API server answered {status} {body.get('reason', '')}"))
        self.status = status
        self.reason = str(body.get("reason", ""))
        self.details: Mapping[str, Any] = body.get("details") or {}

    @property
    def namespace_is_missing(self) -> bool:
        return self.status == 404 and self.details.get("kind") == "namespaces"

    @property
    def causes(self) -> list[Mapping[str, Any]]:
        return list(self.details.get("causes") or [])


class NoKind(ProviderError):
    """The API server does not know this kind (yet)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The API's names of a kind."""

    plural: str
    namespaced: bool


@dataclass
class Cluster:
    """One cluster. Its client is made when the first call goes out; it is used by all threads."""

    settings: Settings
    cancelled: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kinds: dict[str, dict[str, Kind]] = field(default_factory=dict)
    _connection: Connection | None = None
    _unreachable: str | None = None
    _asked: bool = False

    # -- whether it is there

    @property
    def unreachable(self) -> str | None:
        """Why the cluster cannot be used; read once."""
        with self._lock:
            if not self._asked:
                self._asked = True
                try:
                    self._connection = connect(self.settings)
                    _send(self._connection.client, "GET", "/version", {}, None, {"Accept": JSON}, 10.0)
                except ProviderError as error:
                    unknown = isinstance(error, ApiError)  # some servers let nobody read their version
                    self._unreachable = None if unknown else str(error)
            return self._unreachable

    @property
    def client(self) -> Any:
        if self.unreachable is not None or self._connection is None:
            raise ProviderError(f"configured Kubernetes cluster is unreachable: {self.unreachable}")
        return self._connection.client

    @property
    def namespace(self) -> str:
        """The namespace of objects that name none."""
        _ = self.unreachable  # which connects; a cluster that does not answer still has a context
        return self._connection.namespace if self._connection else self.settings.namespace

    # -- kinds

    def namespaced(self, api_version: str, kind: str, builtin: bool) -> bool:
        """Whether a kind lives in namespaces; one that nobody knows yet is taken to."""
        if builtin:
            return kind not in CLUSTER_SCOPED
        known = None if self.unreachable else self.find_kind(api_version, kind)
        return True if known is None else known.namespaced

    def find_kind(self, api_version: str, kind: str) -> Kind | None:
        """Ask the API server; again while it does not know, since a definition may have come meanwhile."""
        known = self._kinds.get(api_version, {})
        if kind not in known:
            known = self._kinds[api_version] = self._discover(api_version)
        return known.get(kind)

    def _discover(self, api_version: str) -> dict[str, Kind]:
        root = "/apis" if group_of(api_version) else "/api"
        try:
            answer = self.call("GET", f"{root}/{api_version}")
        except ApiError as error:
            if error.status == 404:
                return {}
            raise
        resources = [one for one in answer.get("resources") or [] if "/" not in one["name"]]
        return {one["kind"]: Kind(one["name"], bool(one["namespaced"])) for one in resources}

    def forget_kinds(self) -> None:
        """A definition came or went."""
        self._kinds = {}

    def path(self, obj: Object, *, collection: bool = False, subresource: str = "") -> str:
        """The path of an object, or of its collection."""
        api_version, kind = str(obj.get("apiVersion") or ""), str(obj.get("kind") or "")
        api_version = api_version.removeprefix("core/")
        known = self.find_kind(api_version, kind)
        if known is None:
            raise NoKind(f'no matches for kind "{kind}" in version "{api_version}"')
        parts = ["/apis" if group_of(api_version) else "/api", api_version]
        if known.namespaced:
            parts += ["namespaces", namespace_of(obj) or self.namespace]
        parts += [known.plural] if collection else [known.plural, name_of(obj)]
        return "/".join([*parts, subresource] if subresource else parts)

    # -- calls

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content: str = JSON,
        accept: str = JSON,
    ) -> Object:
        """One request; tried again only where the server is too busy to have looked at it."""
        for attempt in range(_BUSY_TRIES):
            try:
                headers = {"Accept": accept, "Content-Type": content}
                return _send(self.client, method, path, dict(query or {}), body, headers, self.settings.timeout_seconds)
            except ApiError as error:  # noqa: PERF203
                if error.status != 429 or attempt == _BUSY_TRIES - 1:
                    raise
                if self.cancelled.wait(float(error.details.get("retryAfterSeconds") or 1)):
                    raise
        raise AssertionError("unreachable")

    def get(self, obj: Object) -> Object:
        return self.call("GET", self.path(obj))

    def find(self, obj: Object) -> Object | None:
        """The object as it is, None when there is none."""
        try:
            return self.get(obj)
        except NoKind:
            return None
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(self, api_version: str, kind: str, namespace: str, labels: str = "") -> list[Object]:
        """The objects of a kind in a namespace."""
        like = {"apiVersion": api_version, "kind": kind, "metadata": {"namespace": namespace}}
        query = {"labelSelector": labels} if labels else {}
        return list(self.call("GET", self.path(like, collection=True), query).get("items") or [])

    def sleep(self, seconds: float) -> None:
        """Wait, but not beyond a cancellation."""
        if self.cancelled.wait(seconds):
            raise Cancelled


class Cancelled(Exception):
    """The user ended the operation."""


def _send(
    client: Any,
    method: str,
    path: str,
    query: dict[str, str],
    body: Any,
    headers: dict[str, str],
    timeout_seconds: float,
) -> Object:
    import urllib3  # noqa: PLC0415
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415

    try:
        answer = client.call_api(
            path,
            method,
            query_params=list(query.items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
            _preload_content=False,
            _return_http_data_only=True,
            _request_timeout=(_CONNECT_SECONDS, timeout_seconds),
        )
        content: Object = json.loads(answer.data or b"{}")
    except ApiException as error:
        raise ApiError(error.status or 0, _status(error.body)) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise ProviderError(f"{client.configuration.host}: {reason}") from None
    return content


def _status(body: Any) -> Mapping[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {"message": str(body)[:500]}
    return content if isinstance(content, dict) else {"message": str(content)[:500]}
