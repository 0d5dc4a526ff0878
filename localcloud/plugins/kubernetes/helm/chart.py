"""Charts that are only rendered: their objects become resources, and Helm keeps nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from localcloud.plugins.kubernetes.cluster import Cluster
from localcloud.plugins.kubernetes.helm.command import RENDER_SECONDS, chart_flags, chart_name, run, values_of
from localcloud.plugins.kubernetes.manifests import decode, normal
from localcloud.plugins.kubernetes.objects import Object, annotation
from localcloud.plugins.values import ProviderError

_DISCOVERY: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def objects_of(cluster: Cluster, name: str, inputs: Mapping[str, Any]) -> list[Object]:
    """The objects of `helm.v4.Chart`; hooks are left out, as nothing would run them in time."""
    namespace = str(inputs.get("namespace") or "")
    words = ["template", str(inputs.get("name") or name), chart_name(inputs), "--no-hooks", *chart_flags(inputs)]
    words += [] if inputs.get("skipCrds") else ["--include-crds"]
    words += ["--namespace", namespace or cluster.namespace]
    words += ["--plain-http"] if inputs.get("plainHttp") else []
    renderer = inputs.get("postRenderer") or {}
    if renderer:
        words += ["--post-renderer", str(renderer["command"])]
        words += [word for one in renderer.get("args") or [] for word in ("--post-renderer-args", str(one))]
    if not cluster.unreachable:
        words += ["--dry-run=server", *_capabilities(cluster)]
    rendered = run(cluster, words, values_of(inputs), RENDER_SECONDS)
    return normal(decode(rendered), namespace or cluster.namespace, cluster)


def _capabilities(cluster: Cluster) -> list[str]:
    """The facts that a chart may ask of the cluster: its version, and its kinds."""
    words = ["--kube-version", str(cluster.call("GET", "/version").get("gitVersion", ""))]
    known = ["v1"]
    for one in cluster.call("GET", "/apis", accept=_DISCOVERY).get("items") or []:
        for version in one.get("versions") or []:
            group_version = f"{one['metadata']['name']}/{version['version']}"
            kinds = [(kind.get("responseKind") or {}).get("kind") for kind in version.get("resources") or []]
            known += [group_version, *(f"{group_version}/{kind}" for kind in kinds if kind)]
    return [*words, "--api-versions", ",".join(known)]


def render_v3(cluster: Cluster, options: Mapping[str, Any]) -> str:
    """The manifests of `helm.v3.Chart`, whose SDK registers the objects itself."""
    known = {
        *("api_versions", "chart", "fetch_opts", "include_test_hook_resources", "kube_version", "namespace", "path"),
        *("release_name", "repo", "skip_crd_rendering", "values", "version", "skip_await", "resource_prefix"),
    }
    unknown = sorted(set(options) - known)
    if unknown:
        raise ProviderError(f"jsonOpts: unknown option {unknown[0]!r}; known: {', '.join(sorted(known))}")
    fetch = options.get("fetch_opts") or {}
    inputs = {
        "chart": options.get("path") or options.get("chart"),
        "version": options.get("version") or fetch.get("version"),
        "repositoryOpts": {"repo": fetch.get("repo") or options.get("repo")},
        "devel": fetch.get("devel"),
    }
    if inputs["chart"] is None:
        raise ProviderError("jsonOpts: a chart or a path is needed")
    words = ["template", str(options.get("release_name") or "release"), chart_name(inputs), *chart_flags(inputs)]
    words += [] if options.get("skip_crd_rendering") else ["--include-crds"]
    words += ["--namespace", str(options.get("namespace") or cluster.namespace)]
    words += ["--kube-version", str(options["kube_version"])] if options.get("kube_version") else []
    for one in options.get("api_versions") or []:
        words += ["--api-versions", str(one)]
    rendered = run(cluster, words, options.get("values") or {}, RENDER_SECONDS)
    if options.get("include_test_hook_resources"):
        return rendered
    import json  # noqa: PLC0415

    kept = [one for one in decode(rendered) if not annotation(one, "helm.sh/hook").startswith("test")]
    return "\n---\n".join(json.dumps(one) for one in kept)
