"""The time of a swap on Kubernetes, beside Argo Rollouts and `kubectl patch`, and whether it loses a request."""
