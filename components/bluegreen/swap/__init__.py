"""The swap: its contract, its service, and the adapters that put it into Pulumi."""
