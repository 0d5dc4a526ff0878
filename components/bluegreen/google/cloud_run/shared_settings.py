"""Settings that the releases of a Cloud Run service and of a function share: variables, instances, secrets. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bluegreen.fields import Fields

_MOST_INSTANCES, _MOST_CONCURRENCY, _LONGEST_SECONDS = 1000, 1000, 3600
_SECRET = re.compile(r"(projects/[^/:]+/secrets/)?[A-Za-z0-9_-]{1,255}:(latest|[1-9][0-9]*)\Z")


def changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """The changed value, of an output as well."""
    return value.apply(change) if hasattr(value, "apply") else change(value)


def check_instances(fields: Fields) -> Any:
    """Find what is wrong with instances and their limits; returns ``concurrency``, as far as it is known."""
    least = fields.whole("min_instances", None, least=0, most=_MOST_INSTANCES)
    most = fields.whole("max_instances", None, least=1, most=_MOST_INSTANCES)
    if isinstance(least, int) and isinstance(most, int) and least > most:
        fields.problem("max_instances", most, f"at least min_instances, which is {least}")
    fields.whole("timeout_seconds", None, least=1, most=_LONGEST_SECONDS)
    return fields.whole("concurrency", None, least=1, most=_MOST_CONCURRENCY)


def check_variables(fields: Fields) -> Mapping[str, Any]:
    """Find what is wrong with ``env`` and ``secret_env``; returns the former."""
    plain = fields.mapping("env")
    for name, secret in fields.mapping("secret_env").items():
        if not _SECRET.match(secret):
            # What stands there in place of a name may be the secret itself.
            fields.problem(f"secret_env.{name}", "***", "SECRET:VERSION, the name of a secret of Secret Manager")
        if name in plain:
            fields.problem(f"secret_env.{name}", secret, f"absent beside env.{name}")
    return plain
