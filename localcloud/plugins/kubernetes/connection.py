"""From the provider's settings to a client of the official library: kubeconfigs as kubectl reads them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.plugins.kubernetes.settings import Settings, is_content, parsed_kubeconfig
from localcloud.plugins.values import ProviderError

_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
_SECTIONS = {"clusters": "cluster", "contexts": "context", "users": "user"}


@dataclass(frozen=True, slots=True)
class Connection:
    """An API client, and the namespace for what names none."""

    client: Any
    namespace: str


def connect(settings: Settings) -> Connection:
    """A client for the configured cluster; nothing is sent yet.

    Raises:
        ProviderError: there is no usable configuration.
    """
    from kubernetes.client.api_client import ApiClient  # noqa: PLC0415
    from kubernetes.client.configuration import Configuration  # noqa: PLC0415
    from kubernetes.config import ConfigException, kube_config, load_incluster_config  # noqa: PLC0415

    config = effective_kubeconfig(settings)
    configuration = Configuration()
    try:
        if config.get("contexts"):
            loader = kube_config.KubeConfigLoader(
                config_dict=config, active_context=settings.context or None, config_base_path=""
            )
            loader.load_and_set(configuration)
            namespace = (loader.current_context.get("context") or {}).get("namespace", "")
        else:
            load_incluster_config(client_configuration=configuration)
            namespace = ""
    except (ConfigException, OSError) as error:
        raise ProviderError(f"unable to load Kubernetes client configuration from kubeconfig file: {error}") from error
    configuration.retries = False
    configuration.connection_pool_maxsize = 64
    client = ApiClient(configuration)
    client.user_agent = "pulumi-kubernetes (stand-in)"
    return Connection(client, settings.namespace or namespace or "default")


def effective_kubeconfig(settings: Settings) -> dict[str, Any]:
    """The configuration in one piece: files merged, the paths in them absolute, the settings' cluster put in."""
    given = settings.kubeconfig
    if given and is_content(given):
        config = parsed_kubeconfig(given)
    else:
        names = (given or os.environ.get("KUBECONFIG") or "~/.kube/config").split(os.pathsep)
        paths = [Path(name).expanduser() for name in names if name]
        if given and not any(path.is_file() for path in paths):
            raise ProviderError(f"failed to parse kubeconfig data in `kubernetes:config:kubeconfig`: no file {given}")
        config = _merged([path for path in paths if path.is_file()])
    if given and not _has_context(config, config.get("current-context")):
        # Also where another one is requested.
        raise ProviderError(
            "unable to load Kubernetes client configuration from kubeconfig file: invalid configuration: context was "
            f"not found for specified context: {config['current-context']}"
        )
    if settings.cluster:
        _use_cluster(config, settings)
    return config


def _has_context(config: dict[str, Any], name: str | None) -> bool:
    """Whether a context is there; none need not be."""
    return not name or any(one.get("name") == name for one in config.get("contexts") or [])


def _merged(paths: list[Path]) -> dict[str, Any]:
    """Several files as one: where two name the same thing, the first has it."""
    merged: dict[str, Any] = {section: [] for section in _SECTIONS}
    for path in paths:
        config = parsed_kubeconfig(str(path))
        if config.get("current-context"):
            merged.setdefault("current-context", config["current-context"])
        for section, kind in _SECTIONS.items():
            taken = {one["name"] for one in merged[section]}
            for one in config.get(section) or []:
                if one.get("name") not in taken:
                    merged[section].append({**one, kind: _absolute(one.get(kind) or {}, path.parent)})
    return {"apiVersion": "v1", "kind": "Config", **merged}


def _absolute(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {key: str((folder / value).resolve()) if key in _FILES and value else value for key, value in entry.items()}


def _use_cluster(config: dict[str, Any], settings: Settings) -> None:
    wanted = settings.context or config.get("current-context")
    for one in config.get("contexts") or []:
        if one.get("name") == wanted:
            one["context"] = {**(one.get("context") or {}), "cluster": settings.cluster}
