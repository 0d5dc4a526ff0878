"""API Gateway, REST APIs: a stage's deployment and its canary.

The live color is the stage's own deployment; a split makes the other color's deployment a canary with a percent of the
requests. 100 % puts that deployment into the stage and takes the canary away, in one call. The stage belongs to the
user's stack, which has to leave its deployment, its canary and the colors' variables alone.

How canaries work: https://docs.aws.amazon.com/apigateway/latest/developerguide/canary-release.html
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from bluegreen.aws import error_counts, room_for_tags
from bluegreen.aws.client import AwsConnection, as_argument, called, error_code
from bluegreen.aws.connection_option import aws_option
from bluegreen.aws.gateways import api_gateway, rest_api_stages
from bluegreen.aws.gateways.api_gateway import OWNER_TAG, Stage, marks_in
from bluegreen.aws.gateways.rest_api_stages import Target
from bluegreen.aws.typed import typed
from bluegreen.fields import REQUIRED, UNKNOWN, Fields
from bluegreen.metrics.error_counts import CLOUDWATCH, ErrorCounts
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Flag, Made, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.looks import Look
from bluegreen.rollout.errors import NotOwned, PlatformError, Problem, TrafficMoved
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability

_GONE = "NotFoundException"


@dataclass(slots=True)
class RestApiCanaryRouter(Options):
    """A stage of a REST API.

    Attributes:
        former_owner, incarnation: of the resource's last update, no part of the section: who owned the stage, and the
            mark on it.
    """

    counted_by: ClassVar[str] = CLOUDWATCH
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "rest_api_id", "stage_name"})
    release_keys: ClassVar[frozenset[str]] = frozenset({"deployments", "variables"})
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("apigateway:GET", "every preview and update", "arn:aws:apigateway:*::/*"),
        Permission("apigateway:PATCH", "every shift", "arn:aws:apigateway:*::/restapis/*/stages/*"),
        *api_gateway.TAG_PERMISSIONS,
    )

    rest_api_id: str = option("the API", Text())
    stage_name: str = option("the stage that production requests come to", api_gateway.STAGE_NAME)
    deployments: Mapping[Color, str] = option("a deployment's id for each color", Both(Text()))
    owner: str = option(
        "who owns the stage's traffic, written into its ``bluegreen:owner`` tag: ``project/stack/name``", Text()
    )
    variables: Mapping[Color, Mapping[str, str]] = option(
        "stage variables that go with each color, the same names for both; they are overridden for the canary",
        Made("Mapping[Color, Mapping[str, str]]", lambda fields, name: _variables(fields.section(name, None))),
        default={},
    )
    use_stage_cache: bool = option("whether the canary shares the stage's cache", Flag(), default=False)
    adopt: bool = option(
        "whether a stage that nobody owns is read as it is, so that it keeps its traffic", Flag(), default=False
    )
    aws: AwsConnection = aws_option()
    former_owner: str = ""
    incarnation: str = ""
    _found: dict[str, Any] | None = field(default=None, init=False)
    # The last that was seen of the stage, also after a change that failed: for the commands by hand.
    _seen: Mapping[str, Any] | None = field(default=None, init=False)
    _tags: Mapping[str, str] = field(default_factory=dict, init=False)
    _ours: bool = field(default=False, init=False)
    _fresh: Look = field(default_factory=Look, init=False)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse colors that neither a deployment nor a variable tells apart."""
        blue, green = (values["deployments"][color] for color in COLORS)
        known = blue is not UNKNOWN and fields.raw("variables") is not UNKNOWN
        if known and blue == green and _alike(values["variables"]):
            fields.problem("deployments.green", green, "another deployment than blue's, or other variables")

    @staticmethod
    def error_counts(section: Mapping[str, Any], _: object) -> ErrorCounts:
        """The stage's counts."""
        return error_counts.of_rest_api(section)

    @staticmethod
    def problems_of_a_first_start(section: Mapping[str, Any]) -> list[Problem]:
        """Whether the stage has room for the marks, which are tags of it: one call."""
        texts = room_for_tags.texts_of(section, "rest_api_id", "stage_name")
        if not texts:
            return []
        with called("apigateway:GET"):
            stage = (
                room_for_tags.connection_of(section)
                .client("apigateway")
                .get_stage(restApiId=texts[0], stageName=texts[1])
            )
        return room_for_tags.problems_of_tags_there("stage_name", texts[1], stage.get("tags", {}))

    @property
    def id(self) -> str:
        """The API and the stage."""
        return f"{self.rest_api_id}/{self.stage_name}"

    @property
    def _stage(self) -> Stage:
        return Stage(
            self.aws,
            "restapis",
            self.rest_api_id,
            self.stage_name,
            self.owner,
            self.adopt,
            self.former_owner,
            self.incarnation,
        )

    @property
    def _targets(self) -> dict[Color, Target]:
        return {color: Target(self.deployments[color], self.variables.get(color, {})) for color in COLORS}

    @property
    def _place(self) -> dict[str, str]:
        return {"restApiId": self.rest_api_id, "stageName": self.stage_name}

    # -- reading

    def read(self) -> Traffic:
        """The live weights: two calls (the stage, its tags)."""
        stage = self._look()
        if stage is None:
            return Traffic(Weights())
        tags = self._stage.tags()
        if not self._is_read(stage, tags):
            return Traffic(Weights())
        return Traffic(self._weights(stage), marks_in(tags))

    def live(self) -> Weights:
        """The live weights alone: one call once the stage is known to be the swap's."""
        if not self._ours:
            return self.read().weights
        stage = self._look()
        return Weights() if stage is None else self._weights(stage)

    def _look(self) -> dict[str, Any] | None:
        self._found = None
        with called("apigateway:GET"):
            try:
                self._found = self._stage.client.get_stage(**self._place)
            except ClientError as error:
                if error_code(error) != _GONE:
                    raise
        self._seen = self._found
        self._fresh.taken()
        said = (self._found or {}).get("tags") or {}
        if self._ours and OWNER_TAG in said:
            self._stage.is_ours(said)  # somebody may have made it his own since
        return self._found

    def _is_read(self, stage: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
        """Whether the stage's weights count: it is ours, or taken over as it is."""
        self._tags = tags
        self._ours = self._stage.is_ours(tags)
        if self._ours:
            return True
        if self.adopt and self._weights(stage).elsewhere:
            canary = rest_api_stages.canary_of(stage) or {}
            served = [str(at["deploymentId"]) for at in (stage, canary) if at.get("deploymentId")]
            raise NotOwned(
                "apigateway:GET",
                f"stage {self.stage_name} of the API {self.rest_api_id} serves deployment {' and '.join(served)}, "
                "which is not a color's alone: name it, with its variables, as one color's to take the stage over",
            )
        return self.adopt

    def _weights(self, stage: Mapping[str, Any]) -> Weights:
        return rest_api_stages.weights_of(stage, self._targets)

    def marks(self) -> Mapping[str, str]:
        """The stage's marks, kept as tags: one call."""
        self._fresh.spent()
        tags = self._stage_tags()
        return marks_in(tags) if self._stage.is_ours(tags) else {}

    def _stage_tags(self) -> dict[str, str]:
        try:
            return self._stage.tags()
        except PlatformError as error:
            if _GONE in error.reason:
                return {}
            raise

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: a call to see whose stage it is, and one for each of the two."""
        tags = self._stage_tags()
        self._fresh.spent()
        if not self._stage.is_ours(tags):
            stage = self._look() if self.adopt else None
            if stage is None or not self._is_read(stage, tags):
                return
            self._stage.claim()
        self._stage.set_marks(changes, tags)

    # -- writing

    def write(self, weights: Weights) -> None:
        """One call after a look at the stage as it is at this moment; no weight at all lets the stage go.

        Raises:
            TrafficMoved: somebody else moved the traffic since that look; it stays where they put it.
        """
        if weights == Weights():
            self.delete()
            return
        known = self._fresh.spent()
        stage = self._found if known else self._look()
        if stage is None:
            raise PlatformError("apigateway:GET", f"the API {self.rest_api_id} has no stage {self.stage_name}")
        if not self._ours:
            self._claim(stage)
        wanted = self._operations(stage, weights)
        try:
            self._patch(wanted)
        except PlatformError:
            again = self._look() if known else None
            if again is None or self._operations(again, weights) == wanted:
                raise
            if self._weights(again) not in (self._weights(stage), weights):
                seen, now = self._weights(stage), self._weights(again)
                raise TrafficMoved("apigateway:PATCH", f"the stage {self.id}", seen, now) from None
            self._patch(self._operations(again, weights))  # the stage was another one than when it was read

    def _claim(self, stage: Mapping[str, Any]) -> None:
        tags = self._stage.tags()
        if not self._stage.is_ours(tags):
            self._is_read(stage, tags)
            self._stage.claim()
        self._ours = True

    def _operations(self, stage: Mapping[str, Any], weights: Weights) -> list[dict[str, str]]:
        return rest_api_stages.operations(stage, self._targets, weights, use_stage_cache=self.use_stage_cache)

    def _patch(self, operations: list[dict[str, str]]) -> None:
        self._found = None
        with called("apigateway:PATCH"):
            self._found = self._stage.client.update_stage(**self._place, patchOperations=operations)
        self._seen = self._found
        self._fresh.taken()

    def verify(self, weights: Weights) -> Convergence:
        """Whether the stage has the weights: one call."""
        if weights == Weights():
            return Convergence.CONVERGED if self.read().weights == weights else Convergence.PENDING
        stage = self._look()
        self._fresh.spent()
        live = Weights() if stage is None else self._weights(stage)
        return Convergence.CONVERGED if live == weights else Convergence.PENDING

    def progress(self) -> str:
        """Empty: a stage's canary works as soon as it reads so."""
        return ""

    # -- the rest

    @typed
    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        if weights == Weights():
            keys = " ".join(map(shlex.quote, self._stage.keys_of_ours(self._tags)))
            untag = f"aws apigateway untag-resource --resource-arn {self._stage.arn} --tag-keys {keys}"
            if self._seen is None or rest_api_stages.canary_of(self._seen) is None:
                return (untag,)
            return (self._command(rest_api_stages.without_canary()), untag)
        return (self._command(self._operations(self._seen or {"canarySettings": {}}, weights)),)

    def _command(self, operations: list[dict[str, str]]) -> str:
        return (
            f"aws apigateway update-stage --rest-api-id {self.rest_api_id} --stage-name {self.stage_name} "
            f"--patch-operations {as_argument(operations)}"
        )

    def health(self, color: Color) -> Readiness:
        """Whether the color's deployment is there: API Gateway checks no backend, so gates have to. One call."""
        self._fresh.spent()
        with called("apigateway:GET"):
            try:
                self._stage.client.get_deployment(restApiId=self.rest_api_id, deploymentId=self.deployments[color])
            except ClientError as error:
                if error_code(error) != _GONE:
                    raise
                reason = f"the API {self.rest_api_id} has no deployment {self.deployments[color]}"
                return Readiness(False, 0, 1, reason, fatal=True)
        return Readiness(True, 1, 1)

    def delete(self) -> None:
        """Take the canary, the owner and the marks off the stage; its deployment stays, and requests continue."""
        stage = self._look()
        tags = {} if stage is None else self._stage_tags()
        if stage is None or not self._stage.is_ours(tags):
            return
        if rest_api_stages.canary_of(stage) is not None:
            self._patch(rest_api_stages.without_canary())
        self._stage.let_go(tags)
        self._ours = False


def _variables(section: Fields | None) -> dict[Color, dict[str, Any]]:
    """Variables by color, the same names for both: one that only one color has would stay with the other."""
    if section is None:
        return {}
    by_color: dict[Color, dict[str, Any]] = {}
    for color in COLORS:
        given = section.section(color, None) or Fields({})
        raw = section.raw(color, {})
        names = [str(name) for name in raw] if isinstance(raw, Mapping) else []
        for name in names:
            if not api_gateway.VARIABLE_NAME.match(name):
                given.problem(name, name, "a name of letters, digits and _")
        by_color[color] = {name: api_gateway.VARIABLE.read(given, name, REQUIRED) for name in names}
    known = all(isinstance(section.raw(color, {}), Mapping) for color in COLORS)
    if known and set(by_color["blue"]) != set(by_color["green"]):
        section.problem("green", sorted(by_color["green"]), f"blue's names: {', '.join(sorted(by_color['blue']))}")
    section.done()
    return by_color


def _alike(variables: Mapping[Color, Mapping[str, Any]]) -> bool:
    """Whether both colors are known to have the same variables."""
    values = [value for color in COLORS for value in variables.get(color, {}).values()]
    return UNKNOWN not in values and variables.get("blue") == variables.get("green")
