"""Secrets of a Pulumi provider, which do not reach the swap: it keeps no keys."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi


def warn_of_keys(name: str, parent: pulumi.Resource, provider: str, keys: Iterable[str], instead: str) -> None:
    """Tell whoever gives a provider a secret of its own that the swap does not have it.

    Args:
        name: the component's.
        parent: the component.
        provider: the provider's name in a stack's config.
        keys: of its config, those that are secrets or lead to one.
        instead: how both learn who calls, by the environment.
    """
    config = pulumi.Config(provider)
    told = ", ".join(f"{provider}:{key}" for key in keys if config.get(key))
    if told:
        pulumi.log.warn(
            f"{name}: {told} is the provider's alone: the swap keeps no keys. Give both by the environment: {instead}",
            parent,
        )
