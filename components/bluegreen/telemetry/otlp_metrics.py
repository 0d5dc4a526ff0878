"""Metrics of swaps by OpenTelemetry's own SDK: one export at a swap's end, bounded in time.

The exporter, its address, headers and temporality are those of OpenTelemetry's environment variables:
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from bluegreen.telemetry.exposition import COUNTER, METRICS, Series

FLUSH_SECONDS = 2.0
_OTLP = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}
_EXPORTERS = "opentelemetry_metrics_exporter"


def export(samples: Mapping[Series, float], environ: Mapping[str, str]) -> None:
    """Send the samples once.

    Args:
        samples: of one update; of counters what came to them.
        environ: OpenTelemetry's variables.

    Raises:
        ImportError: the SDK or the exporter is not installed.
        OSError: they did not get there in time.
    """
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415 - an optional package
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415

    exporter = _exporter(environ)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=float("inf"))
    resource = Resource.create()
    if str(resource.attributes.get("service.name", "")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "bluegreen"}))
    provider = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    try:
        _record(provider.get_meter("bluegreen"), samples)
        if not provider.force_flush(FLUSH_SECONDS * 1_000):
            raise OSError(f"no answer in {FLUSH_SECONDS:g} s")
    finally:
        provider.shutdown(timeout_millis=100)


def _exporter(environ: Mapping[str, str]) -> Any:
    asked = environ.get("OTEL_METRICS_EXPORTER") or "otlp"
    protocol = (
        environ.get("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL") or environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") or "grpc"
    )
    name = _OTLP.get(protocol, protocol) if asked == "otlp" else asked
    entry_point = next(iter(entry_points(group=_EXPORTERS, name=name)), None)
    if entry_point is None:
        raise ImportError(
            f"no exporter {name} is installed; `pip install opentelemetry-exporter-{name.replace('_', '-')}`"
        )
    return entry_point.load()()


def _record(meter: Any, samples: Mapping[Series, float]) -> None:
    for metric in METRICS:
        make = meter.create_counter if metric.kind == COUNTER else meter.create_gauge
        own = [(labels, value) for (name, labels), value in samples.items() if name == metric.name]
        if not own:
            continue
        instrument = make(metric.name, description=metric.help)
        for labels, value in own:
            attributes = dict(zip(metric.labels, labels, strict=True))
            if metric.kind == COUNTER:
                instrument.add(value, attributes)
            else:
                instrument.set(value, attributes)
