"""The pinned tools, one module each: where to find it, how to get it, how to build it."""
