"""Promotion and rollback against a `pulumi up` with nothing to do, on the local cloud, under load."""
