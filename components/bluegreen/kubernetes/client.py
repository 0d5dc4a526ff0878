"""The Kubernetes API over the official client: objects as plain dicts, bounded retries, a count of the calls.

One way for every kind, built-in or custom: server-side apply of the fields that the swap owns, a merge patch for marks,
and reads. A call is named as RBAC has it: ``patch services``, ``patch deployments.apps/scale``.

Server-side apply: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import urllib3

from bluegreen.clients.glances import Answers
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.client_names import path_segment
from bluegreen.kubernetes.session import NoSession, Refused, Request, Session, retrying
from bluegreen.options.declared import option, read_options
from bluegreen.options.kinds import Text
from bluegreen.rollout.calls import before_write, note
from bluegreen.rollout.clock import steady_seconds
from bluegreen.rollout.errors import PlatformError

MANAGER = "bluegreen"
"""The field manager of what a swap owns."""
MARKS_MANAGER = "bluegreen-marks"
"""The field manager of marks, which come and go apart from the rest."""

_APPLY, _MERGE = "application/apply-patch+yaml", "application/merge-patch+json"
_JSON = "application/json"
_METADATA_ALONE = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_NOT_FOUND = 404
_answers = Answers()
_METHODS = {"get": "GET", "list": "GET", "patch": "PATCH", "delete": "DELETE"}


class Transport(Protocol):
    """Sends requests to one cluster, or to what stands in for it."""

    def send(self, request: Request) -> dict[str, Any]:
        """The answer's body.

        Raises:
            Refused: the API server said no.
            urllib3.exceptions.HTTPError: nobody answered.
        """
        ...


@dataclass(frozen=True, slots=True)
class KubernetesConnection:
    """The cluster that is called, and the user; the client's own default where both are absent.

    That is ``KUBECONFIG``, then ``~/.kube/config``, then the pod's own ServiceAccount.

    A path to a kubeconfig is what is given, never the file's content, which has credentials in it and would be in the
    stack's state.
    """

    kubeconfig: str | None = option("a path", Text(), default=None)
    context: str | None = option("a context of it", Text(), default=None)

    @classmethod
    def parse(cls, fields: Fields | None) -> KubernetesConnection:
        """Read a ``cluster`` section."""
        if fields is None:
            return cls()
        options = read_options(cls, fields)
        path = options["kubeconfig"]
        if isinstance(path, str) and ("\n" in path or path.lstrip().startswith("{")):
            fields.problem("kubeconfig", "(a kubeconfig's content)", "a path: a content would be kept in the state")
            options["kubeconfig"] = UNKNOWN
        return cls(**options)

    def __str__(self) -> str:
        return self.context or "the current context"

    def command(self) -> str:
        """The words before a command: ``kubectl --context green``."""
        named = {"--kubeconfig": self.kubeconfig, "--context": self.context}
        return " ".join(["kubectl", *(f"{option} {value}" for option, value in named.items() if value)])

    # -- calls

    def get(self, what: Resource) -> dict[str, Any] | None:
        """An object, ``None`` when there is none."""
        with contextlib.suppress(_Missing):
            return self._read("get", what, Request("GET", what.path))
        return None

    def find(self, what: Resource, labels: str = "", *, metadata_alone: bool = False) -> list[dict[str, Any]]:
        """The objects of a kind in a namespace, by label selector: one ``list`` call.

        Args:
            what: the kind and the namespace.
            labels: a label selector.
            metadata_alone: leave out everything but names, uids, labels and the like, which is most of it.
        """
        query = {"labelSelector": labels} if labels else {}
        accept = _METADATA_ALONE if metadata_alone else _JSON
        answer = self._read("list", what, Request("GET", what.collection, query, accept=accept))
        items: list[dict[str, Any]] = answer.get("items") or []
        return items

    def apply(
        self, what: Resource, fields: Mapping[str, Any], manager: str = MANAGER, *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Own exactly these fields, taken from whoever had them, by server-side apply.

        What this manager applied before and is not among them is given up. Without an object one is made, unless
        ``metadata.uid`` is among the fields: then it has to be that very one.
        """
        body = {**what.header, **fields, "metadata": {**what.metadata, **(fields.get("metadata") or {})}}
        query = {"fieldManager": manager, "force": "true", **({"dryRun": "All"} if dry_run else {})}
        return self._call("patch", what, Request("PATCH", what.path, query, body, _APPLY))

    def merge(
        self, what: Resource, fields: Mapping[str, Any], manager: str = MANAGER, *, dry_run: bool = False
    ) -> dict[str, Any] | None:
        """Change these fields, ``None`` removes one; ``None`` when there is no such object.

        A ``metadata.uid`` among them is a condition: it has to be that very object.
        """
        query = {"fieldManager": manager, **({"dryRun": "All"} if dry_run else {})}
        with contextlib.suppress(_Missing):
            return self._call("patch", what, Request("PATCH", what.path, query, fields, _MERGE))
        return None

    def delete(self, what: Resource, *, propagation: str = "Background") -> None:
        """Remove an object. None there is fine."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        with contextlib.suppress(_Missing):
            self._call("delete", what, Request("DELETE", what.path, body=body))

    def kinds(self, api_version: str) -> dict[str, bool]:
        """The kinds of an API version, and whether each is in a namespace: one call, not tried again.

        Args:
            api_version: ``v1``, ``apps/v1``.

        Returns:
            Nothing where the cluster does not know it.

        Raises:
            PlatformError: there was no answer.
        """
        path = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        call = f"get {path}"
        try:
            answer = self._session(call).send(Request("GET", path))
        except Refused as refused:
            if refused.status == _NOT_FOUND:
                return {}
            raise PlatformError(call, f"{self}: {refused}") from refused
        except urllib3.exceptions.HTTPError as error:
            raise PlatformError(call, f"{self} does not answer: {error}") from error
        listed = answer.get("resources") or ()
        return {str(one["kind"]): bool(one["namespaced"]) for one in listed if "/" not in one["name"]}

    def _read(self, verb: str, what: Resource, request: Request) -> dict[str, Any]:
        """Make a call, or return the answer that this preview has got just now."""
        asked = (self, request.path, tuple(request.query.items()), request.accept)
        answer: dict[str, Any] | None = _answers.find(asked)
        if answer is None:
            at_seconds = steady_seconds()
            answer = self._call(verb, what, request)
            _answers.keep(asked, at_seconds, answer)
        return answer

    def _call(self, verb: str, what: Resource, request: Request) -> dict[str, Any]:
        name = f"{verb} {what.rbac}"
        writes = verb not in ("get", "list") and "dryRun" not in request.query

        def once() -> dict[str, Any]:
            if writes:
                before_write()
            note(name)
            return self._session(name).send(request)

        def once_and_as_somebody_else() -> dict[str, Any]:
            try:
                return once()
            except Refused as refused:
                if refused.status == 409 and request.names_a_version:
                    raise Conflict(name, f"{what}: {refused}") from refused
                if refused.status != 401:
                    raise
                # A token's time is over: an exec plugin has another one, a renewed file, too.
                self._forget_session()
                return once()

        try:
            return retrying(once_and_as_somebody_else)
        except Refused as refused:
            if refused.status == 409:
                raise Conflict(name, f"{what}: {refused}") from refused
            if refused.status != 404:
                # An apply that would make the object needs another rule than one that changes it.
                rule = f"create {what.rbac}" if refused.status == 403 and "cannot create " in refused.message else name
                raise PlatformError(rule, f"{what}: {refused}") from refused
            if not refused.kind:  # the API server does not know the kind at all: such an answer has no details
                known = "the cluster does not know this kind: is its CustomResourceDefinition installed?"
                raise PlatformError(name, f"{what}: {known}") from refused
            raise _Missing(name, f"there is no {what} in {self}: {refused}") from refused
        except urllib3.exceptions.HTTPError as error:
            raise PlatformError(name, f"{self} does not answer: {error}") from error

    def _session(self, call: str) -> Transport:
        with _lock:
            if _everywhere is not None:
                return _everywhere
            if self not in _sessions:
                try:
                    _sessions[self] = Session(self.kubeconfig, self.context)
                except NoSession as error:
                    raise PlatformError(call, f"no way to reach a cluster: {error}") from error
            return _sessions[self]

    def _forget_session(self) -> None:
        with _lock:
            _sessions.pop(self, None)


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
        return f"{root}{self.api_version}/namespaces/{path_segment(self.namespace)}/{self.plural}"

    @property
    def path(self) -> str:
        """The path of the object."""
        return "/".join(filter(None, (self.collection, path_segment(self.name), self.subresource)))

    @property
    def rbac(self) -> str:
        """The name that RBAC has for it: ``services``, ``deployments.apps/scale``."""
        group = self.api_version.rpartition("/")[0]
        kind = f"{self.plural}.{group}" if group else self.plural
        return f"{kind}/{self.subresource}" if self.subresource else kind

    @property
    def header(self) -> dict[str, Any]:
        """The beginning of every manifest."""
        return {"apiVersion": self.api_version, "kind": self.kind}

    @property
    def metadata(self) -> dict[str, Any]:
        """The object's name and namespace, as manifests have them."""
        return {"namespace": self.namespace, "name": self.name}

    def __str__(self) -> str:
        return " ".join(filter(None, (self.kind, f"{self.namespace}/{self.name}", self.subresource)))


class Conflict(PlatformError):
    """The object is not the one that was read: it has changed since, or is another one of the same name."""


class _Missing(PlatformError):
    """There is no such object."""


_lock = threading.Lock()
_sessions: dict[KubernetesConnection, Transport] = {}
_everywhere: Transport | None = None


def reach(connection: KubernetesConnection, transport: Transport) -> None:
    """Send a connection's requests by a transport of the caller's own from now on.

    Args:
        connection: whose requests.
        transport: what answers them: an API server in memory, or one that is watched.
    """
    with _lock:
        _sessions[connection] = transport


@contextmanager
def reached_by(transport: Transport) -> Iterator[None]:
    """Send every connection's requests by this transport meanwhile, in all of this process."""
    global _everywhere  # noqa: PLW0603 - there is one process
    former, _everywhere = _everywhere, transport
    try:
        yield
    finally:
        _everywhere = former
