"""A stage of an HTTP or WebSocket API between two values of a variable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.arguments.checked import unknown_arguments
from bluegreen.aws.component import SwapSettings, connection_of, draft, tags_of
from bluegreen.aws.gateways import stages
from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Required, Unpack


class HttpApiRelease(TypedDict, total=False):
    """One color.

    Attributes:
        value: the variable's value; required.
        release: what people call it, default the value.
    """

    value: Required[pulumi.Input[str]]
    release: pulumi.Input[str]


class HttpApiStage(SwappedComponent):
    """A stage with a variable that is the swap's.

    Attributes:
        url: where production requests go.
        preview_urls: a URL for each color, live or idle; none without preview stages.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        api_id: pulumi.Input[str],
        blue: HttpApiRelease,
        green: HttpApiRelease,
        variable: str = "backend",
        stage_name: str = "$default",
        adopt: bool = False,
        preview_stages: bool = True,
        variables: Mapping[str, pulumi.Input[str]] | None = None,
        stage_args: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare the stage, one for each color to look at, and the swap.

        Args:
            name: the service's name.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            api_id: the HTTP or WebSocket API.
            blue: blue's value.
            green: green's value.
            variable: the variable's name; integrations have it in their URI as ``${stageVariables.backend}``.
            stage_name: the stage that production requests come to.
            adopt: whether the stage is there already and is taken over as it is. The variable must have one of the
                colors' values or none yet; where a program declares the stage, that has to leave ``tags`` and the
                variable alone.
            preview_stages: whether each color gets a stage of its own, ``blue`` and ``green`` (``prod-blue`` beside a
                stage ``prod``).
            variables: stage variables that both colors share.
            stage_args: more of ``aws.apigatewayv2.Stage``, for the stages made here; ``auto_deploy`` is on by default.
            tags: for every resource; those of the production stage are set once, when it is made.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``. There are no steps: an HTTP API cannot split.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:aws:HttpApiStage", name, {}, opts)
        colors: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        values = stages.of_both(colors, "value")
        router: dict[str, Any] = {
            "kind": "http_api_stage",
            "api_id": api_id,
            "stage_name": stage_name,
            "variable": variable,
            "values": values,
            "owner": owner_of(name),
            "adopt": adopt,
            "aws": connection_of(settings),
        }
        problems: list[Problem] = unknown_arguments(aws.apigatewayv2.StageArgs, stage_args, "stage_args")
        for color, given in colors.items():
            problems += stages.problems_in(color, given, "value")
        swapping = draft(
            name,
            active_color,
            settings,
            router=known(router),
            preview_headers={} if preview_stages else None,
            problems=problems,
        )
        shared_tags, color_tags = tags_of(name, tags)

        def stage(
            resource: str, its_name: str, color: Color, its_tags: Mapping[str, str], options: pulumi.ResourceOptions
        ) -> aws.apigatewayv2.Stage:
            return aws.apigatewayv2.Stage(
                resource,
                api_id=api_id,
                name=its_name,
                stage_variables={**(variables or {}), variable: values[color]},
                tags=its_tags,
                opts=options,
                **{"auto_deploy": True, **(stage_args or {})},
            )

        made: list[pulumi.Resource] = []
        if adopt:
            self.url = stages.url_of(api_id, stage_name, self)
        else:
            options = stages.production_options(self, [f'stageVariables["{variable}"]'])
            production = stage(name, stage_name, "blue" if active_color == "blue" else "green", shared_tags, options)
            self.url = production.invoke_url
            made.append(production)
        child = pulumi.ResourceOptions(parent=self)
        names = stages.preview_names(stage_name) if preview_stages else {}
        previews = {
            color: stage(f"{name}-{color}", its_name, color, color_tags[color], child)
            for color, its_name in names.items()
        }
        urls = {color: preview.invoke_url for color, preview in previews.items()}
        swap = swapping.declare(
            self,
            router=router,
            releases={
                color: pulumi.Output.from_input(colors[color].get("release") or values[color]) for color in COLORS
            },
            preview_urls=urls,
            depends_on=[*made, *previews.values()],
        )
        self._show(swap, url=self.url, preview_urls=pulumi.Output.all(**dict(urls)))
