"""The rules: pure functions over plain data, which know neither the engine nor ``pulumi_policy``."""
