"""The settings that all programs here read alike from the stack's config."""

import json
from typing import Any

import pulumi

from bluegreen.component.swap_settings import SwapSettings
from bluegreen.naming import camel
from bluegreen.options.kinds import Text
from bluegreen.swap.settings import all_of_them

_config = pulumi.Config()


def setting(key: str, default: Any) -> Any:
    """An object, a number or a bare word, such as a preset's name; only what is absent is the default."""
    value = _config.get(key)
    try:
        return default if value is None else json.loads(value)
    except ValueError:
        return value


def network() -> tuple[Any, Any]:
    """The VPC and its subnets: ``vpcId`` and ``subnetIds``, or the default VPC's."""
    import pulumi_aws as aws  # noqa: PLC0415 - not for stacks that are elsewhere

    vpc_id = _config.get("vpcId") or aws.ec2.get_vpc(default=True).id
    filters: Any = [{"name": "vpc-id", "values": [vpc_id]}]
    return vpc_id, _config.get_object("subnetIds") or aws.ec2.get_subnets(filters=filters).ids


# A proxy hears of new pods a moment after Kubernetes does, and answers 503 until then.
_HEALTHZ = {"kind": "http", "path": "/healthz", "interval_seconds": 2, "failure_limit": 5}

# What every component takes of its swaps, but for who does them, which is a setting of the stack itself, and for the
# key that `bluegreen promote` changes, which is the one that every program here reads.
_SWAPS = SwapSettings.__annotations__.keys() - {"swap_provider", "config_key"}
_TEXTS = {found.name for found in all_of_them() if isinstance(found.kind, Text)}
SWAP_KEYS = {name: "promoteTo" if name == "promote_to_percent" else camel(name) for name in sorted(_SWAPS)}
"""The config key of each setting of swaps: ``bake_seconds`` is ``bakeSeconds``."""


def swaps(**defaults: Any) -> dict[str, Any]:
    """The settings of swaps, as the component takes them: the stack's config, then ``defaults``."""
    given = {name: _config.get(key) if name in _TEXTS else setting(key, None) for name, key in SWAP_KEYS.items()}
    known = {name: value for name, value in given.items() if value is not None}
    return {"config_key": "activeColor", **defaults, **known}


def swaps_on_kubernetes(**defaults: Any) -> dict[str, Any]:
    """The same with what suits Kubernetes; how large a color is at rest the entry says."""
    return swaps(**{"gates": [_HEALTHZ], "steady_state_timeout_seconds": 300, **defaults})


def show(component: Any) -> None:
    """The outputs that every program on Kubernetes has."""
    pulumi.export("url", component.url)
    pulumi.export("previewUrls", component.preview_urls)
    pulumi.export("previewHeaders", component.preview_headers)
    pulumi.export("liveColor", component.live_color)
    pulumi.export("weights", component.weights)
    pulumi.export("history", component.history)
    pulumi.export("workloads", component.workloads)
    pulumi.export("services", component.services)
