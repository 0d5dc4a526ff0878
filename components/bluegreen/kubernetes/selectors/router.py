"""A Kubernetes Service: its selector, which the swap moves from one color's pods to the other's.

With a stage Service beside it, that one leads to the other color: to what comes next before a swap, and to what was
live after it. A Service has no weights: what has to be split is a route's business.

Production is written first: were a swap killed between its two writes, the stage would be what is wrong. A stage that
somebody else has moved is put right by the next write, and so before the gates of every promotion.

What a color has is identified by its pods and by the EndpointSlices, which every data plane follows:
https://kubernetes.io/docs/concepts/services-networking/service/
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.fields import Fields
from bluegreen.kubernetes.client import MANAGER, Resource
from bluegreen.kubernetes.client_names import LABEL_NAME
from bluegreen.kubernetes.endpoints import endpoints
from bluegreen.kubernetes.live_object import ANSWER_LASTS_SECONDS, KubernetesObjectRouter
from bluegreen.kubernetes.places import same_cluster
from bluegreen.kubernetes.pods import health_of, pods, selector_text
from bluegreen.kubernetes.selectors.labels import (
    SELECTORS,
    Selectors,
    both_colors,
    color_of,
    nobodys,
    weights_of,
)
from bluegreen.options.declared import option
from bluegreen.permissions import Permission
from bluegreen.platforms.places import Same
from bluegreen.rollout.calls import pause, side_by_side
from bluegreen.rollout.clock import steady_seconds
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Weights, other
from bluegreen.rollout.ports import Capability

_SERVICES = "the production Service and the stage Service"
# EndpointSlices follow a selector within milliseconds: worth waiting for, rather than for the next look a second later.
_LOOK_AGAIN_SECONDS, _FIRST_PAUSE_SECONDS = 0.25, 0.005
# By then the controller of EndpointSlices has mostly followed: who asks sooner takes CPU from those that do the work.
_FOLLOWS_SECONDS = 0.025


@dataclass(slots=True, kw_only=True)
class KubernetesServiceRouter(KubernetesObjectRouter):
    """The selector of a Service, and that of its stage Service."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    # Not the stage: another one is an update, so that production is never let go of for it.
    where: ClassVar[frozenset[str]] = frozenset({"kind", "namespace", "service", "cluster"})
    same_place: ClassVar[Mapping[str, Same]] = {"cluster": same_cluster}
    backend_keys: ClassVar[frozenset[str]] = frozenset({"selectors"})
    owned_path: ClassVar[tuple[str, ...]] = ("spec", "selector")
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("get services", "every preview and update", _SERVICES),
        Permission("patch services", "every swap: where requests go, its owner and its lease", _SERVICES),
        Permission("list pods", "previews of a promotion, updates"),
        Permission("list endpointslices.discovery.k8s.io", "every swap, until only the new color is in them"),
    )

    service: str = option("the Service that production requests come to", LABEL_NAME)
    selectors: Selectors = option("the labels of each color's pods", SELECTORS)
    stage_service: str | None = option("the Service that leads to the other color", LABEL_NAME, default=None)
    _stage: KubernetesServiceRouter | None = field(default=None, init=False)
    # Where the last write sent the stage; not known to a process that has written nothing.
    _staged: Color | None = field(default=None, init=False)
    # The pods that were seen so far, by uid: a pod has one color for as long as it lives.
    _pods: dict[str, Color] = field(default_factory=dict, init=False)
    _preflighted: bool = field(default=False, init=False)
    _told: str = field(default="", init=False)
    # When a write was answered that nobody has looked at yet.
    _healths: dict[Color, tuple[float, Readiness]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        if self.stage_service is not None:
            self._stage = KubernetesServiceRouter(
                namespace=self.namespace,
                owner=self.owner,
                former_owner=self.former_owner,
                adopt=self.adopt,
                cluster=self.cluster,
                service=self.stage_service,
                selectors=self.selectors,
            )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse a stage that is the production Service."""
        stage = values["stage_service"]
        if isinstance(stage, str) and stage == values["service"]:
            fields.problem("stage_service", stage, "another Service than production's")

    @property
    def _object(self) -> Resource:
        return Resource("v1", "Service", "services", self.namespace, self.service)

    # -- weights

    def _fields(self, weights: Weights) -> dict[str, Any]:
        if weights.live_color is None and weights != Weights():
            raise PlatformError("patch services", f"{weights} cannot be written: a Service has one selector")
        live = weights.live_color
        return {"spec": {"selector": dict(nobodys(self.selectors) if live is None else self.selectors[live])}}

    def _weights(self, current: Mapping[str, Any]) -> Weights:
        return weights_of(_selector_in(current), self.selectors)

    def _foreign(self, current: Mapping[str, Any]) -> str:
        selector = _selector_in(current)
        return f"the selector {selector_text(selector)}" if selector else ""

    def _counts(self, current: Mapping[str, Any]) -> bool:
        counts = KubernetesObjectRouter._counts(self, current)  # super() knows no classes with slots
        if counts and not self._owned and self._weights(current) == Weights():
            raise NotOwned(
                "get services",
                f"{self._object} has {self._foreign(current)}, which is neither color's: taking it over would move "
                "traffic; give these labels as one color's selector",
            )
        return counts

    # -- writing

    def write(self, weights: Weights) -> None:
        """Production, then the stage: a call each; the first time one more each, and one that only ``verify`` needs.

        A rehearsal looks at the pods of the color that comes, too: beside that one, and not again for their health.
        """
        fields = self._fields(weights)
        if self._stage is not None:
            self._stage._make_sure()  # before traffic moves
        self._make_sure()
        before = self._weights(self._found or {})
        if not self._preflighted and before in (weights, Weights()):
            # What ``verify`` will not be allowed is found out before traffic moves; a rollback has no time for that.
            looks: list[Callable[[], object]] = [lambda: endpoints(self.cluster, self.namespace, self.service)]
            if before.live_color is not None:
                coming = other(before.live_color)
                looks.append(lambda: self.health(coming))  # which is requested next
            side_by_side(*looks)
            self._preflighted = True
        # A rehearsal writes what is there; that this is allowed, the patch of a moment ago has shown.
        if not (self._just_marked and self._owned and _selector_in(self._found or {}) == fields["spec"]["selector"]):
            self._put(lambda: fields, weights)
        if self._stage is not None and weights.live_color is not None:
            self._staged = self._stage_color(weights.live_color, before)
            staged = self._fields(Weights.all_on(self._staged))
            self._stage._put(lambda: staged)

    def _stage_color(self, live: Color, before: Weights) -> Color:
        """The other color; while there never was one, the live color itself."""
        assert self._stage is not None  # noqa: S101 - requested by the caller
        staged = self._stage._weights(self._stage._found or {})
        first = before == Weights() and staged.of(other(live)) == 0
        return live if first else other(live)

    # -- verifying

    def verify(self, weights: Weights) -> Convergence:
        """Look at the Service, its EndpointSlices, its pods where they are unknown, and the stage: a call each.

        The Service is not requested again right after it was written: it has no status that could have followed since,
        and the write's answer is what it is.
        """
        self._told = f"Service {self.service} has another selector"
        return KubernetesObjectRouter.verify(self, weights)

    def _written(self) -> Mapping[str, Any] | None:
        known = self._found
        current = KubernetesObjectRouter._written(self)
        if current is known:  # what the write was answered
            pause(_FOLLOWS_SECONDS)
        return current

    def _settled(self, current: Mapping[str, Any], weights: Weights) -> bool:  # noqa: ARG002 - production is looked at
        """Whether requests go to the new color's pods alone, after a moment of patience, and the stage is right."""
        waited_seconds, pause_seconds = 0.0, _FIRST_PAUSE_SECONDS
        while True:
            self._told = self._not_yet(weights.live_color)
            if not self._told or waited_seconds >= _LOOK_AGAIN_SECONDS:
                break
            pause(pause_seconds)
            waited_seconds += pause_seconds
            pause_seconds *= 2
        self._told = self._told or self._stage_is_wrong(weights.live_color)
        return not self._told

    def _not_yet(self, color: Color | None) -> str:
        """The pods that the EndpointSlices still have, or lack, for people; empty when all is right.

        Pods of the color itself that are not ready or on their way out get no requests, and do not matter.
        """
        present = endpoints(self.cluster, self.namespace, self.service)
        if any(endpoint.uid not in self._pods for endpoint in present):
            self._pods.update(self._colors_of_pods())
        strangers = Counter(
            owner for endpoint in present if (owner := self._pods.get(endpoint.uid, "neither color")) != color
        )
        if strangers:
            return _still_there(strangers)
        if color is not None and not any(endpoint.ready for endpoint in present):
            return f"no ready endpoint of {color} is in the EndpointSlices of Service {self.service} yet"
        return ""

    def _colors_of_pods(self) -> Iterator[tuple[str, Color]]:
        kind = Resource("v1", "Pod", "pods", self.namespace)
        for pod in self.cluster.find(kind, both_colors(self.selectors), metadata_alone=True):
            color = color_of(pod["metadata"].get("labels") or {}, self.selectors)
            if color is not None:
                yield pod["metadata"]["uid"], color

    def _stage_is_wrong(self, live: Color | None) -> str:
        if self._stage is None or live is None:
            return ""
        current = self._stage._look()
        if current is None:
            return f"there is no stage Service {self.stage_service}"
        staged = self._stage._weights(current).live_color
        wanted = [self._staged] if self._staged is not None else [*COLORS]
        if self._stage._owned and staged in wanted:
            return ""
        leads, should = staged or "neither color", " or ".join(wanted)
        return f"the stage Service {self.stage_service} leads to {leads} instead of {should}"

    def progress(self) -> str:
        """The condition that the last ``verify`` waited for."""
        return self._told

    # -- the rest

    def health(self, color: Color) -> Readiness:
        """The color's pods, whether a Service leads to them or not: one call, two where the Service was never read.

        Ready is the pods' condition ``Ready``, and so readiness gates count.
        """
        service = self._found or self._look()
        if service is None:
            return Readiness(False, 0, 1, f"there is no {self._object} in {self.cluster}", fatal=True)
        asked_at, known = self._healths.get(color, (-math.inf, Readiness(False)))
        if steady_seconds() - asked_at < ANSWER_LASTS_SECONDS:
            return known  # the readiness of a color, and a moment later a gate that asks for the same
        selector = self.selectors[color]
        nobody = f"no pod in {self.namespace} matches {selector_text(selector)}"
        chosen = pods(self.cluster, self.namespace, selector)
        self._pods.update({pod["metadata"]["uid"]: color for pod in chosen})
        health = health_of(chosen, service, nobody)
        self._healths[color] = (steady_seconds(), health)
        return health

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand; the selector is replaced whole, as labels left over would match nothing."""
        larger: Color = max(COLORS, key=weights.of)  # a Service cannot split
        live = None if weights == Weights() else larger
        wanted = {self.service: nobodys(self.selectors) if live is None else self.selectors[live]}
        if self.stage_service is not None and live is not None:
            wanted[self.stage_service] = self.selectors[other(live)]
        return tuple(
            f"{self.cluster.command()} patch services {service} --namespace {self.namespace} --type json "
            f"--field-manager {MANAGER} --patch "
            f"'{json.dumps([{'op': 'add', 'path': '/spec/selector', 'value': dict(selector)}])}'"
            for service, selector in wanted.items()
        )

    def delete(self) -> None:
        """Let go of both Services: owner and marks go, the selectors stay, and requests continue."""
        KubernetesObjectRouter.delete(self)
        if self._stage is not None:
            KubernetesObjectRouter.delete(self._stage)


def _still_there(strangers: Mapping[str, int]) -> str:
    (first, count), *rest = sorted(strangers.items())
    others = "".join(f" and {number} of {owner}" for owner, number in rest)
    of_whom = f"{count} endpoint{'' if count == 1 else 's'} of {first}{others}"
    return f"{of_whom} {'are' if rest or count > 1 else 'is'} still in the EndpointSlices"


def _selector_in(current: Mapping[str, Any]) -> Mapping[str, str]:
    return (current.get("spec") or {}).get("selector") or {}
