"""Whether two ways to name a cluster, the ``cluster`` sections of a router, mean one place.

A context is only a name in somebody's kubeconfig: where the files are there, the API servers that they name decide.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from bluegreen.file_places import path_of
from bluegreen.kubernetes.manifests.reading import objects_in

_PORTS = {"https": 443, "http": 80}


def same_cluster(one: Any, another: Any) -> bool:
    """Whether two ``cluster`` sections, ``None`` where there is none, name one cluster.

    Where a kubeconfig cannot be read, two contexts by name are two clusters; another path, or a context where there was
    none, may well be the same one.
    """
    here, there = _named(one), _named(another)
    if here == there:
        return True
    servers = _server(*here), _server(*there)
    if None not in servers:
        return servers[0] == servers[1]
    contexts = {here[1], there[1]}
    return len(contexts) == 1 or "" in contexts


def _named(section: Any) -> tuple[str, str]:
    """The files and the context; empty where it is the current one."""
    said = section if isinstance(section, Mapping) else {}
    paths = str(said.get("kubeconfig") or os.environ.get("KUBECONFIG") or "~/.kube/config")
    files = [str(path_of(path).absolute()) for path in paths.split(os.pathsep) if path]
    return os.pathsep.join(files), str(said.get("context") or "")


def _server(paths: str, context: str) -> str | None:
    """The API server that a context leads to, in one form; ``None`` where nothing says it."""
    files = [_read(path) for path in paths.split(os.pathsep)]
    name = context or next((str(one["current-context"]) for one in files if one.get("current-context")), "")
    cluster = _entry(files, "contexts", "context", name).get("cluster")
    server = _entry(files, "clusters", "cluster", cluster).get("server")
    return _normal(server) if isinstance(server, str) else None


def _read(path: str) -> Mapping[str, Any]:
    try:
        read = objects_in(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return read[0] if read and isinstance(read[0], Mapping) else {}


def _entry(files: list[Mapping[str, Any]], key: str, of: str, name: object) -> Mapping[str, Any]:
    """The entry of a name; the first file that has one counts."""
    for one in files:
        listed = one.get(key)
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, Mapping) and entry.get("name") == name and isinstance(entry.get(of), Mapping):
                made: Mapping[str, Any] = entry[of]
                return made
    return {}


def _normal(server: str) -> str | None:
    try:
        url = urlsplit(server)
        port = url.port or _PORTS.get(url.scheme)
    except ValueError:
        return None
    return f"{url.scheme}://{url.hostname}:{port}{url.path.rstrip('/')}" if url.hostname else None
