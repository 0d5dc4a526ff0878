"""The functions that the SDK's own helpers call."""

from __future__ import annotations

import json
from collections.abc import Callable

from localcloud.plugins.kubernetes.cluster import Cluster
from localcloud.plugins.kubernetes.manifests import decode, normal
from localcloud.plugins.values import Props, ProviderError


def invoke(cluster: Cluster, token: str, arguments: Props) -> Props:
    """Answer a function."""
    known: dict[str, tuple[Callable[[Cluster, Props], Props], set[str]]] = {
        "kubernetes:yaml:decode": (_decode, {"text", "defaultNamespace"}),
        "kubernetes:helm:template": (_template, {"jsonOpts"}),
    }
    if token not in known:
        raise ProviderError(f"{token} is not served by this stand-in for the Kubernetes provider")
    act, names = known[token]
    unknown = sorted(set(arguments) - names)
    if unknown:
        raise ProviderError(f"{token}: unknown argument {unknown[0]!r}; known: {', '.join(sorted(names))}")
    return act(cluster, arguments)


def _decode(cluster: Cluster, arguments: Props) -> Props:
    if not isinstance(arguments.get("text"), str):
        raise ProviderError("missing required field 'text' of type string")
    objects, namespace = decode(arguments["text"]), str(arguments.get("defaultNamespace") or "")
    return {"result": normal(objects, namespace, cluster) if namespace else objects}


def _template(cluster: Cluster, arguments: Props) -> Props:
    from localcloud.plugins.kubernetes.helm.chart import render_v3  # noqa: PLC0415

    if not isinstance(arguments.get("jsonOpts"), str):
        raise ProviderError("missing required field 'jsonOpts' of type string")
    options = json.loads(arguments["jsonOpts"])
    objects, namespace = decode(render_v3(cluster, options)), str(options.get("namespace") or "")
    return {"result": normal(objects, namespace, cluster) if namespace else objects}
