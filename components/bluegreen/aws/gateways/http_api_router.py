"""API Gateway, HTTP and WebSocket APIs: a variable of a stage that the API's integrations refer to.

``${stageVariables.NAME}`` in an integration's URI is replaced with the stage's value for each request, so a swap is one
call that changes the value. An HTTP API has no weights of its own: a split is made behind it, by the alias of Lambda or
the load balancer that the integration leads to. The stage and its other variables belong to the user's stack.

Where variables may be used: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html
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
from bluegreen.aws.gateways import api_gateway
from bluegreen.aws.gateways.api_gateway import Stage, marks_in
from bluegreen.aws.typed import typed
from bluegreen.metrics.error_counts import CLOUDWATCH, ErrorCounts
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Flag, Text
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import NotOwned, PlatformError, Problem
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability


@dataclass(slots=True)
class HttpApiStageRouter(Options):
    """The variable ``variable`` of a stage.

    Attributes:
        former_owner, incarnation: of the resource's last update, no part of the section: who owned the stage, and the
            mark on it.
    """

    counted_by: ClassVar[str] = CLOUDWATCH
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "api_id", "stage_name", "variable"})
    backend_keys: ClassVar[frozenset[str]] = frozenset({"values"})
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("apigateway:GET", "every preview and update", "arn:aws:apigateway:*::/*"),
        Permission("apigateway:PATCH", "every swap", "arn:aws:apigateway:*::/apis/*/stages/*"),
        *api_gateway.TAG_PERMISSIONS,
    )

    api_id: str = option("the HTTP or WebSocket API", Text())
    stage_name: str = option("the stage that production requests come to; ``$default`` is one", api_gateway.STAGE_NAME)
    variable: str = option(
        "the variable's name",
        api_gateway.limited("stage_variable", api_gateway.VARIABLE_NAME.match, "letters, digits and _"),
    )
    values: Mapping[Color, str] = option(
        "the variable's value for each color, such as a host name or a Lambda alias",
        Both(api_gateway.VARIABLE, "another value than blue's"),
    )
    owner: str = option(
        "who owns the variable, written into the stage's ``bluegreen:owner`` tag: ``project/stack/name``", Text()
    )
    adopt: bool = option(
        "whether a stage that nobody owns is read as it is, so that it keeps its traffic", Flag(), default=False
    )
    aws: AwsConnection = aws_option()
    former_owner: str = ""
    incarnation: str = ""
    _found: dict[str, Any] | None = field(default=None, init=False)

    @staticmethod
    def error_counts(section: Mapping[str, Any], _: object) -> ErrorCounts:
        """The stage's counts."""
        return error_counts.of_http_api(section)

    @staticmethod
    def problems_of_a_first_start(section: Mapping[str, Any]) -> list[Problem]:
        """Whether the stage has room for the marks, which are tags of it: one call."""
        texts = room_for_tags.texts_of(section, "api_id", "stage_name")
        if not texts:
            return []
        with called("apigateway:GET"):
            stage = (
                room_for_tags.connection_of(section)
                .client("apigatewayv2")
                .get_stage(ApiId=texts[0], StageName=texts[1])
            )
        return room_for_tags.problems_of_tags_there("stage_name", texts[1], stage.get("Tags", {}))

    @property
    def id(self) -> str:
        """The API, the stage and the variable."""
        return f"{self.api_id}/{self.stage_name}/{self.variable}"

    @property
    def _stage(self) -> Stage:
        return Stage(
            self.aws, "apis", self.api_id, self.stage_name, self.owner, self.adopt, self.former_owner, self.incarnation
        )

    # -- reading

    def read(self) -> Traffic:
        """The live weights, and the marks with them: one call."""
        stage = self._look()
        if stage is None or not self._is_read(stage):
            return Traffic(Weights())
        return Traffic(self._weights(stage), marks_in(_tags(stage)))

    def _look(self) -> dict[str, Any] | None:
        with called("apigateway:GET"):
            try:
                stage: dict[str, Any] = self._stage.client.get_stage(ApiId=self.api_id, StageName=self.stage_name)
            except ClientError as error:
                if error_code(error) != "NotFoundException":
                    raise
                return None
        self._found = stage
        return stage

    def _is_read(self, stage: Mapping[str, Any]) -> bool:
        """Whether the stage's weights count: it is ours, or taken over as it is."""
        if self._stage.is_ours(_tags(stage)):
            return True
        value = self._value(stage)
        if self.adopt and value and value not in self.values.values():
            raise NotOwned(
                "apigateway:GET",
                f"the variable {self.variable} of stage {self.stage_name} of the API {self.api_id} is {value!r}, which "
                "is neither color's: name it as one color's value to take the stage over",
            )
        return self.adopt

    def _value(self, stage: Mapping[str, Any]) -> str:
        return str(stage.get("StageVariables", {}).get(self.variable, ""))

    def _weights(self, stage: Mapping[str, Any]) -> Weights:
        live = next((color for color in COLORS if self.values[color] == self._value(stage)), None)
        return Weights() if live is None else Weights.all_on(live)

    def marks(self) -> Mapping[str, str]:
        """The stage's marks, kept as tags: one call."""
        return self.read().marks

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: a call to see whose stage it is, and one for each of the two."""
        stage = self._look()
        if stage is None or not self._is_read(stage):
            return
        if not self._stage.is_ours(_tags(stage)):
            self._stage.claim()
        self._stage.set_marks(changes, _tags(stage))

    # -- writing

    def write(self, weights: Weights) -> None:
        """Change the one variable: a look, since the API takes all of them, and the change; no weight lets it go."""
        if weights == Weights():
            self.delete()
            return
        color = weights.live_color
        if color is None:
            raise PlatformError("apigateway:PATCH", f"{weights} cannot be written: a stage variable has one value")
        stage = self._look() or {}
        if not self._stage.is_ours(_tags(stage)):
            self._is_read(stage)
            self._stage.claim()
        variables = self._variables(stage, color)
        with called("apigateway:PATCH"):
            self._stage.client.update_stage(ApiId=self.api_id, StageName=self.stage_name, StageVariables=variables)

    def _variables(self, stage: Mapping[str, Any], color: Color) -> dict[str, str]:
        # In the API's own words a variable that is left out stays; some of its copies forget it.
        return {**stage.get("StageVariables", {}), self.variable: self.values[color]}

    def verify(self, weights: Weights) -> Convergence:
        """Whether the stage has the weights: one call."""
        return Convergence.CONVERGED if self.read().weights == weights else Convergence.PENDING

    def progress(self) -> str:
        """Empty: a stage's variable works as soon as it reads so."""
        return ""

    # -- the rest

    @typed
    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        color, stage = weights.live_color, self._found or {}
        if color is None:
            keys = " ".join(map(shlex.quote, self._stage.keys_of_ours(_tags(stage))))
            return (f"aws apigatewayv2 untag-resource --resource-arn '{self._stage.arn}' --tag-keys {keys}",)
        return (
            f"aws apigatewayv2 update-stage --api-id {self.api_id} --stage-name '{self.stage_name}' "
            f"--stage-variables {as_argument(self._variables(stage, color))}",
        )

    def health(self, color: Color) -> Readiness:  # noqa: ARG002 - a stage knows nothing of what is behind a variable
        """Whether the stage is there: API Gateway checks no backend, so gates have to."""
        if self._look() is None:
            reason = f"the API {self.api_id} has no stage {self.stage_name}"
            return Readiness(False, 0, 1, reason, fatal=True)
        return Readiness(True, 1, 1)

    def delete(self) -> None:
        """Take owner and marks off the stage; the stage and the variable's value stay, and requests continue."""
        stage = self._look()
        if stage is not None and self._stage.is_ours(_tags(stage)):
            self._stage.let_go(_tags(stage))


def _tags(stage: Mapping[str, Any]) -> dict[str, str]:
    return dict(stage.get("Tags", {}))
