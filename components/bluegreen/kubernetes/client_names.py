"""Names as Kubernetes has them, checked where they are given and escaped where they become part of a path.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import PlatformError

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABELS, _SUBDOMAIN = re.compile(_LABEL), re.compile(rf"{_LABEL}(\.{_LABEL})*")
_LONGEST_LABEL, _LONGEST_SUBDOMAIN = 63, 253
_A_LABEL = "a name of lower-case letters, digits and -, at most 63"
_A_SUBDOMAIN = "a name of lower-case letters, digits, - and ., at most 253"


def label_name(fields: Fields, name: str, *default: None) -> Any:
    """The name of a namespace or of a Service: a DNS label."""
    return _checked(fields, name, default, _LABELS, _LONGEST_LABEL, _A_LABEL)


def object_name(fields: Fields, name: str, *default: None) -> Any:
    """The name of any other object: DNS labels with dots between them."""
    return _checked(fields, name, default, _SUBDOMAIN, _LONGEST_SUBDOMAIN, _A_SUBDOMAIN)


def _checked(
    fields: Fields, name: str, default: tuple[None, ...], form: re.Pattern[str], longest: int, allowed: str
) -> Any:
    value = fields.text(name, *default)
    if isinstance(value, str) and (len(value) > longest or not form.fullmatch(value)):
        fields.problem(name, value, allowed)
        return UNKNOWN
    return value


def path_segment(name: str) -> str:
    """A name as one segment of a path, whatever it has in it: also one that an object of the cluster has given.

    Raises:
        PlatformError: no object can have that name, and a path with it would lead to another one.
    """
    if name in (".", ".."):
        raise PlatformError("kubernetes", f"{name!r} cannot be the name of an object")
    return quote(name, safe="")
