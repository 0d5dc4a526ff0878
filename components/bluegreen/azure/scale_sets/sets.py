"""A scale set as Azure tells it: its model, its instances, and what a release is in it. Pure.

https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-scale-set
https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.fields import REQUIRED, UNKNOWN, Fields
from bluegreen.plain import holds_unknown, plain

Release = Mapping[str, Any]
_KEYS = ("imageReference", "userData")


class ScaleSetRelease:
    """The kind of option of a release: the part of a scale set's model that it is."""

    hint: str = "Mapping[str, object]"
    bounds: str = ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """Read the image's reference and the user data."""
        section = fields.section(name, default)
        if section is None or section.unknown:
            return UNKNOWN if section is not None else default
        before = len(section.problems)
        section.section("imageReference", REQUIRED)
        section.text("userData", None)
        given: Any = fields.raw(name)
        for key in sorted(given.keys() - set(_KEYS)) if isinstance(given, Mapping) else ():
            section.problem(key, given[key], "absent: a release is its imageReference and its userData")
        return UNKNOWN if len(section.problems) > before or holds_unknown(given) else plain(given)


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance.

    Attributes:
        number: its instance id.
        latest: whether it is of the model as that is now.
        state: its ``provisioningState``.
        health: what the application health extension says; empty where there is none.
    """

    number: str
    latest: bool
    state: str
    health: str

    @property
    def serves(self) -> bool:
        """Whether it has started and is not known to be ill."""
        return self.state.lower() == "succeeded" and self.health.lower() in ("", "healthy")

    @staticmethod
    def of(told: Mapping[str, Any]) -> Instance:
        """From an item of the list."""
        properties = told.get("properties") or {}
        view = properties.get("instanceView") or {}
        code = str(((view.get("vmHealth") or {}).get("status") or {}).get("code") or "")
        return Instance(
            str(told.get("instanceId") or ""),
            bool(properties.get("latestModelApplied")),
            str(properties.get("provisioningState") or ""),
            code.rpartition("/")[2],
        )


@dataclass(frozen=True, slots=True)
class ScaleSet:
    """A color's scale set with its instances."""

    told: Mapping[str, Any]
    instances: Sequence[Instance]

    @property
    def capacity(self) -> int:
        """How many instances there are to be."""
        return int((self.told.get("sku") or {}).get("capacity") or 0)

    @property
    def running(self) -> int:
        """How many of them serve."""
        return sum(one.serves for one in self.instances)

    @property
    def former(self) -> int:
        """How many are of a former model."""
        return sum(not one.latest for one in self.instances)

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return dict(self.told.get("tags") or {})

    @property
    def unfit(self) -> str:
        """Why it cannot be scaled here; empty if it can."""
        properties = self.told.get("properties") or {}
        mode = str(properties.get("orchestrationMode") or "Uniform")
        if mode.lower() != "uniform":
            return f"its orchestrationMode is {mode}: have it made in Uniform orchestration"
        policy = str((properties.get("upgradePolicy") or {}).get("mode") or "Manual")
        if policy.lower() != "manual":
            return f"its upgradePolicy.mode is {policy}, which changes instances under traffic: set it to Manual"
        return ""

    @property
    def told_release(self) -> str:
        """The text that tells its model, and how many instances are of another one, from anything else."""
        data = hashlib.sha256(str(self.release["userData"]).encode()).hexdigest()[:8]
        return f"{text_of(self.release)} with {data}" + (f", {self.former} of a former model" if self.former else "")

    @property
    def release(self) -> dict[str, Any]:
        """The part of its model that is a release."""
        profile = (self.told.get("properties") or {}).get("virtualMachineProfile") or {}
        reference = (profile.get("storageProfile") or {}).get("imageReference") or {}
        return {"imageReference": reference, "userData": profile.get("userData") or ""}

    def runs(self, release: Release) -> bool:
        """Whether its model is a release."""
        own = self.release
        wanted = release["imageReference"]
        image = all(_same(own["imageReference"].get(key), value) for key, value in wanted.items())
        return image and own["userData"] == (release.get("userData") or "")


def profile_of(release: Release) -> dict[str, Any]:
    """The part of a model that a release is, as a change of the scale set has it."""
    return {
        "storageProfile": {"imageReference": dict(release["imageReference"])},
        "userData": release.get("userData") or "",
    }


def text_of(release: Release) -> str:
    """A release's image, for people."""
    image = release["imageReference"]
    name = str(image.get("id") or image.get("sharedGalleryImageId") or image.get("communityGalleryImageId") or "")
    if name:
        parts = name.strip("/").split("/")
        return f"image {parts[-3]}:{parts[-1]}" if "versions" in parts else f"image {parts[-1]}"
    return "image " + ":".join(str(image.get(key) or "") for key in ("publisher", "offer", "sku", "version"))


def _same(own: Any, wanted: Any) -> bool:
    if isinstance(own, str) and isinstance(wanted, str):
        return own.lower() == wanted.lower()  # in ids case says nothing
    return bool(own == wanted)
