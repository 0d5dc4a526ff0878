"""An ECS task definition's containers and their images."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .values import Props


def containers_of(props: Props) -> Sequence[Mapping[str, Any]] | None:
    """A task definition's containers; ``None`` when they are not known yet, or not such that ECS would take them."""
    definitions = props.get("containerDefinitions")
    if not isinstance(definitions, str):
        return None
    try:
        containers = json.loads(definitions)
    except ValueError:
        return None
    if not isinstance(containers, list) or not all(isinstance(container, dict) for container in containers):
        return None
    return containers


def tag_and_digest(image: str) -> tuple[str | None, str | None]:
    """The tag and the digest of an image: ``app:v1`` has a tag, ``app@sha256:…`` a digest, ``app`` neither."""
    name, _, digest = image.partition("@")
    # A colon before the last slash is the registry's port.
    _, _, tag = name.rpartition("/")[2].partition(":")
    return tag or None, digest or None
