"""The provider's configuration: which cluster, how objects are written, and what comes from the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.plugins.values import UNKNOWN, Failure, Props, ProviderError

_NOT_HERE = {"renderYamlToDirectory", "alwaysRender", "strictMode"}
_FLAGS = {
    "enableServerSideApply": ("PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", True),
    "enablePatchForce": ("PULUMI_K8S_ENABLE_PATCH_FORCE", False),
    "enableConfigMapMutable": ("PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE", False),
    "enableSecretMutable": ("PULUMI_K8S_ENABLE_SECRET_MUTABLE", False),
    "upsertExistingObjects": ("PULUMI_K8S_UPSERT_EXISTING_OBJECTS", False),
    "deleteUnreachable": ("PULUMI_K8S_DELETE_UNREACHABLE", False),
    "skipUpdateUnreachable": ("PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", False),
    "suppressDeprecationWarnings": ("PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS", False),
    "suppressHelmHookWarnings": ("PULUMI_K8S_SUPPRESS_HELM_HOOK_WARNINGS", False),
}
_TEXTS = ("kubeconfig", "context", "cluster", "namespace", "clusterIdentifier")
_OBJECTS = {
    "helmReleaseSettings": {
        *("driver", "pluginsPath", "registryConfigPath", "repositoryConfigPath", "repositoryCache"),
        "suppressBetaWarning",
    },
    # How the official plugin paces its client; this one needs no pacing.
    "kubeClientSettings": {"burst", "qps", "timeout"},
}
_FROM_THE_ENGINE = {"version", "pluginDownloadURL"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration of a provider."""

    kubeconfig: str = field(default="", repr=False)
    """A path or the content itself; the client's own default when empty."""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    """For what names none; the context's own when empty."""
    server_side_apply: bool = True
    patch_force: bool = False
    config_map_mutable: bool = False
    secret_mutable: bool = False
    upsert: bool = False
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False
    warn_of_hooks: bool = True
    helm: Mapping[str, Any] = field(default_factory=dict)
    timeout_seconds: float = 30.0
    """Of a single call."""

    @classmethod
    def of(cls, config: Props) -> Settings:
        """From the provider's inputs, in which anything but a string is JSON-encoded."""
        flags = {name: _flag(config, name) for name in _FLAGS}
        client = _decoded(config.get("kubeClientSettings")) or {}
        return cls(
            **{name: _text(config.get(name)) for name in ("kubeconfig", "context", "cluster", "namespace")},
            server_side_apply=flags["enableServerSideApply"],
            patch_force=flags["enablePatchForce"],
            config_map_mutable=flags["enableConfigMapMutable"],
            secret_mutable=flags["enableSecretMutable"],
            upsert=flags["upsertExistingObjects"],
            delete_unreachable=flags["deleteUnreachable"],
            skip_update_unreachable=flags["skipUpdateUnreachable"],
            warn_of_hooks=not flags["suppressHelmHookWarnings"],
            helm=_decoded(config.get("helmReleaseSettings")) or {},
            timeout_seconds=float(client.get("timeout") or os.environ.get("PULUMI_K8S_CLIENT_TIMEOUT") or 30),
        )


def _text(value: Any) -> str:
    """A kubeconfig may be given as an object, too."""
    return json.dumps(value) if isinstance(value, dict) else str(value or "")


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value


def _flag(config: Props, name: str) -> bool:
    variable, default = _FLAGS[name]
    given = config.get(name, os.environ.get(variable, default))
    return given is True or given == "true"


def refused(config: Props) -> list[Failure]:
    """The problems with the provider's inputs."""
    known = {*_FLAGS, *_TEXTS, *_OBJECTS, *_FROM_THE_ENGINE}
    failures = []
    for key, value in config.items():
        if key in _NOT_HERE:
            if value not in (None, "", False, "false"):
                failures.append(Failure(key, "not supported by this stand-in for the Kubernetes provider"))
        elif key not in known:
            failures.append(Failure(key, f"unknown setting; known: {', '.join(sorted(known - _FROM_THE_ENGINE))}"))
        elif key in _OBJECTS and value is not UNKNOWN:
            inner = _decoded(value) or {}
            failures += [
                Failure(f"{key}.{name}", f"unknown setting; known: {', '.join(sorted(_OBJECTS[key]))}")
                for name in inner
                if name not in _OBJECTS[key]
            ]
    return failures


def changed(olds: Props, news: Props) -> tuple[list[str], list[str]]:
    """(what differs, what of it replaces the provider and with it everything that it made).

    A kubeconfig says nothing of a cluster's identity: another address, user or certificate authority of the active
    cluster counts as another cluster, unless `clusterIdentifier` says more.
    """
    differing = sorted(key for key in {*olds, *news} - {"version"} if olds.get(key) != news.get(key))
    before, after = olds.get("clusterIdentifier"), news.get("clusterIdentifier")
    if before and after:
        return differing, ["clusterIdentifier"] if before != after else []
    where = [key for key in differing if key in ("kubeconfig", "context", "cluster")]
    unknown = [key for key in where if news.get(key) is UNKNOWN]
    if unknown:
        return differing, unknown
    old, new = _active_cluster(olds), _active_cluster(news)
    return differing, where if old is not None and new is not None and old != new else []


def _active_cluster(config: Props) -> Any:
    """The active cluster's entry; None where it is not known."""
    try:
        parsed = parsed_kubeconfig(_text(config.get("kubeconfig")))
    except ProviderError:
        return None
    contexts = {one.get("name"): one.get("context") or {} for one in parsed.get("contexts") or []}
    context = contexts.get(config.get("context") or parsed.get("current-context"))
    if context is None:
        return None
    clusters = {one.get("name"): one.get("cluster") for one in parsed.get("clusters") or []}
    return clusters.get(config.get("cluster") or context.get("cluster"))


def is_content(kubeconfig: str) -> bool:
    return "\n" in kubeconfig.strip() or kubeconfig.lstrip().startswith("{")


def parsed_kubeconfig(kubeconfig: str) -> dict[str, Any]:
    """A kubeconfig, given as content or as a path; nothing where none is given."""
    import yaml  # noqa: PLC0415

    if not kubeconfig:
        return {}
    try:
        text = kubeconfig if is_content(kubeconfig) else Path(kubeconfig).expanduser().read_text()
        parsed = yaml.safe_load(text)
    except (OSError, yaml.YAMLError) as error:
        raise ProviderError(f"failed to parse kubeconfig data in `kubernetes:config:kubeconfig`: {error}") from error
    if not isinstance(parsed, dict):
        raise ProviderError("failed to parse kubeconfig data in `kubernetes:config:kubeconfig`: not an object")
    return parsed
