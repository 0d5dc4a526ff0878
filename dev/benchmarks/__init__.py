"""Promotion and rollback against a `pulumi up` with nothing to do, under load; many services, and swaps, at once."""
