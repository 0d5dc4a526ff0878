"""Inputs of the Route 53 and Cloud Map types, and a change that each takes in place."""

from __future__ import annotations

from typing import Any


def cases(world: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By type; ``world`` has the VPC."""
    tags = {"tags": {"a": "b", "c.d": "e"}}
    if not hasattr(world, "namespace"):
        inputs = {"name": "world.internal", "vpc": world.vpc}
        world.namespace = world.make("aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace", inputs).id
    dns = {"namespaceId": world.namespace, "dnsRecords": [{"type": "A", "ttl": 10}]}
    return {
        "aws:route53/zone:Zone": (
            {"name": "typed.example", "comment": "x", "forceDestroy": True, **tags},
            {"comment": "y", "tags": {"a": "z"}},
        ),
        "aws:route53/healthCheck:HealthCheck": (
            {
                "type": "HTTP",
                "fqdn": "typed.example",
                "port": 80,
                "resourcePath": "/healthz",
                "failureThreshold": 2,
                **tags,
            },
            {"failureThreshold": 3, "resourcePath": "/up", "tags": {"a": "z"}},
        ),
        "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace": (
            {"name": "typed.internal", "vpc": world.vpc, "description": "x", **tags},
            {"description": "y", "tags": {"a": "z"}},
        ),
        "aws:servicediscovery/publicDnsNamespace:PublicDnsNamespace": (
            {"name": "typed.example", "description": "x", **tags},
            {"description": "y", "tags": {}},
        ),
        "aws:servicediscovery/httpNamespace:HttpNamespace": (
            {"name": "typed", "description": "x", **tags},
            {"description": "y", "tags": {"a": "z"}},
        ),
        "aws:servicediscovery/service:Service": (
            {"name": "typed", "dnsConfig": dns, "healthCheckCustomConfig": {"failureThreshold": 1}, **tags},
            {"description": "y", "dnsConfig": {**dns, "dnsRecords": [{"type": "A", "ttl": 20}]}, "tags": {"a": "z"}},
        ),
    }
