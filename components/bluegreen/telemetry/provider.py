"""The tracer provider for spans: the program's own, or one made from OpenTelemetry's environment variables.

The SDK reads sampling, resource, batching and the exporters' settings from the environment by itself. What its own
configurator does beyond that would take the global provider, and the Pulumi SDK may already have put its own there.
Variables: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

_ASKING = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_OTLP = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}
_PULUMIS = "pulumi-sdk-python"
_EXPORTERS = "opentelemetry_traces_exporter"

_lock = threading.Lock()
_made: dict[tuple[str, ...], Any] = {}


class CannotTrace(Exception):
    """The environment asks for traces that cannot be made; says why."""


def provider_for(environ: Mapping[str, str]) -> Any:
    """The provider to take a tracer from; ``None`` where no spans are wanted.

    Raises:
        ImportError: OpenTelemetry is not installed.
        CannotTrace: the environment names an exporter that is not installed.
    """
    from opentelemetry import trace  # noqa: PLC0415 - an optional package

    current: Any = trace.get_tracer_provider()
    configured = not isinstance(current, (trace.ProxyTracerProvider, trace.NoOpTracerProvider))
    asked = any(environ.get(name) for name in _ASKING)
    if configured and not (asked and _is_pulumis(current)):
        return current
    return _from_environment(environ) if asked else None


def _is_pulumis(provider: Any) -> bool:
    """Whether it is the one that the Pulumi SDK makes for its own calls, which sends to Pulumi or to nobody."""
    resource = getattr(provider, "resource", None)
    return resource is not None and resource.attributes.get("service.name") == _PULUMIS


def exporter_names(environ: Mapping[str, str]) -> list[str]:
    """The entry points of the exporters that the environment asks for."""
    given = environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    names = [name.strip() for name in given.split(",") if name.strip() and name.strip() != "none"]
    protocol = environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") or "grpc"
    if "otlp" in names and protocol not in _OTLP:
        raise CannotTrace(f"OTEL_EXPORTER_OTLP_PROTOCOL: {protocol!r} is not allowed; allowed: {', '.join(_OTLP)}")
    return [_OTLP[protocol] if name == "otlp" else name for name in names]


def _from_environment(environ: Mapping[str, str]) -> Any:
    names = tuple(exporter_names(environ))
    if not names:
        return None
    with _lock:  # several swaps may begin at once: they share one provider, and with it one connection
        if names not in _made:
            _made[names] = _make(names)
        return _made[names]


def _make(names: tuple[str, ...]) -> Any:
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an optional package
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    exporters = []
    for name in names:
        entry_point = next(iter(entry_points(group=_EXPORTERS, name=name)), None)
        if entry_point is None:
            package = f"opentelemetry-exporter-{name.replace('_', '-')}"
            raise CannotTrace(f"no exporter {name} is installed; `pip install {package}`")
        exporters.append(entry_point.load()())
    resource = Resource.create()
    if str(resource.attributes.get("service.name", "")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "bluegreen"}))
    # Not at exit: what a swap has to say is sent at its end, and a process that waits for a dead collector hangs.
    made = TracerProvider(resource=resource, shutdown_on_exit=False)
    for exporter in exporters:
        made.add_span_processor(BatchSpanProcessor(exporter))
    return made
