"""A stage of a REST API between two deployments."""

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


class RestApiRelease(TypedDict, total=False):
    """One color.

    Attributes:
        deployment_id: a deployment of the API; required.
        variables: stage variables that go with it, the same names for both colors.
        release: what people call it, default the deployment's id.
    """

    deployment_id: Required[pulumi.Input[str]]
    variables: Mapping[str, pulumi.Input[str]]
    release: pulumi.Input[str]


class RestApiStage(SwappedComponent):
    """A stage whose deployment and canary are the swap's.

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
        rest_api_id: pulumi.Input[str],
        blue: RestApiRelease,
        green: RestApiRelease,
        stage_name: str = "prod",
        adopt: bool = False,
        preview_stages: bool = True,
        variables: Mapping[str, pulumi.Input[str]] | None = None,
        stage_args: Mapping[str, Any] | None = None,
        use_stage_cache: bool = False,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare the stage, one for each color to look at, and the swap.

        Args:
            name: the service's name.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            rest_api_id: the API.
            blue: blue's deployment.
            green: green's deployment.
            stage_name: the stage that production requests come to.
            adopt: whether the stage is there already and is taken over as it is. It must serve the colors' deployments
                alone, and keeps its traffic; where a program declares it, that has to leave ``deployment``,
                ``canarySettings``, ``tags`` and the colors' variables alone.
            preview_stages: whether each color gets a stage of its own, ``prod-blue`` and ``prod-green``.
            variables: stage variables that both colors share.
            stage_args: more of ``aws.apigateway.Stage``, for the stages made here.
            use_stage_cache: whether a canary shares the stage's cache.
            tags: for every resource; those of the production stage are set once, when it is made.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:aws:RestApiStage", name, {}, opts)
        colors: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        own = {color: dict(given.get("variables") or {}) for color, given in colors.items()}
        router: dict[str, Any] = {
            "kind": "rest_api_canary",
            "rest_api_id": rest_api_id,
            "stage_name": stage_name,
            "deployments": stages.of_both(colors, "deployment_id"),
            **({"variables": own} if any(own.values()) else {}),
            "use_stage_cache": use_stage_cache,
            "owner": owner_of(name),
            "adopt": adopt,
            "aws": connection_of(settings),
        }
        problems: list[Problem] = unknown_arguments(aws.apigateway.StageArgs, stage_args, "stage_args")
        for color, given in colors.items():
            problems += stages.problems_in(color, given, "deployment_id")
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
        ) -> aws.apigateway.Stage:
            return aws.apigateway.Stage(
                resource,
                rest_api=rest_api_id,
                stage_name=its_name,
                deployment=colors[color]["deployment_id"],
                variables={**(variables or {}), **own[color]},
                tags=its_tags,
                opts=options,
                **(stage_args or {}),
            )

        made: list[pulumi.Resource] = []
        if adopt:
            self.url = stages.url_of(rest_api_id, stage_name, self)
        else:
            left_alone = ["deployment", "canarySettings", *(f'variables["{key}"]' for key in own["blue"])]
            options = stages.production_options(self, left_alone)
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
                color: pulumi.Output.from_input(colors[color].get("release") or colors[color]["deployment_id"])
                for color in COLORS
            },
            preview_urls=urls,
            depends_on=[*made, *previews.values()],
        )
        self._show(swap, url=self.url, preview_urls=pulumi.Output.all(**dict(urls)))
