"""AWS Lambda: an alias that the swap makes and owns, with a published version for each color.

Callers use the alias' ARN; nobody but the swap writes the alias. While traffic is split it points to one version and
gives the other a share; at 0/100 it points to the one version and has no routing configuration at all.
An alias cannot be tagged: its description says who owns it, and the marks are tags of the function
(``bluegreen:mark:ALIAS:NAME``, of the 50 tags that a function may have).

How aliases split: https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from bluegreen.aws import error_counts, room_for_tags
from bluegreen.aws.client import AwsConnection, as_argument, called, error_code
from bluegreen.aws.connection_option import aws_option
from bluegreen.aws.functions import versions as lambda_versions
from bluegreen.aws.typed import typed
from bluegreen.metrics.error_counts import CLOUDWATCH, ErrorCounts
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Flag, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.ownership import INCARNATION_MARK, Ownership
from bluegreen.platforms.places import Same, arn_or_name
from bluegreen.rollout.errors import NotOwned, PlatformError, Problem, TrafficMoved
from bluegreen.rollout.model import Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability

_MARK_PREFIX = "bluegreen:mark:"
_FUNCTIONS = "arn:aws:lambda:*:*:function:*"
_NAME = re.compile(r"(?!\d+\Z)[A-Za-z0-9_-]{1,64}\Z")
_FUNCTION = re.compile(r"(arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:)?[A-Za-z0-9_-]{1,64}\Z")
_OWNER_LONGEST = 200  # the description has 256 characters, and the rest of it says what a split means
_GONE = "ResourceNotFoundException"
_TRIES = 5


@dataclass(slots=True)
class LambdaAliasRouter(Options):
    """The alias ``alias_name`` of a function.

    Attributes:
        former_owner, incarnation: of the resource's last update, no part of the section: who owned the alias, and the
            mark on it.
    """

    counted_by: ClassVar[str] = CLOUDWATCH
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "function_name", "alias_name"})
    release_keys: ClassVar[frozenset[str]] = frozenset({"versions"})
    same_place: ClassVar[Mapping[str, Same]] = {"function_name": arn_or_name}
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("lambda:GetAlias", "every preview and update", _FUNCTIONS),
        Permission("lambda:ListTags", "every preview and update: the lease", _FUNCTIONS),
        Permission("lambda:GetFunctionConfiguration", "previews of a promotion, updates", _FUNCTIONS),
        Permission("lambda:GetProvisionedConcurrencyConfig", "the same, with provisioned concurrency", _FUNCTIONS),
        Permission("lambda:CreateAlias", "the first start", _FUNCTIONS),
        Permission("lambda:UpdateAlias", "every shift", _FUNCTIONS),
        Permission("lambda:TagResource", "every swap: its lease", _FUNCTIONS),
        Permission("lambda:UntagResource", "the end of every swap: its lease", _FUNCTIONS),
        Permission("lambda:DeleteAlias", "`pulumi destroy`", _FUNCTIONS),
    )

    function_name: str = option(
        "the function's name or ARN, without a version",
        Text(fits=_FUNCTION.match, allowed="a function's name or ARN, unqualified"),
    )
    alias_name: str = option(
        "the alias that callers use, at most 64 characters",
        Text(fits=_NAME.match, allowed="1-64 letters, digits, - and _, not a number: a Lambda alias' name"),
    )
    # The same one for both is taken: a function's first version has no second; any split of it is as good as any other,
    # and the alias' description keeps which is meant.
    versions: Mapping[Color, str] = option("a published version's number for each color", lambda_versions.VERSIONS)
    owner: str = option(
        "who owns the alias, written into its description: ``project/stack/name``",
        Text(fits=lambda owner: len(owner) <= _OWNER_LONGEST, allowed=f"at most {_OWNER_LONGEST} characters"),
    )
    adopt: bool = option(
        "whether an alias that nobody owns is taken over, where it points to the colors' versions alone. It is read as "
        "it is, and keeps its traffic",
        Flag(),
        default=False,
    )
    provisioned_concurrency: bool = option(
        "whether a color is healthy only with provisioned concurrency that is ready", Flag(), default=False
    )
    aws: AwsConnection = aws_option()
    former_owner: str = ""
    incarnation: str = ""
    _alias: dict[str, Any] | None = field(default=None, init=False)

    @staticmethod
    def error_counts(section: Mapping[str, Any], _: object) -> ErrorCounts:
        """The versions' counts."""
        return error_counts.of_alias(section)

    @staticmethod
    def problems_of_a_first_start(section: Mapping[str, Any]) -> list[Problem]:
        """Whether the function has room for the marks, which are tags of it: one call, where its ARN is known."""
        texts = room_for_tags.texts_of(section, "function_name")
        if not texts or not texts[0].startswith("arn:"):
            return []
        with called("lambda:ListTags"):
            tags = room_for_tags.connection_of(section).client("lambda").list_tags(Resource=texts[0])["Tags"]
        return room_for_tags.problems_of_tags_there("function_name", texts[0], tags)

    @property
    def id(self) -> str:
        """The function and the alias."""
        return f"{self.function_name}:{self.alias_name}"

    @property
    def _lambda(self) -> Any:
        return self.aws.client("lambda")

    @property
    def _place(self) -> dict[str, str]:
        return {"FunctionName": self.function_name, "Name": self.alias_name}

    # -- reading

    def read(self) -> Traffic:
        """The live weights: two calls (the alias, the function's tags), one more where those tell of somebody else."""
        alias = self._look()
        if alias is None:
            return Traffic(Weights())
        marks = self._marks(alias)
        if self.incarnation and marks.get(INCARNATION_MARK, self.incarnation) != self.incarnation:
            alias = self._look()  # the alias that was seen may be from before somebody made it his own
            if alias is None:
                return Traffic(Weights())
        return Traffic(self._weights(alias), marks)

    def live(self) -> Weights:
        """The live weights alone: one call."""
        alias = self._look()
        return Weights() if alias is None else self._weights(alias)

    def _look(self) -> dict[str, Any] | None:
        """The alias as it is now, if it is ours or may be taken over."""
        self._alias = None
        with called("lambda:GetAlias"):
            try:
                alias: dict[str, Any] = self._lambda.get_alias(**self._place)
            except ClientError as error:
                if error_code(error) != _GONE:
                    raise
                return None
        self._refuse_stranger(alias)
        self._alias = alias
        return alias

    def _refuse_stranger(self, alias: Mapping[str, Any]) -> None:
        holder = lambda_versions.owner_in(alias)
        ownership = Ownership(self.owner, self.former_owner, self.incarnation)
        if ownership.holds(holder, {}) or (holder and self.incarnation and ownership.holds(holder, self._marks(alias))):
            return
        said = f"is owned by {holder}" if holder else "was not made by bluegreen"
        advice = "choose another alias name"
        if holder is None and self.adopt:
            said, advice = lambda_versions.unfit(alias, self.versions, self.owner)
            if not said:
                return
        raise NotOwned("lambda:GetAlias", f"the alias {self.id} {said}; this swap is {self.owner}: {advice}")

    def _weights(self, alias: Mapping[str, Any]) -> Weights:
        return lambda_versions.weights_of(alias, self.versions)

    def _is_stamped(self, alias: Mapping[str, Any]) -> bool:
        return lambda_versions.owner_in(alias) == self.owner

    @property
    def _prefix(self) -> str:
        return f"{_MARK_PREFIX}{self.alias_name}:"

    def _function_arn(self, alias: Mapping[str, Any]) -> str:
        return str(alias["AliasArn"]).rpartition(":")[0]

    def _marks(self, alias: Mapping[str, Any]) -> dict[str, str]:
        with called("lambda:ListTags"):
            tags = self._lambda.list_tags(Resource=self._function_arn(alias)).get("Tags", {})
        prefix = self._prefix
        return {key.removeprefix(prefix): value for key, value in tags.items() if key.startswith(prefix)}

    def marks(self) -> Mapping[str, str]:
        """The alias' marks, kept as tags of the function: one call, and one more in a fresh process."""
        alias = self._alias or self._look()
        return {} if alias is None else self._marks(alias)

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: a call for each of the two.

        An alias of somebody's is taken over with its first mark.
        """
        alias = self._alias or self._look()
        if alias is None:
            return
        if not self._is_stamped(alias):
            self._update(alias, self._weights(alias))
        arn, prefix = self._function_arn(alias), self._prefix
        kept = {prefix + name: value for name, value in changes.items() if value is not None}
        gone = [prefix + name for name, value in changes.items() if value is None]
        if kept:
            with called("lambda:TagResource"):
                self._lambda.tag_resource(Resource=arn, Tags=kept)
        self._untag(arn, gone)

    def _untag(self, arn: str, keys: list[str]) -> None:
        if keys:
            with called("lambda:UntagResource"):
                self._lambda.untag_resource(Resource=arn, TagKeys=keys)

    # -- writing

    def write(self, weights: Weights) -> None:
        """One call: the alias is made or changed; no weight at all removes it."""
        if weights == Weights():
            self.delete()
            return
        alias = self._alias or self._look()
        if alias is None:
            self._create(weights)
        else:
            self._update(alias, weights)

    def create(self, weights: Weights, marks: Mapping[str, str]) -> bool:
        """Make the alias where there is none, then its marks: a call each."""
        if not self._made(weights):
            return False
        assert self._alias is not None  # noqa: S101 - it was made
        # An alias that was removed has left its marks on the function; no swap of this one is identified by them.
        left = dict.fromkeys(name for name in self._marks(self._alias) if name not in marks)
        self.mark({**left, **marks})
        return True

    def _made(self, weights: Weights) -> bool:
        with called("lambda:CreateAlias"):
            try:
                self._alias = self._lambda.create_alias(**self._place, **self._state(weights, None))
            except ClientError as error:
                if error_code(error) != "ResourceConflictException":
                    raise
                self._alias = None
                return False
        return True

    def _create(self, weights: Weights) -> None:
        if not self._made(weights):
            # Either an earlier reply was lost, and the alias is ours, or a stranger came first and is refused here.
            alias = self._look()
            if alias is not None:
                self._update(alias, weights)

    def _update(self, seen: dict[str, Any], weights: Weights) -> None:
        """Write over the alias that was seen, and over no later state."""
        for _ in range(_TRIES):
            with called("lambda:UpdateAlias"):
                try:
                    self._alias = self._lambda.update_alias(
                        **self._place, **self._state(weights, seen), RevisionId=seen["RevisionId"]
                    )
                except ClientError as error:
                    if error_code(error) not in ("PreconditionFailedException", _GONE):
                        raise
                else:
                    return
            alias = self._look()
            if alias is None:  # somebody removed it meanwhile: without it nobody is served
                self._create(weights)
                return
            if self._is_stamped(alias) and self._weights(alias) == weights:
                return  # the earlier try of this very call got through, and its reply was lost
            if lambda_versions.shares_of(alias) != lambda_versions.shares_of(seen):
                raise TrafficMoved("lambda:UpdateAlias", self.id, self._weights(seen), self._weights(alias))
            seen = alias  # something else of it was changed
        raise PlatformError(
            "lambda:UpdateAlias", f"something else changes {self.id} each time that it is to be written: {_TRIES} times"
        )

    def _state(self, weights: Weights, seen: Mapping[str, Any] | None) -> dict[str, Any]:
        return lambda_versions.alias_state(self.owner, self.versions, weights, seen)

    def verify(self, weights: Weights) -> Convergence:
        """Whether the alias has the weights: one call."""
        alias = self._look()
        live = Weights() if alias is None else self._weights(alias)
        return Convergence.CONVERGED if live == weights else Convergence.PENDING

    def progress(self) -> str:
        """Empty: an alias works as soon as it reads so."""
        return ""

    # -- the rest

    @typed
    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        place = f"--function-name {self.function_name} --name {self.alias_name}"
        if weights == Weights():
            theirs = lambda_versions.stamp_of(self._alias or {}).theirs
            kept = f"aws lambda update-alias {place} --description {shlex.quote(theirs or '')}"
            return (f"aws lambda delete-alias {place}" if theirs is None else kept,)
        state = self._state(weights, self._alias)
        return (
            f"aws lambda update-alias {place} --function-version {state['FunctionVersion']} "
            f"--routing-config {as_argument(state['RoutingConfig'])} --description {shlex.quote(state['Description'])}",
        )

    def health(self, color: Color) -> Readiness:
        """Whether the color's version can be called: one call, two with provisioned concurrency."""
        place = {"FunctionName": self.function_name, "Qualifier": self.versions[color]}
        with called("lambda:GetFunctionConfiguration"):
            try:
                configuration = self._lambda.get_function_configuration(**place)
            except ClientError as error:
                if error_code(error) != _GONE:
                    raise
                return Readiness(False, 0, 1, f"version {self.versions[color]} does not exist", fatal=True)
        health = lambda_versions.readiness_of(configuration)
        if not health.ready or not self.provisioned_concurrency:
            return health
        with called("lambda:GetProvisionedConcurrencyConfig"):
            try:
                return lambda_versions.provisioned(self._lambda.get_provisioned_concurrency_config(**place))
            except ClientError as error:
                if error_code(error) not in ("ProvisionedConcurrencyConfigNotFoundException", _GONE):
                    raise
        return Readiness(False, 0, 1, "no provisioned concurrency")

    def delete(self) -> None:
        """Remove the alias and its marks. An adopted one stays where it leads to, with its own description."""
        alias = self._look()
        if alias is None or lambda_versions.owner_in(alias) is None:
            return
        self._untag(self._function_arn(alias), [self._prefix + name for name in self._marks(alias)])
        theirs = lambda_versions.stamp_of(alias).theirs
        if theirs is not None:
            with called("lambda:UpdateAlias"):
                self._lambda.update_alias(**self._place, Description=theirs, RevisionId=alias["RevisionId"])
            self._alias = None
            return
        with called("lambda:DeleteAlias"):
            self._lambda.delete_alias(**self._place)  # an alias that is gone already is no error there
        self._alias = None
