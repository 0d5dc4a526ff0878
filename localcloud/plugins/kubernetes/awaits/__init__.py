"""What a resource is waited for, kind by kind, as the official plugin waits."""
