"""Traefik, the proxy that carries requests by Gateway API routes and by resources of its own."""

from __future__ import annotations

from localcloud.tools.go import Program

VERSION = "3.4.0"
MODULE = "github.com/traefik/traefik/v3"

ensure = Program("traefik", "Traefik", VERSION, MODULE, "./cmd/traefik").ensure
"""Returns the directory with `traefik` in it."""
