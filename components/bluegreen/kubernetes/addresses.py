"""Addresses of Services within texts: what can be nothing else follows a Service that has another name. Pure.

``scheme://redis``, with a port, a path, a user before it; ``redis.NAMESPACE.svc`` and what is longer; and the whole
text of a variable whose name says that it is somebody's host: ``REDIS_HOST: redis``, ``CACHE_ADDR: redis:6379``. A bare
word elsewhere may be anything, and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_NAME = r"(?P<name>[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)"
_LABELS = r"(?:\.[-a-z0-9]+)*"
_END = r"(?![-\w])"
_URL = re.compile(rf"(?P<before>\b[a-zA-Z][-+.a-zA-Z0-9]*://(?:[^\s/@\"']*@)?){_NAME}(?P<after>{_LABELS}){_END}")
_WHOLE = re.compile(rf"(?P<before>(?<![-\w./@])){_NAME}(?P<after>\.[-a-z0-9]+\.svc{_LABELS}){_END}")
_HOST = re.compile(rf"(?P<before>\A){_NAME}(?P<after>{_LABELS})(?=(?::\d+)?\Z)")
_SAYS_SO = re.compile(r"[-_.](?:host|hostname|addr|address|server|url|endpoint|upstream)s?\Z", re.IGNORECASE)


def in_text(text: str, namespace: object, follow: Callable[[str], str]) -> str:
    """A text in which addresses of Services follow them.

    Args:
        text: the text.
        namespace: where the object is that says it; ``None`` where nobody knows.
        follow: a Service's new name by its former one.
    """

    def put(found: re.Match[str]) -> str:
        labels = found["after"].split(".")[1:]
        known = not labels or (labels[0] == namespace and (len(labels) == 1 or labels[1] == "svc"))
        return f"{found['before']}{follow(found['name']) if known else found['name']}{found['after']}"

    return _WHOLE.sub(put, _URL.sub(put, text))


def in_variable(name: str, text: str, namespace: object, follow: Callable[[str], str]) -> str:
    """The same of a variable's text, which may be a host alone where the name says so."""
    if not _SAYS_SO.search(name) or "://" in text:
        return in_text(text, namespace, follow)

    def put(found: re.Match[str]) -> str:
        labels = found["after"].split(".")[1:]
        known = not labels or labels[0] == namespace
        return f"{found['before']}{follow(found['name']) if known else found['name']}{found['after']}"

    return _HOST.sub(put, text) if _HOST.match(text) else in_text(text, namespace, follow)
