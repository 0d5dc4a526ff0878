"""The base of the routers whose live weights are the forward of one place on a load balancer: production's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from bluegreen.aws.client import AwsConnection
from bluegreen.aws.elb import elbv2
from bluegreen.aws.elb.rule_places import Place
from bluegreen.options.declared import Options
from bluegreen.rollout.model import Color, Readiness, Traffic, Weights


class ProductionPlaceRouter(Options):
    """Reads production's weights and marks from its place; what a write forwards to is the router's own.

    Attributes:
        target_groups: the ARN of each color's target group.
        aws: the connection.
    """

    __slots__ = ()

    propagation_seconds: ClassVar[float] = 0
    target_keys: ClassVar[frozenset[str]] = frozenset({"target_groups"})
    target_groups: Mapping[Color, str]
    aws: AwsConnection
    _production: Place

    @property
    def id(self) -> str:
        """The place of production: a listener and a priority, or the ARN of what was handed in."""
        return self._production.id

    @property
    def stands_elsewhere(self) -> str:
        """The priority where the production rule was found, if that is not the declared one; for a preview."""
        return self._production.stands_elsewhere

    def read(self) -> Traffic:
        """The live weights: two calls (the actions, the tags)."""
        return self._traffic(self._production.read())

    def glance(self, *, fresh: bool = False) -> Traffic:
        """The same as it is at this moment, to be written over: two calls, the tags last; one where they are known."""
        return self._traffic(self._production.look(fresh=fresh))

    def live(self) -> Weights:
        """The live weights alone, as they are at this moment: one call."""
        return elbv2.weights_of(self._production.now(), self.target_groups)

    def _traffic(self, state: elbv2.RuleState | None) -> Traffic:
        if state is None or not state.owned:
            return Traffic(Weights())
        return Traffic(elbv2.weights_of(state.actions, self.target_groups), elbv2.marks_in(state.tags))

    def marks(self) -> Mapping[str, str]:
        """The marks, kept as tags of production: one call."""
        return self._production.marks()

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: a call for each of the two."""
        self._production.mark(changes)

    def progress(self) -> str:
        """Empty: a forward works as soon as it reads so."""
        return ""

    def health(self, color: Color) -> Readiness:
        """The load balancer's own verdict on the health of a color's targets: one call."""
        return elbv2.target_health(self.aws, self.target_groups[color])
