"""Names as Kubernetes has them, checked where they are given and escaped where they become part of a path.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from bluegreen.options.kinds import Text
from bluegreen.rollout.errors import PlatformError

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABELS, _SUBDOMAIN = re.compile(_LABEL), re.compile(rf"{_LABEL}(\.{_LABEL})*")
_LONGEST_LABEL, _LONGEST_SUBDOMAIN = 63, 253
_A_LABEL = "a name of lower-case letters, digits and -, at most 63"
_A_SUBDOMAIN = "a name of lower-case letters, digits, - and ., at most 253"


def _short(form: re.Pattern[str], longest: int) -> Callable[[str], bool]:
    return lambda name: len(name) <= longest and form.fullmatch(name) is not None


LABEL_NAME = Text(fits=_short(_LABELS, _LONGEST_LABEL), allowed=_A_LABEL)
"""The name of a namespace or of a Service: a DNS label."""

OBJECT_NAME = Text(fits=_short(_SUBDOMAIN, _LONGEST_SUBDOMAIN), allowed=_A_SUBDOMAIN)
"""The name of any other object: DNS labels with dots between them."""


def path_segment(name: str) -> str:
    """A name as one segment of a path, whatever it has in it: also one that an object of the cluster has given.

    Raises:
        PlatformError: no object can have that name, and a path with it would lead to another one.
    """
    if name in (".", ".."):
        raise PlatformError("kubernetes", f"{name!r} cannot be the name of an object")
    return quote(name, safe="")
