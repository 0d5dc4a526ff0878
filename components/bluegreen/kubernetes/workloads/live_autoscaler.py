"""The work of a swap on HorizontalPodAutoscalers: kept from scaling in meanwhile, and given back as they were.

An autoscaler is held by its ``minReplicas``, raised to what the color has: it can grow and not shrink. What it was, and
whose field it was, is noted on the autoscaler in the same write, so that whoever comes after a kill knows what to undo.
Giving back is the value first, and then the field itself: no trace of the swap is left for its owner's next apply to
meet. At 0 replicas Kubernetes itself turns an autoscaler off, whatever its range.

Sources: https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#implicit-maintenance-mode-deactivation
https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.client import MANAGER, Conflict, KubernetesConnection, Resource
from bluegreen.options.declared import option, read_options
from bluegreen.options.kinds import Number
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Color

MINIMUM = "bluegreen/min-replicas"
"""On an autoscaler whose ``minReplicas`` the swap has changed: the one to give back."""
OWNERS = "bluegreen/min-replicas-owners"
"""Beside it: the field managers that ``minReplicas`` belongs to, such as ``[["helm", "Update"]]``."""

_TRIES = 3
_NEW_ENTRY = {"apiVersion": "autoscaling/v2", "fieldsType": "FieldsV1"}


@dataclass(frozen=True, slots=True)
class Replicas:
    """The range of replicas that autoscaling may choose from."""

    low: int = option("the smallest", Number(0, whole=True), name="min_replicas")
    high: int = option("the largest", Number(1, whole=True), name="max_replicas")

    @classmethod
    def parse(cls, fields: Fields) -> Replicas | None:
        """Read ``min_replicas`` and ``max_replicas``; ``None`` when they are wrong, or not known yet."""
        # A minimum of 0 is one: clusters with the feature HPAScaleToZero take it.
        low, high = read_options(cls, fields).values()
        if low is UNKNOWN or high is UNKNOWN:
            return None
        if low > high:
            fields.problem("max_replicas", high, f"a whole number, min_replicas ({low}) at least")
            return None
        return cls(low, high)


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """One autoscaler as it is.

    Attributes:
        uid: which object it is.
        version: of what was read, for writes that must not meet another one.
        low: its ``minReplicas``.
        high: its ``maxReplicas``.
        noted: the ``minReplicas`` to give back, where one is noted.
        noted_owners: whose field it was, as it is noted.
        managed: its ``managedFields``.
    """

    uid: str
    version: str
    low: int
    high: int
    noted: int | None
    noted_owners: str
    managed: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Autoscaler:
        """Read an object."""
        metadata, spec = manifest["metadata"], manifest["spec"]
        notes = metadata.get("annotations") or {}
        noted = str(notes.get(MINIMUM, ""))
        return cls(
            metadata["uid"],
            metadata["resourceVersion"],
            1 if spec.get("minReplicas") is None else int(spec["minReplicas"]),  # 0 is a minimum of its own
            int(spec["maxReplicas"]),
            int(noted) if noted.isdecimal() else None,
            str(notes.get(OWNERS, "[]")),
            tuple(metadata.get("managedFields") or ()),
        )

    @property
    def owners(self) -> list[tuple[str, str]]:
        """The managers other than the swap that ``minReplicas`` belongs to at present."""
        return [_key(entry) for entry in self.managed if _has_minimum(entry) and not _is_ours(entry)]

    @property
    def is_changed(self) -> bool:
        """Whether ``minReplicas`` is the swap's: its owner has not set it since."""
        return self.noted is not None and not self.owners

    @property
    def own_low(self) -> int:
        """The ``minReplicas`` that it has when no swap has to do with it."""
        return self.noted if self.noted is not None and self.is_changed else self.low

    @property
    def notes(self) -> dict[str, str]:
        """The notes to write before ``minReplicas`` is changed."""
        owners = self.noted_owners if self.is_changed else json.dumps(self.owners)
        return {MINIMUM: str(self.own_low), OWNERS: owners}

    @property
    def left(self) -> list[dict[str, Any]]:
        """The ``managedFields`` without the swap, and with ``minReplicas`` back where it came from."""
        kept = {
            (*_key(entry), entry.get("subresource", "")): dict(entry) for entry in self.managed if not _is_ours(entry)
        }
        for manager, operation in _owners_in(self.noted_owners) if self.is_changed else ():
            place = (manager, operation, "")
            # Whoever owned nothing else has no entry any more.
            kept[place] = _with_minimum(kept.get(place) or {"manager": manager, "operation": operation, **_NEW_ENTRY})
        return list(kept.values())


@dataclass(frozen=True, slots=True)
class Autoscalers:
    """Both colors' autoscalers, as far as there are any.

    Attributes:
        namespace: of both.
        names: an autoscaler's name for each color that has one.
        clusters: where each color is.
        declared: the range that the stack declares, whose lower end is the swap's to set; ``None``: the one they had.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("get horizontalpodautoscalers.autoscaling", "swaps with autoscaling"),
        Permission("patch horizontalpodautoscalers.autoscaling", "the same: the minimum, and a note of what it was"),
    )

    namespace: str
    names: Mapping[Color, str]
    clusters: Mapping[Color, KubernetesConnection]
    declared: Replicas | None

    def where(self, color: Color) -> Resource:
        """A color's autoscaler."""
        kind, plural = "HorizontalPodAutoscaler", "horizontalpodautoscalers"
        return Resource("autoscaling/v2", kind, plural, self.namespace, self.names[color])

    def find(self, color: Color, *, missing_is_fine: bool = False) -> Autoscaler | None:
        """A color's autoscaler: one call, none where it has none.

        Raises:
            PlatformError: it is declared and not there.
        """
        if color not in self.names:
            return None
        autoscaler = self.clusters[color].get(self.where(color))
        if autoscaler is None and not missing_is_fine:
            raise self._missing("get", color)
        return None if autoscaler is None else Autoscaler.of(autoscaler)

    def _missing(self, verb: str, color: Color) -> PlatformError:
        what = self.where(color)
        return PlatformError(f"{verb} {what.rbac}", f"there is no {what} in {self.clusters[color]}")

    def own_low(self, autoscaler: Autoscaler) -> int:
        """The ``minReplicas`` that an autoscaler has outside of swaps."""
        return autoscaler.own_low if self.declared is None else self.declared.low

    def prepare(self, color: Color, size: int) -> None:
        """Have it take none of ``size`` replicas away.

        Raises:
            PlatformError: it allows fewer, and would scale what is requested down at once.
        """
        autoscaler = self.find(color)
        if autoscaler is None:
            return
        if size > autoscaler.high:
            what = self.where(color)
            raise PlatformError(
                f"patch {what.rbac}",
                f"{what}: maxReplicas is {autoscaler.high} and {size} replicas of {color} are wanted, as many as the "
                f"larger color has at present: raise maxReplicas to {size} at least",
            )
        self._change(color, autoscaler, lambda now: self._set(color, now, max(size, self.own_low(now))))

    def suspend_scale_in(self, color: Color, autoscaler: Autoscaler, present: int) -> None:
        """Raise its minimum to the present size: one call, none when it is that high."""
        self._change(color, autoscaler, lambda now: self._set(color, now, max(now.low, min(present, now.high))))

    def fix(self, color: Color, autoscaler: Autoscaler, low: int) -> None:
        """Set its minimum: one call, none when it is that already."""
        self._change(color, autoscaler, lambda now: self._set(color, now, low))

    def give_back(self, color: Color, autoscaler: Autoscaler) -> None:
        """Set the minimum that it has outside of swaps: no call when all is well, two where a note has to go."""
        if self.declared is not None:
            self.fix(color, autoscaler, self.declared.low)
        elif autoscaler.noted is not None:
            self._change(color, autoscaler, lambda now: self._let_go(color, self._set(color, now, now.own_low)))

    def _change(self, color: Color, autoscaler: Autoscaler, change: Callable[[Autoscaler], object]) -> None:
        """Make a change: once more where the object was written since it was read, as its status is at times."""
        now: Autoscaler | None = autoscaler
        for left in reversed(range(_TRIES)):
            if now is None:
                return
            try:
                change(now)
            except Conflict:
                if not left:
                    raise
                now = self.find(color, missing_is_fine=True)
            else:
                return

    def _set(self, color: Color, autoscaler: Autoscaler, low: int) -> Autoscaler:
        """Set its minimum, and note in the same write what it was."""
        if autoscaler.low == low:
            return autoscaler
        notes = {"annotations": autoscaler.notes} if self.declared is None else {}
        place = {"uid": autoscaler.uid, "resourceVersion": autoscaler.version}
        fields = {"metadata": {**place, **notes}, "spec": {"minReplicas": low}}
        return Autoscaler.of(self.clusters[color].apply(self.where(color), fields))

    def _let_go(self, color: Color, autoscaler: Autoscaler) -> None:
        """Leave no trace: the notes and the field go in one write, so that a kill leaves both or none."""
        metadata = {
            "resourceVersion": autoscaler.version,
            "annotations": {MINIMUM: None, OWNERS: None},
            "managedFields": autoscaler.left,
        }
        self.clusters[color].merge(self.where(color), {"metadata": metadata})

    def preflight(self, color: Color) -> None:
        """Find out whether a minimum may be set: one call that changes nothing."""
        if color in self.names:
            written = self.clusters[color].merge(self.where(color), {"spec": {"minReplicas": 1}}, dry_run=True)
            if written is None:
                raise self._missing("patch", color)


def _key(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry.get("manager")), str(entry.get("operation"))


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return entry.get("manager") == MANAGER and not entry.get("subresource")


def _has_minimum(entry: Mapping[str, Any]) -> bool:
    return "f:minReplicas" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})


def _with_minimum(entry: Mapping[str, Any]) -> dict[str, Any]:
    fields = entry.get("fieldsV1") or {}
    return {**entry, "fieldsV1": {**fields, "f:spec": {**(fields.get("f:spec") or {}), "f:minReplicas": {}}}}


def _owners_in(text: str) -> list[tuple[str, str]]:
    """The owners in a note; none when somebody has written something else there."""
    try:
        return [(str(manager), str(operation)) for manager, operation in json.loads(text)]
    except (ValueError, TypeError):
        return []
