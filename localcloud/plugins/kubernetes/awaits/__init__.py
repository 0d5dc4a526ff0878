"""The conditions that a resource is waited for, kind by kind, as the official plugin waits."""
