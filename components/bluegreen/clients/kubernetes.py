"""The Kubernetes API over the official client: objects as plain dicts, bounded retries, a count of the calls.

One way for every kind, built-in or custom: server-side apply of the fields that the swap owns, a merge patch for marks,
and reads. A call is named as RBAC has it: ``patch services``, ``patch deployments.apps/scale``.

Server-side apply: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import tenacity
import urllib3
from kubernetes import client as kubernetes_client
from kubernetes import config as kubernetes_config
from kubernetes.client.exceptions import ApiException

from bluegreen.calls import before_write, note
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import PlatformError

MANAGER = "bluegreen"
"""The field manager of what a swap owns."""
MARKS_MANAGER = "bluegreen-marks"
"""The field manager of marks, which come and go apart from the rest."""

# A call that hangs is given up, not waited for; five tries with jitter are over within some seconds.
_TIMEOUT_SECONDS = (5.0, 15.0)
_ATTEMPTS = 5
_AGAIN = frozenset({0, 429, 500, 502, 503, 504})
_APPLY, _MERGE = "application/apply-patch+yaml", "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class KubernetesConnection:
    """Which cluster is called, and as whom; the client's own default where both are absent.

    That is ``KUBECONFIG``, then ``~/.kube/config``, then the pod's own ServiceAccount.

    Attributes:
        kubeconfig: a path. Never the file's content, which has credentials in it and would be in the stack's state.
        context: a context of it; the current one when absent.
    """

    kubeconfig: str | None = None
    context: str | None = None

    @classmethod
    def parse(cls, fields: Fields | None) -> KubernetesConnection:
        """Read a ``cluster`` section."""
        if fields is None:
            return cls()
        found = {name: fields.text(name, None) for name in ("kubeconfig", "context")}
        path = found["kubeconfig"]
        if isinstance(path, str) and ("\n" in path or path.lstrip().startswith("{")):
            fields.problem("kubeconfig", "(a kubeconfig's content)", "a path: a content would be kept in the state")
            found["kubeconfig"] = UNKNOWN
        fields.done()
        return cls(**found)

    def __str__(self) -> str:
        return self.context or "the current context"

    def command(self) -> str:
        """What a person types before a command: ``kubectl --context green``."""
        named = {"--kubeconfig": self.kubeconfig, "--context": self.context}
        return " ".join(["kubectl", *(f"{option} {value}" for option, value in named.items() if value)])

    # -- calls

    def get(self, what: Resource) -> dict[str, Any] | None:
        """An object, ``None`` when there is none."""
        with contextlib.suppress(_Missing):
            return self._call("get", what)
        return None

    def find(self, what: Resource, labels: str = "") -> list[dict[str, Any]]:
        """The objects of a kind in a namespace, by label selector: one ``list`` call."""
        query = {"labelSelector": labels} if labels else {}
        found: list[dict[str, Any]] = self._call("list", what, query=query).get("items", [])
        return found

    def apply(
        self, what: Resource, fields: Mapping[str, Any], manager: str = MANAGER, *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Own exactly these fields, taken from whoever had them, by server-side apply.

        What this manager applied before and is not among them is given up. Without an object one is made, unless
        ``metadata.uid`` is among the fields: then it has to be that very one.
        """
        body = {**what.header, **fields, "metadata": {**what.metadata, **(fields.get("metadata") or {})}}
        query = {"fieldManager": manager, "force": "true", **({"dryRun": "All"} if dry_run else {})}
        return self._call("patch", what, body, query=query, content=_APPLY)

    def merge(
        self, what: Resource, fields: Mapping[str, Any], manager: str = MANAGER, *, dry_run: bool = False
    ) -> dict[str, Any] | None:
        """Change these fields, ``None`` removes one; ``None`` when there is no such object."""
        query = {"fieldManager": manager, **({"dryRun": "All"} if dry_run else {})}
        with contextlib.suppress(_Missing):
            return self._call("patch", what, fields, query=query, content=_MERGE)
        return None

    def delete(self, what: Resource, *, propagation: str = "Background") -> None:
        """Remove an object. None there is fine."""
        with contextlib.suppress(_Missing):
            self._call("delete", what, {"propagationPolicy": propagation})

    def _call(
        self,
        verb: str,
        what: Resource,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content: str = "application/json",
    ) -> dict[str, Any]:
        name = f"{verb} {what.rbac}"
        writes = verb not in ("get", "list") and (query or {}).get("dryRun") is None
        path = what.collection if verb == "list" else what.path
        method = {"get": "GET", "list": "GET", "patch": "PATCH", "delete": "DELETE"}[verb]

        def once() -> dict[str, Any]:
            if writes:
                before_write()
            note(name)
            return _send(self._client(name), method, path, dict(query or {}), body, content)

        try:
            found: dict[str, Any] = _retrying(once)
        except ApiException as error:
            if error.status == 404 and not _unknown_kind(error):
                raise _Missing(name, f"there is no {what}") from error
            raise PlatformError(name, f"{what}: {_reason(error)}") from error
        except urllib3.exceptions.HTTPError as error:
            raise PlatformError(name, f"{self} does not answer: {error}") from error
        return found

    def _client(self, call: str) -> Any:
        try:
            with _lock:
                return _client(self)
        except (kubernetes_config.ConfigException, OSError) as error:
            raise PlatformError(call, f"no way to reach a cluster: {error}") from error


@dataclass(frozen=True, slots=True)
class Resource:
    """One object, or one kind in one namespace where ``name`` is empty.

    Attributes:
        api_version: ``v1``, ``apps/v1``.
        kind: ``Deployment``.
        plural: ``deployments``.
        namespace: its namespace.
        name: its name.
        subresource: ``scale``, ``status``.
    """

    api_version: str
    kind: str
    plural: str
    namespace: str
    name: str = ""
    subresource: str = ""

    @property
    def collection(self) -> str:
        """The path of all of its kind in its namespace."""
        root = "/apis/" if "/" in self.api_version else "/api/"
        return f"{root}{self.api_version}/namespaces/{self.namespace}/{self.plural}"

    @property
    def path(self) -> str:
        """Its own path."""
        return "/".join(filter(None, (self.collection, self.name, self.subresource)))

    @property
    def rbac(self) -> str:
        """As RBAC names it: ``services``, ``deployments.apps/scale``."""
        group = self.api_version.rpartition("/")[0]
        kind = f"{self.plural}.{group}" if group else self.plural
        return f"{kind}/{self.subresource}" if self.subresource else kind

    @property
    def header(self) -> dict[str, Any]:
        """What every manifest begins with."""
        return {"apiVersion": self.api_version, "kind": self.kind}

    @property
    def metadata(self) -> dict[str, Any]:
        """Its place, as manifests have it."""
        return {"namespace": self.namespace, "name": self.name}

    def __str__(self) -> str:
        return " ".join(filter(None, (self.kind, f"{self.namespace}/{self.name}", self.subresource)))


class _Missing(PlatformError):
    """There is no such object."""


_lock = threading.Lock()


@lru_cache(maxsize=64)
def _client(connection: KubernetesConnection) -> Any:
    settings = kubernetes_client.Configuration()
    try:
        kubernetes_config.load_kube_config(
            config_file=connection.kubeconfig,
            context=connection.context,
            client_configuration=settings,
            persist_config=False,
        )
    except kubernetes_config.ConfigException:
        if connection.kubeconfig or connection.context:
            raise
        kubernetes_config.load_incluster_config(client_configuration=settings)
    settings.retries = False  # tried again here, where a write asks first whether it still may
    made = kubernetes_client.ApiClient(settings)
    made.user_agent = "bluegreen"
    return made


@tenacity.retry(
    retry=tenacity.retry_if_exception(
        lambda error: (
            isinstance(error, urllib3.exceptions.HTTPError)
            or (isinstance(error, ApiException) and error.status in _AGAIN)
        )
    ),
    stop=tenacity.stop_after_attempt(_ATTEMPTS),
    wait=tenacity.wait_random_exponential(multiplier=0.1, max=2),
    reraise=True,
)
def _retrying(once: Any) -> Any:
    return once()


def _send(
    client: Any, method: str, path: str, query: dict[str, str], body: Mapping[str, Any] | None, content: str
) -> dict[str, Any]:
    answer = client.call_api(
        path,
        method,
        query_params=list(query.items()),
        header_params={"Accept": "application/json", "Content-Type": content},
        body=body,
        auth_settings=["BearerToken"],
        _preload_content=False,
        _return_http_data_only=True,
        _request_timeout=_TIMEOUT_SECONDS,
    )
    found: dict[str, Any] = json.loads(answer.data or b"{}")
    return found


def _status(error: ApiException) -> dict[str, Any]:
    try:
        found = json.loads(error.body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _unknown_kind(error: ApiException) -> bool:
    """Whether the API server does not know the kind at all, as opposed to the object: such an answer has no details."""
    return not (_status(error).get("details") or {}).get("kind")


def _reason(error: ApiException) -> str:
    message = _status(error).get("message")
    if error.status == 404:
        return "the cluster does not know this kind: is its CustomResourceDefinition installed?"
    return str(message or f"status {error.status} {error.reason}")
