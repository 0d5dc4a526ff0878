"""Telemetry: what a swap did, for machines: an event log and traces. Neither ever changes how a swap ends."""
