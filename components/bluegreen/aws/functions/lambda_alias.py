"""A Lambda function's alias between two published versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.aws.component import SwapSettings, connection_of, draft
from bluegreen.aws.functions import gate_inputs as lambda_gates
from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Required, Unpack


class LambdaVersion(TypedDict, total=False):
    """One color.

    Attributes:
        version: a published version's number; required.
        release: what people call it, default ``version 3``.
    """

    version: Required[pulumi.Input[str]]
    release: str


class LambdaAlias(SwappedComponent):
    """An alias of a function that the swap makes and owns.

    Callers use ``alias_arn`` (or ``invoke_arn``, where API Gateway calls); nothing else writes the alias.

    Attributes:
        alias_arn: the alias; known once it is there.
        alias_name: its name, to be used as a ``qualifier``; known once it is there.
        invoke_arn: the alias as API Gateway's integrations want it.
        version_arns: each color's version, to be called before it is live.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    alias_arn: pulumi.Output[str]
    alias_name: pulumi.Output[str]
    invoke_arn: pulumi.Output[str]
    version_arns: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        function_name: pulumi.Input[str],
        blue: LambdaVersion,
        green: LambdaVersion,
        alias_name: str = "live",
        adopt: bool = False,
        provisioned_concurrency: bool = False,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare the swap.

        Args:
            name: the service's name.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            function_name: the function's ARN without a version, or its name; with a name alone the account is looked
                up, which takes credentials.
            blue: blue's version.
            green: green's version. A function's first release has no second one: both may name the same.
            alias_name: the alias, at most 64 characters.
            adopt: whether an alias that is there already is taken over as it is. It must point to the colors' versions
                alone, and keeps its traffic.
            provisioned_concurrency: whether a color is ready only once its version's provisioned concurrency is.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:aws:LambdaAlias", name, {}, opts)
        versions: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        numbers = {color: _text(versions[color].get("version", UNKNOWN)) for color in COLORS}
        place = known(function_name)
        router: dict[str, Any] = {
            "kind": "lambda_alias",
            "function_name": place,
            "alias_name": alias_name,
            "versions": known(numbers),
            "owner": owner_of(name),
            "adopt": adopt,
            "provisioned_concurrency": provisioned_concurrency,
            "aws": connection_of(settings),
        }
        gates = [dict(gate) for gate in settings.get("gates") or ()]
        drafted: SwapSettings = {**settings, "gates": [lambda_gates.drafted(gate) for gate in gates]}
        swapping = draft(name, active_color, drafted, router=router, problems=_problems(versions))
        whole = pulumi.Output.from_input(function_name)
        function = whole.apply(_name_alone)
        swap = swapping.declare(
            self,
            router={**router, "function_name": whole, "versions": numbers},
            releases={color: _release(versions[color], numbers[color]) for color in COLORS},
            gates=[
                lambda_gates.bound(gate, whole, function, alias_name, numbers, swapping.connection) for gate in gates
            ],
        )
        arn = self._function_arn(function_name)
        # With the swap's id: whoever uses these comes after the alias, in an update as well as in a destroy.
        alias = pulumi.Output.all(arn, swap.id).apply(lambda parts: f"{parts[0]}:{alias_name}")
        self._function, self._swap = function, swap
        self._show(
            swap,
            alias_arn=alias,
            alias_name=swap.id.apply(lambda _: alias_name),
            invoke_arn=alias.apply(_invoke_arn),
            version_arns=pulumi.Output.all(
                **{color: pulumi.Output.concat(arn, ":", number) for color, number in numbers.items()}
            ),
        )

    def _function_arn(self, function_name: pulumi.Input[str]) -> pulumi.Output[str]:
        def arn(name: str) -> pulumi.Input[str]:
            if name.startswith("arn:"):
                return name
            invoke = pulumi.InvokeOptions(parent=self)
            account = aws.get_caller_identity(opts=invoke).account_id
            partition, region = aws.get_partition(opts=invoke).partition, aws.get_region(opts=invoke).region
            return f"arn:{partition}:lambda:{region}:{account}:function:{name}"

        return pulumi.Output.from_input(function_name).apply(arn)

    def allow(
        self,
        name: str,
        *,
        principal: pulumi.Input[str],
        source_arn: pulumi.Input[str] | None = None,
        source_account: pulumi.Input[str] | None = None,
    ) -> aws.lambda_.Permission:
        """Let somebody call the alias. A permission for the function alone is none for its alias.

        Args:
            name: what the permission is for; part of its resource's name.
            principal: who: ``"apigateway.amazonaws.com"``, ``"events.amazonaws.com"``, an account.
            source_arn: on whose behalf, such as an API's ``execution_arn`` with ``/*`` after it.
            source_account: the account that the source must be in.
        """
        return aws.lambda_.Permission(
            f"{self._name}-{name}",
            action="lambda:InvokeFunction",
            function=self._function,
            qualifier=self.alias_name,
            principal=principal,
            source_arn=source_arn,
            source_account=source_account,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._swap]),
        )


def _name_alone(function_name: str) -> str:
    """The function's name, as gates and permissions have it. The swap has the ARN, with region and account."""
    return function_name.rpartition(":function:")[2]


def _text(version: Any) -> Any:
    """A version from a stack's config may come as a number."""
    return str(version) if isinstance(version, int) and not isinstance(version, bool) else version


def _release(given: Mapping[str, Any], number: Any) -> pulumi.Output[str]:
    return pulumi.Output.from_input(given.get("release") or pulumi.Output.concat("version ", number))


def _invoke_arn(alias_arn: str) -> str:
    """See ``uri`` of https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html ."""
    _, partition, _, region, *_ = alias_arn.split(":")
    return f"arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{alias_arn}/invocations"


def _problems(versions: Mapping[Color, Mapping[str, Any]]) -> list[Problem]:
    problems: list[Problem] = []
    for color, given in versions.items():
        fields = Fields(known({**given, "version": _text(given.get("version"))}), color, problems)
        fields.text("version", allowed="a published version's number, such as '3'")
        fields.text("release", None)
        fields.done()
    return problems
