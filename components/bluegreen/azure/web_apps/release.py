"""The release of one color of an app with slots: checked, and turned into what a slot has at first. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.azure.web_apps.names import (
    COLOR_SETTING,
    PACKAGE_SETTING,
    RELEASE_SETTING,
    WARM_UP_PATH,
    WARM_UP_STATUSES,
)
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    import pulumi

_OURS = (COLOR_SETTING, WARM_UP_PATH, WARM_UP_STATUSES)
_TAKEN = frozenset({*_OURS, RELEASE_SETTING, PACKAGE_SETTING})
_STATUSES = re.compile(r"[1-5]\d\d(,[1-5]\d\d)*\Z")


class WebAppRelease(TypedDict, total=False):
    """A color's release: an image, a language stack with a package, or one for code that a pipeline deploys.

    Attributes:
        image: the container image.
        runtime: the language stack instead, as Azure has it: ``PYTHON|3.12``.
        package_url: with ``runtime``, the address of a ZIP package that Azure runs (``WEBSITE_RUN_FROM_PACKAGE``), or a
            reference to Key Vault; an identity of the app reads it. Without it your pipeline deploys the code.
        settings: app settings that move with it. What is secret is a reference to Key Vault.
        release: what people call it; required with ``runtime``, else the image's name and tag.
    """

    image: pulumi.Input[str]
    runtime: str
    package_url: pulumi.Input[str]
    settings: Mapping[str, Any]
    release: str


def runs(given: Mapping[str, Any]) -> Any:
    """The ``linuxFxVersion`` of a slot; the image may be an output."""
    image = given.get("image")
    if image is None:
        return given.get("runtime")
    if isinstance(image, str):
        return f"DOCKER|{image}"
    import pulumi  # noqa: PLC0415 - only where there is an output there is a program

    return pulumi.Output.concat("DOCKER|", image)


def is_whole(given: Mapping[str, Any]) -> bool:
    """Whether a release says all that there is to install."""
    return given.get("image") is not None or given.get("package_url") is not None


def own_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """A release's own app settings, the address of its package among them."""
    package = given.get("package_url")
    return {**(given.get("settings") or {}), **({} if package is None else {PACKAGE_SETTING: package})}


def content_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The content that the swap brings into a slot; its values may be outputs."""
    return {"runs": runs(given), "settings": own_settings(given)}


def label_of(given: Mapping[str, Any]) -> Any:
    """A release's name for people."""
    return given.get("release") or given.get("image")


def settings_of(
    color: Color,
    given: Mapping[str, Any],
    common: Mapping[str, Any],
    place: Mapping[str, Any],
    warm_up: tuple[str, str],
) -> list[dict[str, Any]]:
    """A slot's app settings at first.

    Args:
        color: whose content it gets.
        given: the color's release.
        common: what both colors have.
        place: what belongs to the slot and stays there.
        warm_up: the path that Azure asks before a swap, and the statuses that will do.
    """
    ours = dict(zip(_OURS, (color, *warm_up), strict=True))
    whole = {**common, **own_settings(given), **place, **ours}
    return [{"name": name, "value": value} for name, value in sorted(whole.items())]


def problems_in(given: Mapping[str, Any], color: Color) -> list[Problem]:
    """Everything that is wrong with a release, as far as it is known.

    Args:
        given: the release, ``UNKNOWN`` where only an update knows.
        color: whose.
    """
    fields = Fields(given, color)
    image, runtime = fields.text("image", None), fields.text("runtime", None)
    release = fields.text("release", None)
    package = fields.text("package_url", None)
    if (image is None) == (runtime is None):
        fields.problem("image", given.get("image"), "an image, or a runtime instead: one of the two")
    if isinstance(runtime, str) and "|" not in runtime:
        fields.problem("runtime", runtime, "a language stack with its version, such as PYTHON|3.12")
    if runtime is not None and release is None:
        fields.problem("release", release, "a name: a runtime does not say what is deployed")
    if package is not None and runtime is None:
        fields.problem("package_url", package, "absent beside an image: it goes with a runtime")
    if isinstance(package, str) and not package.startswith(("https://", "@Microsoft.KeyVault(")):
        fields.problem("package_url", "***", "an address that begins with https://, or a reference to Key Vault")
    if isinstance(package, str) and "sig=" in package:
        allowed = "an address without a signature, which an identity of the app reads, or a reference to Key Vault"
        fields.problem("package_url", "***", allowed)
    fields.mapping("settings")
    fields.done()
    return [*fields.problems, *problems_in_settings(given.get("settings"), f"{color}.settings")]


def problems_in_settings(given: Any, field: str) -> list[Problem]:
    """Values that are no texts, and names that the component sets itself.

    Args:
        given: app settings by name, ``UNKNOWN`` where only an update knows.
        field: where they stand.
    """
    if not isinstance(given, Mapping):
        return []
    taken = [
        Problem(f"{field}.{name}", name, "another name: the component sets this one")
        for name in sorted(_TAKEN)
        if name in given
    ]
    wrong = [
        Problem(f"{field}.{name}", value, "a text")
        for name, value in given.items()
        if value is not UNKNOWN and not isinstance(value, str)
    ]
    return [*taken, *wrong]


def problems_in_warm_up(path: Any, statuses: Any) -> list[Problem]:
    """The problems with a warm-up: paths that Azure could not request, statuses that are none."""
    found = []
    if not isinstance(path, str) or not path.startswith("/"):
        found.append(Problem("warm_up_path", path, "a path, such as /healthz"))
    if not isinstance(statuses, str) or not _STATUSES.match(statuses):
        found.append(Problem("warm_up_statuses", statuses, "HTTP statuses with commas between them, such as 200,204"))
    return found
