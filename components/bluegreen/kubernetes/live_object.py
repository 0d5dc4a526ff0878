"""The base of every router on Kubernetes: it reads its object, owns some of its fields, keeps marks on it.

The object is a resource of the user's stack, declared without the fields that say where traffic goes. The swap applies
these, and its owner's name, by server-side apply as a field manager of its own: no field has two owners, and no update
of the stack puts traffic back. A router adds which fields, how weights stand in them, and when they have taken effect.

Server-side apply: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import contextlib
import json
import math
import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.kubernetes.client import MANAGER, MARKS_MANAGER, Conflict, KubernetesConnection, Resource
from bluegreen.kubernetes.client_names import LABEL_NAME
from bluegreen.kubernetes.connection_option import cluster_option
from bluegreen.kubernetes.managed_fields import annotations_by, managers_of, without
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Flag, Text
from bluegreen.rollout.clock import steady_seconds
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability

OWNER = "bluegreen/owner"
"""The annotation that says whose the owned fields are: ``project/stack/name``."""
_MARK = "bluegreen/mark."
ANSWER_LASTS_SECONDS = 0.05
"""For how long nothing is read again that has just been answered."""
_OURS = (MANAGER, MARKS_MANAGER)
_TRIES = 5


@dataclass(slots=True, kw_only=True)
class KubernetesObjectRouter(Options, ABC):
    """Owns some fields of one object.

    Attributes:
        former_owner: who owned them before, where the stack, the project or the swap has another name now.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = 0
    #: Where the owned field stands, or the first of them: ``("spec", "selector")``.
    owned_path: ClassVar[tuple[str, ...]]

    namespace: str = option("the object's namespace", LABEL_NAME)
    owner: str = option("who owns the fields, written into an annotation: ``project/stack/name``", Text())
    former_owner: str = ""
    adopt: bool = option(
        "whether fields that somebody else has set are read as they are, so that they keep their traffic",
        Flag(),
        default=False,
    )
    cluster: KubernetesConnection = cluster_option()
    # The object as of the last call; its uid, so that nothing is written into another one of the same name.
    _found: Mapping[str, Any] | None = field(default=None, init=False)
    _uid: str = field(default="", init=False)
    _owned: bool = field(default=False, init=False)
    # The weights as they were looked at last. What a mark is answered, or what is looked at since a write was refused,
    # may have others: those are not written over.
    _seen: Weights | None = field(default=None, init=False)
    # The uid of the object that this swap has written to: another one of the same name is another object.
    _ours: str = field(default="", init=False)
    # The object before what was written last, which a controller's word is compared with: a word about others was
    # there before. And whether what was written last is known to have taken effect.
    _before: Mapping[str, Any] | None = field(default=None, init=False)
    _effective: bool = field(default=True, init=False)
    _set_here: set[str] = field(default_factory=set, init=False)
    _marked_at_seconds: float = field(default=-math.inf, init=False)
    _answered_at_seconds: float = field(default=-math.inf, init=False)

    # -- what a platform says

    @property
    @abstractmethod
    def _object(self) -> Resource:
        """The object."""

    @abstractmethod
    def _fields(self, weights: Weights) -> dict[str, Any]:
        """The owned fields as a part of a manifest. ``Weights()`` is no color at all.

        Raises:
            PlatformError: the platform cannot split like that.
        """

    @abstractmethod
    def _weights(self, current: Mapping[str, Any]) -> Weights:
        """The weights that an object has in these fields."""

    @abstractmethod
    def _foreign(self, current: Mapping[str, Any]) -> str:
        """The values in these fields that nobody owns, for people; empty when there are none."""

    def _settled(self, current: Mapping[str, Any], weights: Weights) -> bool:  # noqa: ARG002 - by default what is stored counts
        """Whether the data plane follows the object."""
        return True

    @abstractmethod
    def health(self, color: Color) -> Readiness:
        """The health of a color's endpoints."""

    # -- reading

    @property
    def id(self) -> str:
        """The kind, the namespace and the name."""
        return f"{self._object.kind}/{self.namespace}/{self._object.name}"

    def read(self) -> Traffic:
        """The live weights, and the marks with them: one call."""
        self._seen, current = None, self._look()
        if current is None or not self._counts(current):
            return Traffic(Weights())
        self._seen = self._weights(current)
        return Traffic(self._seen, _marks_in(current))

    def _look(self) -> Mapping[str, Any] | None:
        return self._note(self.cluster.get(self._object))

    def _note(self, current: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Remember the object as a call has just answered it."""
        self._found = current
        self._uid = current["metadata"]["uid"] if current is not None else ""
        self._owned = current is not None and _annotations(current).get(OWNER) == self.owner
        return current

    def _counts(self, current: Mapping[str, Any]) -> bool:
        """Whether the object's weights count: it is ours, or taken over as it is."""
        owner, what = _annotations(current).get(OWNER), self._object
        if owner is not None and owner in (self.owner, self.former_owner):
            return True
        if owner is not None:
            raise NotOwned(f"get {what.rbac}", f"{what} belongs to {owner!r}, not to {self.owner!r}")
        foreign = self._foreign(current)
        if not foreign or self.adopt:
            return bool(foreign)
        managers = managers_of(current, self.owned_path)
        if not managers:
            return False  # what a swap left when it was deleted
        raise NotOwned(
            f"get {what.rbac}",
            f"{what} has {foreign} already, set by {' and '.join(managers)}: declare it without, or say `adopt` to "
            "take over what is live",
        )

    def marks(self) -> Mapping[str, str]:
        """The object's marks, kept as annotations: one call; none right after ``mark``, whose answer has them.

        Kubernetes orders writes: of two who mark at once, the second one's answer has the first one's mark.
        """
        current = self._found
        if current is not None and self._just_marked:
            return _marks_in(current)
        current = self._look()
        return {} if current is None or not self._counts(current) else _marks_in(current)

    @property
    def _just_marked(self) -> bool:
        """Whether the known object is the answer to a patch of this very moment."""
        return steady_seconds() - self._marked_at_seconds < ANSWER_LASTS_SECONDS

    # -- writing

    def write(self, weights: Weights) -> None:
        """Apply the owned fields: one call, and one more where nothing was read before.

        What is written is made from the object as it was read last, and only that very version of it is written to. If
        somebody changed it in between it is looked at again, so nothing of theirs is lost.

        Raises:
            TrafficMoved: they have moved the traffic; it stays where they put it.
        """
        self._fields(weights)  # what cannot be is refused before any call
        self._make_sure()
        self._put(lambda: self._fields(weights), weights)

    def put_back(self, weights: Weights) -> None:
        """Apply the owned fields after a failure, wherever traffic is by now."""
        self._seen = None
        self.write(weights)

    def create(self, weights: Weights, marks: Mapping[str, str]) -> bool:
        """Make an object of the stack the swap's own, if it has no owner: a look, and two calls.

        Owner and marks come first, for the very version that was read: of two first starts one wins.
        """
        self._fields(weights)
        annotations = {OWNER: self.owner, **{_MARK + name: value for name, value in marks.items()}}
        for _ in range(_TRIES):
            self._look_before_a_write()
            current = self._found or {"metadata": {}}
            there = _annotations(current)
            if annotations.keys() <= there.keys():
                break  # only the reply was lost: the lease among the marks has a name that no other swap's has
            # Without a lease and an incarnation it is what this swap's own capacity has pointed at.
            if OWNER in there and _kinds(_marks_in(current)) & _kinds(marks):
                return False
            metadata = {key: current["metadata"][key] for key in ("uid", "resourceVersion")}
            fields = {"metadata": {**metadata, "annotations": annotations}}
            with contextlib.suppress(Conflict):
                self._note(self.cluster.merge(self._object, fields, MARKS_MANAGER))
                break
        self._ours = self._uid
        self.write(weights)
        return True

    def _put(self, fields: Callable[[], Mapping[str, Any]], weights: Weights | None = None) -> None:
        for _ in range(_TRIES - 1):
            with contextlib.suppress(Conflict):
                self._apply(fields, weights)
                return
            self._look_before_a_write()
        self._apply(fields, weights)

    def _apply(self, fields: Callable[[], Mapping[str, Any]], weights: Weights | None) -> None:
        before, made = self._found, fields()
        while before is not self._found:  # whoever renews the lease has marked the object meanwhile
            before, made = self._found, fields()
        if weights is not None and before is not None:
            self._refuse_what_moved(before, weights)
        self._note(self.cluster.apply(self._object, {**made, "metadata": self._metadata(made, before)}))
        self._answered_at_seconds = steady_seconds()
        if self._effective:
            self._before, self._effective = before, False
        self._ours = self._uid
        if weights is not None:
            self._seen = weights

    def _refuse_what_moved(self, current: Mapping[str, Any], wanted: Weights) -> None:
        seen, now = self._seen, self._weights(current)
        if seen in (None, Weights()) or now in (seen, wanted, Weights()):
            return  # with nothing live, or nothing any more, there is no traffic that could be taken away from a color
        self._seen = now
        raise TrafficMoved(f"patch {self._object.rbac}", str(self._object), seen, now)

    def _written(self) -> Mapping[str, Any] | None:
        """The object after a write: the answer to that, once and if it is recent, or a look."""
        fresh = steady_seconds() - self._answered_at_seconds < ANSWER_LASTS_SECONDS
        self._answered_at_seconds = -math.inf
        return self._found if fresh else self._look()

    def _make_sure(self) -> None:
        """Look whose the object is, unless that is known: no call then."""
        if self._found is None or not self._owned:
            self._look_before_a_write()

    def _look_before_a_write(self) -> None:
        current, what = self._look(), self._object
        if current is None:
            raise PlatformError(
                f"patch {what.rbac}", f"there is no {what} in {self.cluster}: it is a resource of the stack"
            )
        self._refuse_another_of_its_name()
        self._counts(current)

    def _refuse_another_of_its_name(self) -> None:
        if self._ours and self._ours != self._uid:
            raise NotOwned(
                f"patch {self._object.rbac}",
                f"{self._object} was deleted and made again by somebody since this swap began: its metadata.uid is "
                "another one; nothing is written to it, and the next `pulumi up` looks at it afresh",
            )

    def _metadata(self, fields: Mapping[str, Any], current: Mapping[str, Any] | None) -> dict[str, Any]:
        metadata = dict(fields.get("metadata") or {})
        annotations = {**(metadata.get("annotations") or {}), OWNER: self.owner}
        one = {} if current is None else {key: current["metadata"][key] for key in ("uid", "resourceVersion")}
        return {**metadata, **one, "annotations": annotations}

    def verify(self, weights: Weights) -> Convergence:
        """Whether the object has the weights and the data plane follows."""
        current = self._written()
        if current is None or not self._counts(current) or self._weights(current) != weights:
            return Convergence.PENDING
        if not self._settled(current, weights):
            return Convergence.PENDING
        self._effective = True
        return Convergence.CONVERGED

    def _opens(self, weights: Weights) -> bool:
        """Whether the last write was a first start: no color was live before it, and one is now."""
        closed = self._before is None or self._weights(self._before) == Weights()
        return closed and weights != Weights()

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: one call, and one more where nothing was read before; none to remove what is not there.

        Who may set one may remove it: for Kubernetes both are a patch.
        """
        if self._found is None or not self._owned:
            current = self._look()
            if current is None:
                return
            self._refuse_another_of_its_name()
            if not self._counts(current):
                return
        there = {} if self._found is None else _marks_in(self._found)
        if all(value is None and name not in there for name, value in changes.items()):
            return
        annotations = {_MARK + name: value for name, value in changes.items()}
        # Not for one version alone: marks of others come and go beside these, and each has an annotation of its own.
        fields = {"metadata": {"uid": self._uid, "annotations": annotations}}
        self._note(self.cluster.merge(self._object, fields, MARKS_MANAGER))
        self._ours = self._ours or self._uid
        self._set_here.update(name for name, value in changes.items() if value is not None)
        self._marked_at_seconds = steady_seconds()

    # -- the rest

    def progress(self) -> str:
        """Empty by default."""
        return ""

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        what, fields = self._object, self._fields(weights)
        named = f"{what.rbac} {what.name} --namespace {what.namespace}"
        patch = shlex.quote(json.dumps(fields, separators=(",", ":")))
        return (f"{self.cluster.command()} patch {named} --type merge --field-manager {MANAGER} --patch {patch}",)

    def delete(self) -> None:
        """Let go of the object: owner and marks are taken away, the fields keep their values, and requests continue."""
        for tries_left in reversed(range(_TRIES)):
            current = self._look()
            if current is None or not self._owned:
                self._take_marks_off(current)
                return
            try:
                self._give_up(current)
            except Conflict:
                if not tries_left:
                    raise
            else:
                self._owned = False
                return

    def _take_marks_off(self, current: Mapping[str, Any] | None) -> None:
        """Remove the marks that this operation has set on an object that turned out to have another owner or none."""
        there = {} if current is None else _annotations(current)
        names = [_MARK + name for name in self._set_here if _MARK + name in there]
        if names:
            metadata = {"uid": self._uid, "annotations": dict.fromkeys(sorted(names))}
            self.cluster.merge(self._object, {"metadata": metadata}, MARKS_MANAGER)

    def _give_up(self, current: Mapping[str, Any]) -> None:
        """Give up the fields' ownership: who applies other values has no conflict with a swap that is gone."""
        names = {OWNER, *annotations_by(current, _OURS), *(_MARK + name for name in _marks_in(current))}
        metadata = {
            "uid": self._uid,
            "resourceVersion": current["metadata"]["resourceVersion"],
            "managedFields": without(current, _OURS),
            "annotations": dict.fromkeys(sorted(names), None),
        }
        self.cluster.merge(self._object, {"metadata": metadata}, MARKS_MANAGER)


def _annotations(current: Mapping[str, Any]) -> dict[str, str]:
    return dict(current["metadata"].get("annotations") or {})


def _marks_in(current: Mapping[str, Any]) -> dict[str, str]:
    return {name.removeprefix(_MARK): value for name, value in _annotations(current).items() if name.startswith(_MARK)}


def _kinds(marks: Mapping[str, str]) -> set[str]:
    return {name.partition(".")[0] for name in marks}
