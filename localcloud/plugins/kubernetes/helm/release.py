"""`helm.v3.Release`: a release that Helm keeps, installed, upgraded and removed by the `helm` program."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pulumi.runtime.proto import provider_pb2

from localcloud.plugins.differences import Difference
from localcloud.plugins.kubernetes.cluster import Cluster
from localcloud.plugins.kubernetes.differ import changes, written
from localcloud.plugins.kubernetes.engine import Engine
from localcloud.plugins.kubernetes.helm.command import (
    RENDER_SECONDS,
    HelmFailed,
    chart_flags,
    chart_name,
    run,
    values_of,
)
from localcloud.plugins.kubernetes.manifests import decode
from localcloud.plugins.kubernetes.objects import group_of, name_of, namespace_of, parsed_id, plain
from localcloud.plugins.kubernetes.state import INPUTS, with_secrets
from localcloud.plugins.serving import diff_response, failures_of
from localcloud.plugins.values import Failure, InitFailed, Props, ProviderError, Secret, has_unknown
from localcloud.plugins.wire import props_of, struct_of

_KNOWN: Final = frozenset(
    {
        *("allowNullValues", "atomic", "chart", "checksum", "cleanupOnFail", "compat", "createNamespace"),
        *("dependencyUpdate", "description", "devel", "disableCRDHooks", "disableOpenapiValidation"),
        *("disableWebhooks", "forceUpdate", "keyring", "lint", "manifest", "maxHistory", "name", "namespace"),
        *("postrender", "recreatePods", "renderSubchartNotes", "replace", "repositoryOpts", "resetValues"),
        *("resourceNames", "reuseValues", "skipAwait", "skipCrds", "takeOwnership", "timeout", "valueYamlFiles"),
        *("values", "verify", "version", "waitForJobs"),
    }
)
_TIMEOUT_SECONDS: Final = 300
_GRACE_SECONDS: Final = 60.0
_FLAGS: Final = {
    "atomic": "--atomic",
    "createNamespace": "--create-namespace",
    "renderSubchartNotes": "--render-subchart-notes",
    "disableOpenapiValidation": "--disable-openapi-validation",
    "skipCrds": "--skip-crds",
    "takeOwnership": "--take-ownership",
}
_INSTALL_FLAGS: Final = {"disableWebhooks": "--no-hooks", "replace": "--replace"}
_UPGRADE_FLAGS: Final = {
    "disableCRDHooks": "--no-hooks",
    "forceUpdate": "--force",
    "resetValues": "--reset-values",
    "reuseValues": "--reuse-values",
    "recreatePods": "--recreate-pods",
    "cleanupOnFail": "--cleanup-on-fail",
}


@dataclass(frozen=True, slots=True)
class Releases:
    """Serves the type."""

    cluster: Cluster
    engine: Engine

    # -- what the engine asks

    def check(self, request: Any) -> Any:
        given = props_of(request.news, keep_secrets=True)
        olds = props_of(request.olds)
        unknown = [key for key in given if key not in _KNOWN]
        if unknown:
            known = ", ".join(sorted(_KNOWN))
            failures = [Failure(key, f"unknown property; known: {known}") for key in unknown]
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures_of(failures))
        inputs = self._filled(plain(given), olds, request)
        failures = []
        if not has_unknown(inputs):
            inputs["values"] = values_of(inputs)
            inputs.pop("valueYamlFiles", None)
            try:
                rendered = self._rendered(inputs)
                inputs["checksum"] = hashlib.sha256(rendered.encode()).hexdigest()
                inputs["resourceNames"] = _resource_names(rendered)
            except ProviderError as error:
                failures = [Failure("chart", f"{error}; check the chart name and repository configuration.")]
        checked = struct_of(with_secrets(inputs, given))
        return provider_pb2.CheckResponse(inputs=checked, failures=failures_of(failures))

    def _filled(self, inputs: Props, olds: Props, request: Any) -> Props:
        values = {key: value for key, value in inputs.items() if key not in ("compat", "manifest")}
        if not values.get("name"):
            digits = hashlib.sha256(request.randomSeed).hexdigest()[:8]
            logical = request.name or request.urn.rsplit("::", 1)[-1]
            values["name"] = olds.get("name") or f"{logical}-{digits}"
        if not values.get("namespace"):
            values["namespace"] = self.cluster.namespace or "default"
        if not values.get("skipAwait"):
            values.setdefault("timeout", _TIMEOUT_SECONDS)
        return values

    def diff(self, request: Any) -> Any:
        olds, news = props_of(request.olds).get(INPUTS) or {}, props_of(request.news)
        if "checksum" in request.ignoreChanges:
            news["checksum"] = olds.get("checksum")
        differing = [
            Difference(written(path), kind, path[0] in ("name", "namespace")) for path, kind, _ in changes(news, olds)
        ]
        return diff_response(differing, delete_first=False)

    def create(self, request: Any) -> Any:
        given = props_of(request.properties, keep_secrets=True)
        inputs = plain(given)
        if request.preview:
            return provider_pb2.CreateResponse(properties=struct_of(_state(given, {})))
        resource_id = f"{inputs['namespace']}/{inputs['name']}"
        try:
            self._install(inputs, upgrade=False)
        except HelmFailed as error:
            live = self._live(inputs["namespace"], inputs["name"])
            if live is None:
                raise
            message = (
                f'Helm release "{resource_id}" was created, but failed to initialize completely. Use Helm CLI to '
                f"investigate.: failed to become available within allocated timeout. Error: Helm Release "
                f"{resource_id}: {error}"
            )
            raise InitFailed(resource_id, _state(given, live), None, message) from None
        state = _state(given, self._live(inputs["namespace"], inputs["name"]) or {})
        return provider_pb2.CreateResponse(id=resource_id, properties=struct_of(state))

    def read(self, request: Any) -> Any:
        state = props_of(request.properties, keep_secrets=True)
        namespace, name = parsed_id(request.id)
        live = self._live(namespace, name)
        if live is None:
            return provider_pb2.ReadResponse()
        kept = state.get(INPUTS)
        kept = kept.value if isinstance(kept, Secret) else kept
        imported = {"name": name, "namespace": namespace, "chart": live["chart"], "version": live["version"]}
        secret = props_of(request.inputs, keep_secrets=True)
        given: Props = with_secrets(kept or {**imported, "values": live["values"] or {}}, secret)
        present = _state(given, live)
        inputs = {key: value for key, value in given.items() if not has_unknown(value)}
        return provider_pb2.ReadResponse(id=request.id, properties=struct_of(present), inputs=struct_of(inputs))

    def update(self, request: Any) -> Any:
        given = props_of(request.news, keep_secrets=True)
        inputs = plain(given)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=struct_of(_state(given, {})))
        resource_id = f"{inputs['namespace']}/{inputs['name']}"
        try:
            self._install(inputs, upgrade=True)
        except HelmFailed as error:
            live = self._live(inputs["namespace"], inputs["name"])
            if live is None:
                raise
            message = (
                f'Helm release "{resource_id}" failed to initialize completely. Use Helm CLI to investigate.: error '
                f"running update: {error}"
            )
            raise InitFailed(resource_id, _state(given, live), None, message) from None
        state = _state(given, self._live(inputs["namespace"], inputs["name"]) or {})
        return provider_pb2.UpdateResponse(properties=struct_of(state))

    def delete(self, request: Any) -> None:
        state = props_of(request.properties)
        namespace, name = parsed_id(request.id)
        words = ["uninstall", name, "--namespace", namespace, "--ignore-not-found"]
        seconds = int(state.get("timeout") or _TIMEOUT_SECONDS)
        if state.get("atomic") or not state.get("skipAwait"):
            words += ["--wait", "--timeout", f"{seconds}s"]
        run(self.cluster, words, None, seconds + _GRACE_SECONDS)

    # -- what Helm renders

    def _rendered(self, inputs: Props) -> str:
        words = ["template", inputs["name"], chart_name(inputs), "--namespace", inputs["namespace"]]
        words += ["--no-hooks"] if inputs.get("disableWebhooks") else []
        words += [] if inputs.get("skipCrds") else ["--include-crds"]
        words += ["--post-renderer", inputs["postrender"]] if inputs.get("postrender") else []
        return run(self.cluster, [*words, *chart_flags(inputs)], inputs["values"], RENDER_SECONDS)

    def _install(self, inputs: Props, *, upgrade: bool) -> None:
        if inputs.get("lint"):
            run(self.cluster, ["lint", chart_name(inputs)], values_of(inputs), RENDER_SECONDS)
        seconds = int(inputs.get("timeout") or _TIMEOUT_SECONDS)
        words = ["upgrade" if upgrade else "install", inputs["name"], chart_name(inputs)]
        words += ["--namespace", inputs["namespace"], "--timeout", f"{seconds}s", "--output", "json"]
        words += [*chart_flags(inputs), *_flags(inputs, upgrade)]
        run(self.cluster, words, values_of(inputs), seconds + _GRACE_SECONDS)

    def _live(self, namespace: str, name: str) -> Props | None:
        """The release as Helm has it."""
        where = [name, "--namespace", namespace, "--output", "json"]
        try:
            content = json.loads(run(self.cluster, ["status", *where], None, RENDER_SECONDS))
            metadata = json.loads(run(self.cluster, ["get", "metadata", *where], None, RENDER_SECONDS))
        except HelmFailed as error:
            if "not found" in str(error):
                return None
            raise
        return {
            **{key: metadata.get(key) for key in ("appVersion", "chart", "version")},
            "name": content["name"],
            "namespace": content["namespace"],
            "revision": content["version"],
            "status": content["info"]["status"],
            "manifest": content["manifest"],
            "values": content.get("config"),
        }


def _flags(inputs: Props, upgrade: bool) -> Iterator[str]:
    for name, flag in {**_FLAGS, **(_UPGRADE_FLAGS if upgrade else _INSTALL_FLAGS)}.items():
        if inputs.get(name) and not (upgrade and name == "createNamespace"):
            yield flag
    if not inputs.get("skipAwait"):
        yield "--wait"
        if inputs.get("waitForJobs"):
            yield "--wait-for-jobs"
    if inputs.get("description"):
        yield from ("--description", str(inputs["description"]))
    if inputs.get("postrender"):
        yield from ("--post-renderer", str(inputs["postrender"]))
    if upgrade and inputs.get("maxHistory") is not None:
        yield from ("--history-max", str(inputs["maxHistory"]))


def _state(given: Props, live: Props) -> Props:
    """The inputs as they were given, what Helm says, and the inputs once more for the next comparison."""
    state = dict(given)
    if live:
        status = {
            key: live[key] for key in ("appVersion", "chart", "name", "namespace", "revision", "status", "version")
        }
        state |= {"status": status, "version": live["version"], "resourceNames": _resource_names(live["manifest"])}
    return {**state, INPUTS: Secret(plain(given))}


def _resource_names(manifest: str) -> dict[str, list[str]]:
    """Names by kind: `Deployment.apps/apps/v1`."""
    by_kind: dict[str, set[str]] = {}
    for obj in decode(manifest):
        api_version, kind = str(obj.get("apiVersion") or ""), str(obj.get("kind") or "")
        if kind:
            group = group_of(api_version)
            key = f"{kind}.{group}/{api_version}" if group else f"{kind}/{api_version}"
            name = f"{namespace_of(obj)}/{name_of(obj)}" if namespace_of(obj) else name_of(obj)
            by_kind.setdefault(key, set()).add(name)
    return {key: sorted(names) for key, names in sorted(by_kind.items())}
