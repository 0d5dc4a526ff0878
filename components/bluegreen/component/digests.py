"""Digests of releases: they tell one from another by its content, whatever people call it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

import pulumi

from bluegreen.component import images
from bluegreen.file_places import is_file, path_of
from bluegreen.plain import plain
from bluegreen.rollout.model import Color

# How a color is called, and not what it is.
_LABEL = "release"


def digest(thing: object) -> str:
    """``sha256:`` and 64 hexadecimal digits of a value as JSON, the same for programs in every language."""
    text = json.dumps(plain(images.with_digests_alone(thing)), sort_keys=True, default=str)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def digest_of(thing: pulumi.Input[Any]) -> pulumi.Output[str]:
    """The digest of a value with outputs in it; unknown until all of them are known."""
    return pulumi.Output.from_input(thing).apply(digest)


def of_releases(
    releases: Mapping[Color, Mapping[str, Any]], without: Collection[str] = ()
) -> dict[Color, pulumi.Output[str]]:
    """A digest of each color's argument, without its name. Names that may be another image later are warned of.

    Args:
        releases: as they were given. One that is there already is identified by what names it, which is not here.
        without: more keys that do not make it another release.
    """
    left_out = {_LABEL, *without}
    for color, release in releases.items():
        tell_what_moves(color, release)
    return {
        color: digest_of({key: value for key, value in release.items() if key not in left_out and not _empty(value)})
        for color, release in releases.items()
        if "existing" not in release
    }


def of_chart(release: Mapping[str, Any]) -> pulumi.Output[str]:
    """A chart's digest: of its place, its version and its values, and of a chart in files their contents."""
    given = {key: value for key, value in release.items() if key != _LABEL and not _empty(value)}

    def with_files(arguments: Mapping[str, Any]) -> str:
        # A name in a repository may be that of a folder by accident.
        files = {} if arguments.get("repository") else _contents(str(arguments.get("chart")))
        return digest({**arguments, "files": files})

    return pulumi.Output.from_input(given).apply(with_files)


def of_manifests(
    manifests: Collection[Mapping[str, Any]], scaled: Collection[Mapping[str, Any] | None]
) -> pulumi.Output[str]:
    """The digest of rendered objects, without the sizes that are the swap's.

    Args:
        manifests: the color's own.
        scaled: the workload and its autoscaler among them.
    """
    sizes = ("replicas", "minReplicas")
    return digest_of(
        [
            {**manifest, "spec": {key: value for key, value in manifest["spec"].items() if key not in sizes}}
            if any(manifest is one for one in scaled)
            else dict(manifest)
            for manifest in manifests
        ]
    )


def tell_what_moves(color: Color, release: object) -> None:
    """Warn of images whose name does not fix a release: the same name brings another image once it is pushed again."""
    for image in dict.fromkeys(images.moving(release)):
        pulumi.log.warn(
            f"{color} runs {image}: another push under that name brings another image into {color} with the next "
            "task or pod that starts, live or not, with no gate and no change to see here. Name a version or a digest"
        )


def tell_what_a_chart_moves(color: Color, release: Mapping[str, Any]) -> None:
    """Warn of a chart without a version, which is the newest one there is at each update."""
    tell_what_moves(color, release.get("values"))
    chart = release.get("chart")
    if release.get("version") or not isinstance(chart, str):
        return
    if "://" in chart or release.get("repository"):
        pulumi.log.warn(
            f"{color} installs whatever version of the chart {chart} is the newest: another one comes into {color} "
            "with any later update, live or not, with no gate and no change to see before it. Name a version"
        )


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, (str, Mapping, list, tuple)) and not value)


def _contents(chart: str) -> dict[str, str]:
    """A digest of each of a chart's files, by path; empty where the chart is not in files that can be read."""
    place = path_of(chart)
    if "://" in chart or not (is_file(place) or is_file(place / "Chart.yaml")):
        return {}
    files = [place] if is_file(place) else sorted(file for file in place.rglob("*") if file.is_file())
    try:
        return {str(file.relative_to(place)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    except OSError:  # Helm says so, too
        return {}
