"""Routers: each moves production traffic between the two colors on one platform."""
