"""Addresses of Services within texts: certain ones follow a Service that gets another name. Pure.

``scheme://redis``, with a port, a path, a user before it; ``redis.NAMESPACE.svc`` and what is longer; ``redis:6379``
where that is the Service's port; ``redis-0.redis``, a StatefulSet's pod by its Service; and all of a variable's text
whose name says that it is somebody's host: ``REDIS_HOST: redis``. A bare word elsewhere may be anything, and is left
alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

_NAME = r"(?P<name>[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)"
_LABELS = r"(?:\.[-a-z0-9]+)*"
_END = r"(?![-\w])"
_URL = re.compile(rf"(?P<before>\b[a-zA-Z][-+.a-zA-Z0-9]*://(?:[^\s/@\"']*@)?){_NAME}(?P<after>{_LABELS}){_END}")
_WHOLE = re.compile(rf"(?P<before>(?<![-\w./@])){_NAME}(?P<after>\.[-a-z0-9]+\.svc{_LABELS}){_END}")
_HOST = re.compile(rf"(?P<before>\A){_NAME}(?P<after>{_LABELS})(?=(?::\d+)?\Z)")
_WITH_PORT = re.compile(rf"(?P<before>(?<![-\w./@:])){_NAME}(?P<after>{_LABELS}):(?P<port>\d{{2,5}})(?![-\w.:])")
_POD = re.compile(
    rf"(?<![-\w.])(?P<set>[a-z](?:[-a-z0-9]*[a-z0-9])?)-(?P<number>\d+)\.{_NAME}(?P<after>{_LABELS}){_END}"
)
_SAYS_SO = re.compile(r"[-_.](?:host|hostname|addr|address|server|url|endpoint|upstream)s?\Z", re.IGNORECASE)

Ports = Mapping[str, Collection[int]]
"""The ports of Services, by their names."""


def in_text(text: str, namespace: object, follow: Callable[[str], str], ports: Ports) -> str:
    """A text in which addresses of Services follow them.

    Args:
        text: the text.
        namespace: where the object is that says it; ``None`` where nobody knows.
        follow: a Service's new name by its former one.
        ports: of Services, by their former names.
    """

    def put(match: re.Match[str]) -> str:
        labels = match["after"].split(".")[1:]
        known = not labels or (labels[0] == namespace and (len(labels) == 1 or labels[1] == "svc"))
        return f"{match['before']}{follow(match['name']) if known else match['name']}{match['after']}"

    def put_where_it_listens(match: re.Match[str]) -> str:
        port = int(match["port"])
        return f"{put(match)}:{port}" if port in ports.get(match["name"], ()) else match[0]

    return _WHOLE.sub(put, _URL.sub(put, _WITH_PORT.sub(put_where_it_listens, text)))


def of_pods(text: str, namespace: object, follow: Callable[[str], str], follow_set: Callable[[str], str]) -> str:
    """A text in which addresses of a StatefulSet's pods follow the set and the Service that they are named by.

    Args:
        text: the text.
        namespace: where the object is that says it; ``None`` where nobody knows.
        follow: a Service's new name by its former one.
        follow_set: the same of a StatefulSet.
    """

    def put(match: re.Match[str]) -> str:
        labels = match["after"].split(".")[1:]
        service = follow(match["name"]) if not labels or labels[0] == namespace else match["name"]
        if service == match["name"]:
            return match[0]
        return f"{follow_set(match['set'])}-{match['number']}.{service}{match['after']}"

    return _POD.sub(put, text)


def in_variable(name: str, text: str, namespace: object, follow: Callable[[str], str], ports: Ports) -> str:
    """A variable's text in which addresses of Services follow them; it may be a host alone where its name says so."""
    if not _SAYS_SO.search(name) or "://" in text:
        return in_text(text, namespace, follow, ports)

    def put(match: re.Match[str]) -> str:
        labels = match["after"].split(".")[1:]
        known = not labels or labels[0] == namespace
        return f"{match['before']}{follow(match['name']) if known else match['name']}{match['after']}"

    return _HOST.sub(put, text) if _HOST.match(text) else in_text(text, namespace, follow, ports)
