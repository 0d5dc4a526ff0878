"""Container images always name one release: ``latest`` is another release tomorrow, and no way back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from . import installed
from .containers import containers_of, tag_and_digest
from .values import TASK_DEFINITION, TRAFFIC_SWAPS, Props, shown

TYPES = frozenset({TASK_DEFINITION, *TRAFFIC_SWAPS})
FORBIDDEN_TAGS = ("latest",)


def violations(name: str, props: Props, forbidden_tags: Collection[str] = FORBIDDEN_TAGS) -> list[str]:
    """An image with a digest passes, whatever its tag."""
    problems = []
    for path, image in [*_in_task_definition(props), *_in_swap(props), *_in_templates(props)]:
        tag, digest = tag_and_digest(image)
        if digest or (tag is not None and tag not in forbidden_tags):
            continue
        why = f"the tag {tag!r} moves" if tag is not None else "without a tag it means 'latest', which moves"
        problems.append(
            f"{name}: {path} is {shown(image)}: {why}, so a rollback could bring back another release than the one "
            "that was live. Name a version (app:v1.2.3) or a digest (app@sha256:…)."
        )
    return problems


def _in_task_definition(props: Props) -> Iterator[tuple[str, str]]:
    for index, container in enumerate(containers_of(props) or ()):
        if isinstance(container.get("image"), str):
            yield f"containerDefinitions[{container.get('name', index)}].image", container["image"]


def _in_templates(props: Props) -> Iterator[tuple[str, str]]:
    """The images that the swap itself installs."""
    for path, by_color in installed.templates(props):
        for color, template in by_color.items():
            for index, container in enumerate(installed.containers(template)):
                if isinstance(container.get("image"), str):
                    yield f"{path}.{color}.containers[{container.get('name', index)}].image", container["image"]


def _in_swap(props: Props) -> Iterator[tuple[str, str]]:
    """The swap names both releases even in a stack's first preview, where no container definition is known yet."""
    capacity, releases = props.get("capacity"), props.get("releases")
    if not isinstance(capacity, Mapping) or capacity.get("kind") != "ecs" or not isinstance(releases, Mapping):
        return
    for color, release in releases.items():
        if isinstance(release, str):  # "image + image (digest of the rest)"
            yield from ((f"releases.{color}", image) for image in release.partition(" (")[0].split(" + "))
