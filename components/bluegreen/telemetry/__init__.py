"""Telemetry: a swap's events for machines, as an event log and as traces. Neither ever changes its outcome."""
