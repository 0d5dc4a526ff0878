"""How long a swap on Kubernetes takes, beside Argo Rollouts and `kubectl patch`, and whether it loses a request."""
