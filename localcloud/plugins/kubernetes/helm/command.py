"""The `helm` program: run against the configured cluster, bounded in time, its own words as the error."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from localcloud.plugins.kubernetes.cluster import Cluster
from localcloud.plugins.kubernetes.connection import effective_kubeconfig
from localcloud.plugins.kubernetes.settings import Settings, is_content
from localcloud.plugins.values import ProviderError

RENDER_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.05
_ENVIRONMENT: Final = {
    "driver": "HELM_DRIVER",
    "pluginsPath": "HELM_PLUGINS",
    "registryConfigPath": "HELM_REGISTRY_CONFIG",
    "repositoryConfigPath": "HELM_REPOSITORY_CONFIG",
    "repositoryCache": "HELM_REPOSITORY_CACHE",
}


class HelmFailed(ProviderError):
    """Helm said no."""


def run(cluster: Cluster, words: Sequence[str], values: Mapping[str, Any] | None, seconds: float) -> str:
    """Run a command; what it wrote to its output.

    Args:
        cluster: whose cluster and Helm settings to use.
        words: the command with its arguments.
        values: handed over in a file.
        seconds: how long it may take.
    """
    program = shutil.which("helm")
    if program is None:
        raise ProviderError(
            "the `helm` program is not on PATH: this stand-in for the Kubernetes provider renders and installs charts "
            "with it (https://helm.sh/docs/intro/install/)"
        )
    with tempfile.TemporaryDirectory(prefix="bluegreen-helm-") as folder:
        command = [program, *words, *_cluster_flags(cluster.settings, Path(folder))]
        if values is not None:
            command += ["--values", str(_written(Path(folder, "values.json"), values))]
        return _finished(cluster, command, seconds)


def _written(path: Path, content: Mapping[str, Any]) -> Path:
    path.touch(mode=0o600)
    path.write_text(json.dumps(content))
    return path


def _cluster_flags(settings: Settings, folder: Path) -> Iterator[str]:
    if settings.cluster or is_content(settings.kubeconfig) or os.pathsep in settings.kubeconfig:
        yield from ("--kubeconfig", str(_written(folder / "kubeconfig", effective_kubeconfig(settings))))
    elif settings.kubeconfig:
        yield from ("--kubeconfig", str(Path(settings.kubeconfig).expanduser()))
    if settings.context:
        yield from ("--kube-context", settings.context)


def _finished(cluster: Cluster, command: Sequence[str], seconds: float) -> str:
    given = {variable: str(cluster.settings.helm[key]) for key, variable in _ENVIRONMENT.items() if _has(cluster, key)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | given
    )
    end, asked = time.monotonic() + seconds, False
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                output, errors = process.communicate(timeout=_POLL_SECONDS)
                break
            if time.monotonic() >= end:
                raise HelmFailed(f"`helm {command[1]}` did not end within {seconds:g} s")
            if cluster.cancelled.is_set() and not asked:
                asked = True
                process.send_signal(signal.SIGTERM)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode != 0:
        raise HelmFailed(_reason(errors) or f"`helm {command[1]}` ended with status {process.returncode}")
    return output


def _has(cluster: Cluster, key: str) -> bool:
    return bool(cluster.settings.helm.get(key))


def _reason(errors: str) -> str:
    lines = [line for line in errors.strip().splitlines() if not line.startswith(("WARNING:", "level="))]
    return "\n".join(lines).removeprefix("Error: ")


def chart_flags(inputs: Mapping[str, Any]) -> list[str]:
    """The flags by which a chart is found: the same for a release and for one that is only rendered."""
    flags = []
    repository = inputs.get("repositoryOpts") or {}
    names = {"username": "--username", "password": "--password", "caFile": "--ca-file"}
    names |= {"certFile": "--cert-file", "keyFile": "--key-file"}
    for name, flag in names.items():
        if repository.get(name):
            flags += [flag, asset_path(repository[name])]
    if "://" in str(repository.get("repo") or ""):
        flags += ["--repo", str(repository["repo"])]
    if inputs.get("version"):
        flags += ["--version", str(inputs["version"]).strip()]
    elif inputs.get("devel"):
        flags.append("--devel")
    for name, flag in {"verify": "--verify", "dependencyUpdate": "--dependency-update"}.items():
        if inputs.get(name):
            flags.append(flag)
    if inputs.get("keyring"):
        flags += ["--keyring", asset_path(inputs["keyring"])]
    return flags


def chart_name(inputs: Mapping[str, Any]) -> str:
    """The chart, below its repository where that is one that Helm knows by name."""
    name, repository = str(inputs["chart"]).strip(), str((inputs.get("repositoryOpts") or {}).get("repo") or "")
    return f"{repository}/{name}" if repository and "://" not in repository else name


def asset_path(value: Any) -> str:
    """A path, also where the program gave an asset."""
    return str(value["path"]) if isinstance(value, dict) and "path" in value else str(value)


def values_of(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The values: those of the files, in order, with the inputs' own over them."""
    import yaml  # noqa: PLC0415

    merged: dict[str, Any] = {}
    for asset in inputs.get("valueYamlFiles") or []:
        text = asset.get("text") if isinstance(asset, dict) else None
        try:
            parsed = yaml.safe_load(text if text is not None else Path(asset_path(asset)).read_text())
        except (OSError, yaml.YAMLError) as error:
            raise ProviderError(f"valueYamlFiles: {error}") from error
        merged = _over(merged, parsed or {})
    return _over(merged, inputs.get("values") or {})


def _over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        inner = result.get(key)
        result[key] = _over(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result
