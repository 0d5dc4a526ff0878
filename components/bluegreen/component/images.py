"""Names of container images: those that fix one, and those that may be another image tomorrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_MOVES = "latest"


def with_digests_alone(value: object) -> object:
    """A value with each image that has a digest reduced to that: a tag beside it says nothing more."""
    if isinstance(value, Mapping):
        return {key: _digest_alone(item) if key == "image" else with_digests_alone(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_digests_alone(item) for item in value]
    return value


def moving(value: object) -> Iterator[str]:
    """Every image in a release that has no digest and no tag, or the tag ``latest``.

    Args:
        value: a release as it was given; what is not known yet is left out.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "image" and isinstance(item, str):
                if item and "@" not in item and (_tag(item) or _MOVES) == _MOVES:
                    yield item
            elif key == "image" and isinstance(item, Mapping) and item.get("tag") == _MOVES:
                if not item.get("digest"):  # as charts have it; without a tag theirs is the chart's own version
                    yield f"{item.get('repository', 'an image')}:{_MOVES}"
            else:
                yield from moving(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from moving(item)


def _digest_alone(image: Any) -> Any:
    if not isinstance(image, str) or "@" not in image:
        return with_digests_alone(image)
    named, _, digest = image.partition("@")
    return f"{named.removesuffix(':' + _tag(named)) if _tag(named) else named}@{digest}"


def _tag(image: str) -> str:
    """The tag of an image's name, which may have a registry's port in it."""
    return image.rpartition("/")[2].partition(":")[2]
