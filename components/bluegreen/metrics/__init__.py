"""Metric sources: where the numbers come from that gates look at."""
