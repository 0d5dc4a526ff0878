"""Shared by the weighted routers on Kubernetes: a Service for each color, and rules in which weights are filled in."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.client import Resource
from bluegreen.kubernetes.client_names import LABEL_NAME, OBJECT_NAME
from bluegreen.kubernetes.endpoints import ENDPOINT_PERMISSIONS, service_health
from bluegreen.kubernetes.live_object import OWNER, KubernetesObjectRouter
from bluegreen.kubernetes.places import same_cluster
from bluegreen.kubernetes.routes import error_counts, own_rules, rule_lists
from bluegreen.kubernetes.routes import split as kubernetes_split
from bluegreen.kubernetes.routes.own_rules import Own
from bluegreen.kubernetes.routes.rules import as_json
from bluegreen.kubernetes.routes.split import Rule, Rules, Shape
from bluegreen.metrics.error_counts import PROMETHEUS, ErrorCounts, Prometheus
from bluegreen.options.declared import option
from bluegreen.options.kinds import Both
from bluegreen.permissions import Permission
from bluegreen.platforms.places import Same
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Color, Convergence, Readiness, Weights

SPLIT = "bluegreen/split"
"""The annotation that says which of the rules are split: at 0/100 they look like a way to one color."""

RULES = "bluegreen/rules"
"""The annotation with what of the rules is the swap's, as it was declared when it was written last."""

# Controllers say that they have read a route within milliseconds: worth waiting for, rather than for the next look.
_LOOK_AGAIN_SECONDS, _FIRST_PAUSE_SECONDS = 0.5, 0.01


@dataclass(slots=True, kw_only=True)
class KubernetesWeightedRouter(KubernetesObjectRouter):
    """One object whose backends are a Service for each color."""

    where: ClassVar[frozenset[str]] = frozenset({"kind", "namespace", "name", "cluster"})
    same_place: ClassVar[Mapping[str, Same]] = {"cluster": same_cluster}
    backend_keys: ClassVar[frozenset[str]] = frozenset({"services"})
    # A controller says that it has read a route before its proxies follow. Traefik gathers changes for up to 2 s
    # (https://doc.traefik.io/traefik/providers/overview/#providersprovidersthrottleduration), Istio for 0.1 s to 10 s
    # (PILOT_DEBOUNCE_AFTER and PILOT_DEBOUNCE_MAX, https://istio.io/latest/docs/reference/commands/pilot-discovery/).
    propagation_seconds: ClassVar[float] = 3
    kind: ClassVar[tuple[str, str, str]]
    counted_by: ClassVar[str] = PROMETHEUS
    #: Who may carry such a route, by how they count its requests.
    conventions: ClassVar[tuple[str, ...]] = ("istio", "linkerd")

    name: str = option("the object's name", OBJECT_NAME)
    services: Mapping[Color, str] = option(
        "each color's Service, in the object's namespace", Both(LABEL_NAME, "another Service than blue's")
    )
    _told: str = field(default="", init=False)

    @classmethod
    def error_counts(cls, section: Mapping[str, Any], server: Prometheus | None) -> ErrorCounts | None:
        """The counts of the colors' Services."""
        return error_counts.of_services(section, server, cls.conventions)

    @property
    def _object(self) -> Resource:
        return Resource(*self.kind, self.namespace, self.name)

    def health(self, color: Color) -> Readiness:
        """The endpoints of a color's Service, live or idle."""
        return service_health(self.cluster, self.namespace, self.services[color])

    def _counts(self, current: Mapping[str, Any]) -> bool:
        counts = KubernetesObjectRouter._counts(self, current)  # super() does not know a class with slots
        if counts and OWNER not in (current["metadata"].get("annotations") or {}):
            weights = self._weights(current)
            if weights == Weights() or weights.elsewhere:
                neither = "which is neither color's" if weights == Weights() else f"of which {weights}"
                raise NotOwned(
                    f"get {self._object.rbac}",
                    f"{self._object} has {self._foreign(current)}, {neither}: taking it over would move traffic; its "
                    f"rules for production have to lead to {' and '.join(self.services.values())} alone, all alike",
                )
        return counts

    def witness(self, color: Color) -> dict[str, Any]:
        """The content that has to stay for all of production to stay a color's: a look.

        A later look that finds the same knows without any rule of a router where production goes.

        Returns:
            By a JSON pointer into the object what stands there now, ``None`` for nothing.

        Raises:
            PlatformError: some of production goes elsewhere now, or nothing shows that it does not.
        """
        weights = self.read().weights
        kept = self._witness(self._found or {}, color) if weights == Weights.all_on(color) else {}
        if not kept:
            allowed = f"only while all of it is {color}'s the other color can be scaled down"
            raise PlatformError(f"get {self._object.rbac}", f"{self._object} says of production: {weights}; {allowed}")
        return kept

    def _witness(self, current: Mapping[str, Any], color: Color) -> dict[str, Any]:  # noqa: ARG002 - one field has no rules
        """The content of ``witness`` in an object that has been read; empty where it cannot be said."""
        value: Any = current
        for key in self.owned_path:
            value = value[key]
        escaped = [key.replace("~", "~0").replace("/", "~1") for key in self.owned_path]
        return {f"/{'/'.join(escaped)}": value}

    def verify(self, weights: Weights) -> Convergence:
        """Whether object and controller have the weights, after a moment of patience: most follow within one."""
        waited_seconds, pause_seconds = 0.0, _FIRST_PAUSE_SECONDS
        while (convergence := self._verify(weights)) is not Convergence.CONVERGED and self._answers_later():
            waited_seconds += pause_seconds
            if waited_seconds > _LOOK_AGAIN_SECONDS:
                break
            pause(pause_seconds)
            pause_seconds *= 2
        return convergence

    def _answers_later(self) -> bool:
        """Whether the missing condition may come by itself: the controller's word."""
        return bool(self.progress())

    def _verify(self, weights: Weights) -> Convergence:
        """Whether the object has the weights and, where it has a status, the data plane follows."""
        self._told = ""
        return KubernetesObjectRouter.verify(self, weights)

    def progress(self) -> str:
        """The condition that the last ``verify`` waited for."""
        return self._told


def keeping(current: Mapping[str, Any], annotation: str) -> dict[str, Any]:
    """The object as if nobody had written an annotation: so it is not removed with the swap's other ones."""

    def entry_without(entry: Mapping[str, Any]) -> Mapping[str, Any]:
        fields = entry.get("fieldsV1") or {}
        annotations = (fields.get("f:metadata") or {}).get("f:annotations") or {}
        if f"f:{annotation}" not in annotations:
            return entry
        kept = {name: value for name, value in annotations.items() if name != f"f:{annotation}"}
        return {**entry, "fieldsV1": {**fields, "f:metadata": {**fields["f:metadata"], "f:annotations": kept}}}

    entries = [entry_without(entry) for entry in current["metadata"].get("managedFields") or ()]
    return {**current, "metadata": {**current["metadata"], "managedFields": entries}}


def permissions_for(kind: tuple[str, str, str]) -> tuple[Permission, ...]:
    """The permissions of a router over objects of a kind."""
    named, which = Resource(*kind, "").rbac, f"the swap's {kind[1]}"
    return (
        Permission(f"get {named}", "every preview and update", which),
        Permission(f"patch {named}", "every shift: the weights, the owner and the lease", which),
        *ENDPOINT_PERMISSIONS,
    )


@dataclass(slots=True, kw_only=True)
class KubernetesRulesRouter(KubernetesWeightedRouter):
    """One object with lists of rules in its ``spec``, of which some are the swap's.

    A list is written as a whole, since API servers know it as one value; rules of others go back as they were read.

    Attributes:
        rules: the platform's own rules, by the key in ``spec``; in those that name both colors the swap fills the
            weights in.
    """

    rules: Mapping[str, Rules]

    @property
    def owned_path(self) -> tuple[str, ...]:  # type: ignore[override]
        """The first of the lists."""
        return ("spec", next((key for key, listed in self.rules.items() if listed), next(iter(self.rules))))

    @abstractmethod
    def _shape(self, key: str) -> Shape:
        """The form in which the platform writes backends in the rules of this list."""

    def _fields(self, weights: Weights) -> dict[str, Any]:
        kubernetes_split.refuse_a_rest(weights)
        current = self._found or {}
        spec, noted = current.get("spec") or {}, self._noted(current)
        made: dict[str, list[Rule]] = {}
        owned: dict[str, list[Own]] = {}
        for key in self.rules:
            shape, listed, declared = self._shape(key), spec.get(key) or [], self.rules.get(key) or []
            known = self._known(key, listed, noted)
            if declared or known:
                made[key], owned[key] = rule_lists.merged(listed, known, declared, weights, shape)
        split = " ".join(
            f"{key}.{number}/{len(rules)}"  # rules.2/3 is the third of three
            for key, rules in made.items()
            for number in own_rules.split_places(rules, owned[key], self._shape(key))
            if number is not None
        )
        notes = as_json({key: [own.as_dict() for own in owned[key]] for key in owned})
        spec = {key: rules for key, rules in made.items() if rules}
        return {"spec": spec, "metadata": {"annotations": {SPLIT: split, RULES: notes}}}

    def _noted(self, current: Mapping[str, Any]) -> dict[str, list[Own]]:
        """The own rules of each list, as far as their notes can be read."""
        noted = {key: owned for key, owned in _noted_in(current).items() if key in self.rules}
        return {key: owned for key, owned in noted.items() if own_rules.can_be_read(owned, self._shape(key))}

    def _known(self, key: str, listed: Rules, noted: Mapping[str, Sequence[Own]]) -> list[tuple[Own, int]]:
        """The rules of a list that are the swap's, and where they stand."""
        where = own_rules.places(listed, noted.get(key, ()), self._shape(key))
        known = [(noted[key][number], place) for number, place in where.items()]
        if any(own.split for own, _ in known):
            return known
        # Never noted, or nothing of what is noted is there: what leads to a color is the swap's.
        return own_rules.taken_over(listed, self.rules.get(key) or [], self._shape(key))

    def _weights(self, current: Mapping[str, Any]) -> Weights:
        spec, noted = current.get("spec") or {}, self._noted(current)
        said = (current["metadata"].get("annotations") or {}).get(SPLIT)
        shares: list[Weights] = []
        if noted:
            for key, owned in noted.items():
                shares += own_rules.shares(spec.get(key) or [], owned, self._shape(key))
        elif said is not None:  # written by a swap that took the list as its own
            for place in said.split():
                key, rule = _rule_at(spec, place)
                shares.append(kubernetes_split.weights_in(rule, self._shape(key)))
        else:
            for key, declared in self.rules.items():
                listed = spec.get(key) or []
                shares += own_rules.shares_of_strangers_object(listed, declared, self._shape(key))
        return kubernetes_split.certain(shares)

    def _witness(self, current: Mapping[str, Any], color: Color) -> dict[str, Any]:
        spec, noted = current.get("spec") or {}, self._noted(current)
        kept: dict[str, Any] = {}
        for key in self.rules:
            shape, listed = self._shape(key), spec.get(key) or []
            split = [place for own, place in self._known(key, listed, noted) if own.split]
            if any(kubernetes_split.weights_in(listed[place], shape) != Weights.all_on(color) for place in split):
                return {}
            kept |= {f"/spec/{key}{at}": value for at, value in own_rules.witness(listed, split, shape).items()}
        return kept

    def _foreign(self, current: Mapping[str, Any]) -> str:
        spec = current.get("spec") or {}
        names = [
            f"{key} to {self._shape(key).name(backend)}"
            for key in self.rules
            for rule in spec.get(key) or ()
            for backend in kubernetes_split.backends_of(rule, self._shape(key))
        ]
        return ", ".join(dict.fromkeys(names))


def _noted_in(current: Mapping[str, Any]) -> dict[str, list[Own]]:
    """The own rules of each list, as the swap has noted them; none where it has not, or nobody can read it."""
    said = ((current.get("metadata") or {}).get("annotations") or {}).get(RULES, "{}")
    try:
        noted = json.loads(said)
    except ValueError:
        return {}
    lists = noted.items() if isinstance(noted, Mapping) else ()
    return {
        key: [Own.of(one) for one in owned if isinstance(one, Mapping)]
        for key, owned in lists
        if isinstance(owned, Sequence)
    }


def _rule_at(spec: Mapping[str, Any], place: str) -> tuple[str, Rule]:
    """The list and the rule that the annotation means; one of nobody when somebody else has written the list since."""
    key, _, position = place.partition(".")
    number, _, count = position.partition("/")
    listed: Sequence[Rule] = spec.get(key) or ()
    here = number.isdecimal() and count == str(len(listed)) and int(number) < len(listed)
    return key, listed[int(number)] if here else {}


def check_rules(fields: Fields, key: str, rules: Any, shape: Shape, services: Mapping[Color, str]) -> None:
    """Note what is wrong with the one list of rules of a section, of which at least one is split."""
    if rules is UNKNOWN:  # not known yet, or refused as it was read
        return
    before = len(fields.problems)
    split = kubernetes_split.check_rules(fields, key, rules, shape, tuple(map(str, services.values())))
    if not split and len(fields.problems) == before:
        named = " and ".join(map(str, services.values()))
        fields.problem(key, rules, f"rules of which at least one has {shape.key} to both {named}")


def parse_one_rule(fields: Fields, key: str, shape: Shape, services: Mapping[Color, str]) -> Any:
    """The one rule of a section, which is split."""
    value = kubernetes_split.whole_numbers(fields.raw(key))
    if kubernetes_split.has_unknown(value) or fields.unknown:
        return UNKNOWN
    if not isinstance(value, Mapping):
        fields.problem(key, value, f"an object with {shape.key}; it is required")
        return UNKNOWN
    before, path = len(fields.problems), Fields(value, f"{fields.path}.{key}".strip("."), fields.problems)
    split = kubernetes_split.check_rules(path, "", [value], shape, tuple(map(str, services.values())))
    if not split and len(fields.problems) == before:
        path.problem(shape.key, value.get(shape.key), " and ".join(map(str, services.values())))
    return value
