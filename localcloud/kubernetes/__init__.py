"""A real Kubernetes node on this machine: all of its parts run here, and everything listens on loopback alone."""
