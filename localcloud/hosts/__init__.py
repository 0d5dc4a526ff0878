"""A host of one's own: two releases as processes, and the real Envoy before them, by a file of routes."""
