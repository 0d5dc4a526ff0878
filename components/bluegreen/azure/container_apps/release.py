"""The release of one color of a container app: checked, and turned into a template as Azure has it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    import pulumi
    from typing_extensions import Required

CONTAINER = "app"
"""The container's name."""
_SECRET = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\Z")
_MOST_REPLICAS = 1000
_CPU, _MEMORY = 0.5, "1Gi"


class ContainerAppRelease(TypedDict, total=False):
    """A color's release.

    Attributes:
        image: the container image; required.
        command: the container's command, instead of the image's own entry point.
        args: its arguments.
        env: environment variables. What is secret stands in ``secret_env``.
        secret_env: environment variables whose values are secrets: a variable's name with a secret's, which is one of
            the app's ``secrets``.
        cpu: cores of one replica, default 0.5.
        memory: of one replica, default ``1Gi``.
        min_replicas: how many run at least (0 to 1000, default 0: the first request waits for one to start).
        max_replicas: how many run at most (1 to 1000, default 10).
        health_path: what a replica answers with a success once it can take requests; without it an open port is enough.
        template: what else a revision has, by Azure's own names: ``volumes``, ``initContainers``, ``scale.rules``, more
            ``containers``.
        release: what people call it, default the image's name and tag.
    """

    image: Required[pulumi.Input[str]]
    command: Sequence[str]
    args: Sequence[str]
    env: Mapping[str, Any]
    secret_env: Mapping[str, str]
    cpu: float
    memory: str
    min_replicas: int
    max_replicas: int
    health_path: str
    template: Mapping[str, Any]
    release: str


def template_of(given: Mapping[str, Any], port: int) -> dict[str, Any]:
    """A revision's template.

    Args:
        given: a release; its values may be outputs.
        port: that the container listens on.
    """
    more: dict[str, Any] = dict(given.get("template") or {})
    env = [{"name": name, "value": value} for name, value in (given.get("env") or {}).items()]
    env += [{"name": name, "secretRef": secret} for name, secret in (given.get("secret_env") or {}).items()]
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": given.get("image"),
        "resources": {"cpu": given.get("cpu", _CPU), "memory": given.get("memory", _MEMORY)},
    }
    container |= {key: list(given[key]) for key in ("command", "args") if given.get(key)}
    if env:
        container["env"] = sorted(env, key=lambda one: str(one["name"]))
    if given.get("health_path"):
        container["probes"] = [{"type": "Readiness", "httpGet": {"path": given["health_path"], "port": port}}]
    scale = {"minReplicas": given.get("min_replicas", 0), "maxReplicas": given.get("max_replicas", 10)}
    return {
        **more,
        "containers": [container, *(more.get("containers") or ())],
        "scale": {**scale, **(more.get("scale") or {})},
    }


def problems_in(given: Mapping[str, Any], color: Color, secrets: Sequence[str]) -> list[Problem]:
    """Everything that is wrong with a release, as far as it is known.

    Args:
        given: the release, ``UNKNOWN`` where only an update knows.
        color: whose.
        secrets: the names of the app's secrets.
    """
    fields = Fields(given, color)
    for name in ("command", "args"):
        fields.texts(name)
    fields.text("image")
    fields.text("memory", None)
    fields.text("release", None)
    fields.text("health_path", None)
    fields.number("cpu", _CPU, least=0.25)
    least = fields.whole("min_replicas", 0, least=0, most=_MOST_REPLICAS)
    most = fields.whole("max_replicas", 10, least=1, most=_MOST_REPLICAS)
    if isinstance(least, int) and isinstance(most, int) and least > most:
        fields.problem("max_replicas", most, f"at least min_replicas, which is {least}")
    fields.mapping("env")
    for name, secret in fields.mapping("secret_env").items():
        if secret not in secrets:
            allowed = f"the name of one of the app's secrets: {', '.join(secrets) or 'there are none'}"
            fields.problem(f"secret_env.{name}", secret, allowed)
        if name in (given.get("env") or {}):
            fields.problem(f"secret_env.{name}", secret, f"absent beside env.{name}")
    more = fields.raw("template")
    if more is not None and more is not UNKNOWN and not isinstance(more, Mapping):
        fields.problem("template", more, "an object by Azure's own names")
    fields.done()
    return fields.problems


def problems_in_secrets(secrets: Mapping[str, Any]) -> list[Problem]:
    """The problems with an app's secrets: names that Azure refuses, values in the place of references."""
    found = []
    for name, given in secrets.items():
        if not _SECRET.match(str(name)):
            found.append(Problem("secrets", name, "names of lower-case letters, digits, dots and dashes"))
        if isinstance(given, str) and not given.startswith("https://"):
            allowed = "the address of a secret in Key Vault, https://VAULT.vault.azure.net/secrets/NAME"
            found.append(Problem(f"secrets.{name}", "***", allowed))
    return found


def label_of(given: Mapping[str, Any]) -> Any:
    """A release's name for people: the image without its registry, unless it has one of its own."""
    return given.get("release") or given.get("image")
