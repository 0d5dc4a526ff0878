"""One ECS service whose traffic AWS itself shifts between two target groups: a color is a task definition.

The swap starts the platform's own deployment, follows it, and stops it when it has to go back. CodeDeploy and ECS'
own strategies are the two platforms; this file holds what they share. There is no color with a target group of its
own: each deployment starts its tasks in the group that is free, so the groups alternate.

The owner and the marks are tags of the production route: the listener or the rule whose weights the platform moves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.aws.client import AwsConnection, called
from bluegreen.aws.connection_option import aws_option
from bluegreen.aws.ecs.platform_units import RouteOptions, Running, Seen, colors_of, family, tag_text, weights_of
from bluegreen.aws.elb import elbv2, groups_at_rest
from bluegreen.aws.elb.elbv2 import OWNER_TAG, RuleState
from bluegreen.aws.elb.handed_in_rule import HandedIn
from bluegreen.aws.typed import typed
from bluegreen.fields import Fields
from bluegreen.options.declared import Options, option, several
from bluegreen.options.kinds import Both, Text, Texts
from bluegreen.permissions import Permission
from bluegreen.platforms.looks import Look
from bluegreen.platforms.ownership import Ownership
from bluegreen.platforms.places import Same, arn_or_name
from bluegreen.rollout.errors import PlatformError, PlatformRefused
from bluegreen.rollout.model import Color, Convergence, Readiness, Traffic, Weights, other
from bluegreen.rollout.ports import Capability

# What was live before the last promotion: back to that needs no steps, since it proved itself when it was live.
FORMER_TAG = "bluegreen:former"
_NO_FORMER = "none"
_NOTHING_RUNS = "nothing of it runs: the deployment starts and checks its own tasks"
# Where the route was moved by hand, its own group is checked by nobody: that must not keep it from being put back.
_NOTHING_CHECKS = "no listener forwards to its target group, so nothing checks its tasks"
_ROUTES = "arn:aws:elasticloadbalancing:*:*:listener*"


@dataclass(slots=True, kw_only=True)
class PlatformDeployments(Options, ABC):
    """Follows a platform's own deployments.

    Attributes:
        route_arn: the production listener, or the rule of it.
        former_owner, incarnation: of the resource's last update, no part of the section: who owned the route, and the
            mark on it.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "cluster", "service", "listener_arn", "rule_arn"})
    release_keys: ClassVar[frozenset[str]] = frozenset({"task_definitions"})
    in_place: ClassVar[bool] = True
    same_place: ClassVar[Mapping[str, Same]] = {"cluster": arn_or_name, "service": arn_or_name}
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("ecs:DescribeServices", "every preview and update"),
        Permission("elasticloadbalancing:DescribeListeners", "every preview and update, where the route is a listener"),
        Permission("elasticloadbalancing:DescribeRules", "every preview and update, where the route is a rule"),
        Permission("elasticloadbalancing:DescribeTags", "every preview and update"),
        Permission("elasticloadbalancing:DescribeTargetHealth", "previews of a promotion, updates"),
        Permission("elasticloadbalancing:AddTags", "every swap: its owner, its lease, the former release", _ROUTES),
        Permission("elasticloadbalancing:RemoveTags", "the end of every swap: its lease", _ROUTES),
        Permission("elasticloadbalancing:ModifyListener", "drift of a route that is a listener", _ROUTES),
        Permission("elasticloadbalancing:ModifyRule", "drift of a route that is a rule", _ROUTES),
    )
    #: The call that starts a deployment, for messages.
    starts_with: ClassVar[str]

    cluster: str = option("the service's cluster, by name or ARN", Text())
    service: str = option("the service, by name or ARN", Text())
    task_definitions: Mapping[Color, str] = option(
        "the ARN of each color's task definition, with its revision",
        Both(Text(), "another task definition than blue's"),
    )
    target_group_pair: tuple[str, ...] = option(
        "the ARNs of the two target groups between which traffic alternates",
        Texts(2, 2, "the ARNs of the two target groups between which traffic alternates"),
    )
    route_arn: str = several(RouteOptions)
    owner: str = option("who owns the route, written into its ``bluegreen:owner`` tag: ``project/stack/name``", Text())
    aws: AwsConnection = aws_option()
    former_owner: str = ""
    incarnation: str = ""
    # Within one update: what it brings now, by which deployment, what that came from, and what it stopped.
    _goal: str | None = field(default=None, init=False)
    _goal_color: Color | None = field(default=None, init=False)
    _followed: str | None = field(default=None, init=False)
    _origin: str | None = field(default=None, init=False)
    _stopped: str | None = field(default=None, init=False)
    _owned: bool = field(default=False, init=False)
    _renamed: bool = field(default=False, init=False)
    _told: str = field(default="", init=False)
    _last: tuple[RuleState, Seen] | None = field(default=None, init=False)
    _fresh: Look = field(default_factory=Look, init=False)
    _found: Weights | None = field(default=None, init=False)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:  # noqa: ARG003 - it has nothing to note
        """Check the route: a listener or a rule, whichever is named."""
        route = values["route_arn"]
        values["route_arn"] = route["rule_arn"] if route["rule_arn"] is not None else route["listener_arn"]

    # -- what a platform does

    @abstractmethod
    def _runs(self) -> Seen:
        """The service as it runs, without a look for its deployment."""

    @abstractmethod
    def _look(self) -> Seen:
        """The service as it runs, and the deployment that runs."""

    @abstractmethod
    def _start(self, task_definition: str, *, back: bool) -> str | None:
        """Start a deployment, ``back`` to what was live before; its id, ``None`` when another one runs already."""

    @abstractmethod
    def _stop(self, running: Running) -> None:
        """Have a deployment go back. One that is over already is fine."""

    @abstractmethod
    def _finish(self, running: Running) -> None:
        """Have a settled deployment end now and not keep the way back open, where the platform can."""

    @abstractmethod
    def _going_back(self, stopped: str) -> bool:
        """Whether the way back that a stop began still runs."""

    @abstractmethod
    def _failure(self, deployment: str) -> str:
        """Why a deployment has not done what it should; empty when it has, or is still about it."""

    def _at(self, running: Running) -> str:
        """The stage of a deployment, in the platform's own words."""
        return running.at

    @abstractmethod
    def _command(self, task_definition: str) -> str:
        """The commands to start a deployment."""

    # -- reading

    @property
    def id(self) -> str:
        """The cluster and the service."""
        return f"{self.cluster}/{self.service}"

    @property
    def _place(self) -> HandedIn:
        return HandedIn(self.aws, self._ownership, self.route_arn, self.target_group_pair)

    @property
    def _ownership(self) -> Ownership:
        return Ownership(self.owner, self.former_owner, self.incarnation)

    def read(self) -> Traffic:
        """The live weights; none before the first write has made the route the swap's."""
        state = self._state()
        if not state.owned:
            return Traffic(Weights())
        seen = self._look()
        self._last = state, seen
        self._fresh.taken()
        self._found = weights_of(seen, state.actions, self.task_definitions)
        return Traffic(self._found, elbv2.marks_in(state.tags))

    def _state(self) -> RuleState:
        state = self._place.read()
        if state is None:
            raise PlatformError("elasticloadbalancing:DescribeListeners", f"there is no {self.route_arn}")
        self._owned = state.owned
        self._renamed = state.owned and state.tags.get(OWNER_TAG) != self.owner
        return state

    def marks(self) -> Mapping[str, str]:
        """The route's marks, kept as tags: one call."""
        self._fresh.spent()
        return self._place.marks()

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: a call for each of the two."""
        self._fresh.spent()
        if not self._owned and not self._state().owned:
            return
        elbv2.set_marks(self.aws, self.route_arn, changes, self.owner if self._renamed else None)

    # -- writing

    def write(self, weights: Weights) -> None:
        """Have the platform bring a color: its deployment is started, taken up, or one to elsewhere is sent back.

        A mix is never written: while a deployment runs, what it does is left alone. To write what was found, as a
        rehearsal does, changes nothing, even if the deployment has ended since.
        """
        if weights == Weights():
            self.delete()
            return
        last = self._last if self._fresh.spent() else None
        state, seen = last or (self._state(), self._look())
        color = weights.live_color
        if color is None:
            if seen.running is None and weights != self._found:
                raise PlatformError(self.starts_with, f"{weights}: the platform splits traffic in steps of its own")
            return
        if not state.owned:
            elbv2.tag(self.aws, self.route_arn, {OWNER_TAG: self.owner})
            self._owned = True
        self._goal = self.task_definitions[color]
        if self._origin is not None and family(self._origin) == family(self._goal):
            # What goes back after a deployment goes to what ran before it, and not to a newer release of that color.
            self._goal = self._origin
        self._goal_color, self._followed, self._stopped = color, None, None
        self._go(seen, state)

    def _go(self, seen: Seen, state: RuleState) -> None:
        goal, run = self._goal, seen.running
        assert goal is not None  # noqa: S101 - set by write
        if run is None:
            if seen.live != goal:
                self._begin(goal, seen, state)
            elif not self._arrived(goal, seen, state.actions):
                self._reroute(seen.groups(goal), state)
        elif run.ending:
            pass  # its end is waited for
        elif run.target == goal:
            self._follow(run, seen)
        elif run.settled and not seen.groups(goal):
            self._finish(run)  # going back would bring something else again
        else:
            self._stopped = run.id
            self._stop(run)

    def _follow(self, run: Running, seen: Seen) -> None:
        self._followed = run.id
        before = (unit.task_definition for unit in seen.units if unit.task_definition != run.target)
        self._origin = self._origin or next(before, None)

    def _begin(self, goal: str, seen: Seen, state: RuleState) -> None:
        back = state.tags.get(FORMER_TAG) == tag_text(goal)
        if not back:  # before the call: a kill right after it must not cost the fast way back
            elbv2.tag(self.aws, self.route_arn, {FORMER_TAG: tag_text(seen.live)})
        self._origin = self._origin or seen.live
        self._followed = self._start(goal, back=back)
        if back:
            elbv2.tag(self.aws, self.route_arn, {FORMER_TAG: _NO_FORMER})

    def _reroute(self, groups: set[str], state: RuleState) -> None:
        """Forward the route to where it was: no deployment heals a move by hand, as each expects its own route."""
        if groups:
            forward = {"TargetGroups": [{"TargetGroupArn": group, "Weight": 100} for group in sorted(groups)]}
            beside = groups_at_rest.with_those_at_rest(forward, state.actions, self.target_group_pair)
            actions = elbv2.with_forward(state.actions, beside)
            if ":listener-rule/" in self.route_arn:
                with called("elasticloadbalancing:ModifyRule"):
                    self.aws.client("elbv2").modify_rule(RuleArn=self.route_arn, Actions=actions)
            else:
                with called("elasticloadbalancing:ModifyListener"):
                    self.aws.client("elbv2").modify_listener(ListenerArn=self.route_arn, DefaultActions=actions)

    def verify(self, weights: Weights) -> Convergence:
        """Whether the platform's deployment is done and all traffic is where it should be.

        Raises:
            PlatformError: the deployment failed, or was stopped by somebody; with the platform's own words.
        """
        self._fresh.spent()
        color = weights.live_color
        if color is None:
            return Convergence.CONVERGED if self.read().weights == weights else Convergence.PENDING
        ours = color == self._goal_color
        goal = self._goal if ours and self._goal is not None else self.task_definitions[color]
        seen, actions = self._look(), self._place.actions()
        if self._arrived(goal, seen, actions):
            return Convergence.CONVERGED
        if ours:
            self._go_on(goal, seen)
        if seen.running is not None:
            shares = weights_of(seen, actions, self.task_definitions)
            self._told = f"deployment {seen.running.id.rpartition('/')[2]} {self._at(seen.running)}, {shares}"
        return Convergence.PENDING

    def _go_on(self, goal: str, seen: Seen) -> None:
        run = seen.running
        if run is not None and run.target == goal and not run.ending:
            self._follow(run, seen)
        elif self._followed is not None and (run is None or run.id != self._followed or run.ending):
            why = self._failure(self._followed)
            if why:
                raise PlatformRefused(self.starts_with, why)
        elif run is None and not (self._stopped and self._going_back(self._stopped)):
            self._go(seen, self._state())  # what was in the way has ended

    @staticmethod
    def _arrived(goal: str, seen: Seen, actions: Sequence[Mapping[str, Any]]) -> bool:
        run = seen.running
        if run is not None and (run.ending or run.target != goal or not run.settled):
            return False
        if run is None and seen.live != goal:
            return False
        carrying = {group for group, share in elbv2.shares_of(actions).items() if share}
        return bool(carrying) and carrying <= seen.groups(goal)

    # -- the rest

    def progress(self) -> str:
        """The deployment, its stage, and what each color carries."""
        return self._told

    @typed
    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        if weights == Weights():
            return (self._place.command(None),)
        color: Color = "blue" if weights.blue >= weights.green else other("blue")
        return (self._command(self.task_definitions[color]),)

    def health(self, color: Color) -> Readiness:
        """The load balancer's health checks of the color's tasks; a color of which nothing runs needs no readiness."""
        self._fresh.spent()
        seen = self._runs()
        groups = seen.groups(colors_of(seen, self.task_definitions)[color])
        if not groups:
            return Readiness(True, 1, 1, _NOTHING_RUNS)
        readiness = elbv2.target_health(self.aws, min(groups))
        if not readiness.healthy and readiness.reason.startswith("unused"):
            return Readiness(True, 1, 1, _NOTHING_CHECKS)
        return readiness

    def delete(self) -> None:
        """Take our tags away; the service, its deployments and its route stay as they are."""
        state = self._state()
        if state.owned:
            self._place.remove()
            elbv2.untag(self.aws, self.route_arn, [FORMER_TAG] if FORMER_TAG in state.tags else [])
        self._owned = False
