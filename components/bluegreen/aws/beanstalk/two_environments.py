"""Two environments of an application of Elastic Beanstalk, one a color, and the name that leads to one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.aws import fitted, resource_args
from bluegreen.aws.beanstalk.in_place import guard
from bluegreen.aws.component import SwapSettings, connection_of, draft, tags_of
from bluegreen.component import digests
from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Required, Unpack

REFUSED: Mapping[str, str] = {
    "application": "none: application of the component names it",
    "cname_prefix": "none: cname_prefix of the component is production's, idle_cname_prefix the other one's",
    "name": "none: each color's environment has a name of its own, made from the component's",
    "region": "none: it is the provider's, where the swap calls, too",
    "tags": "none: tags of the component are for every resource",
    "tier": "none: it is WebServer, since a worker has no name",
    "version": "none: a color's release says it",
}
# The names are the swap's once they are there. The provider would make an environment anew that has got the other one.
_SWAPS_OWN = ["cnamePrefix"]


def refused_of(kind: type) -> Mapping[str, str]:
    """The advice on arguments of the SDK's class that are refused, by their names."""
    # Within a function: the SDK's module is only loaded by programs that use it.
    return REFUSED if kind is aws.elasticbeanstalk.EnvironmentArgs else {}


class BeanstalkRelease(TypedDict, total=False):
    """One color.

    Attributes:
        version: the label of an application version; required.
        release: what people call it, default the label.
    """

    version: Required[pulumi.Input[str]]
    release: str


class BeanstalkEnvironments(SwappedComponent):
    """Both environments, and the swap that exchanges their names.

    Attributes:
        url: where production requests go.
        environment_names: each color's environment.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    url: pulumi.Output[str]
    environment_names: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        application: pulumi.Input[str],
        cname_prefix: str,
        blue: BeanstalkRelease,
        green: BeanstalkRelease,
        idle_cname_prefix: str | None = None,
        scheme: str = "http",
        environment_args: aws.elasticbeanstalk.EnvironmentArgs | Mapping[str, Any] | None = None,
        swap_timeout_seconds: float = 600,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare both environments and the swap.

        Args:
            name: the service's name.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            application: the application's name; it and its versions are the program's.
            cname_prefix: production's name up to its first dot: ``shop`` of ``shop.eu-central-1.elasticbeanstalk.com``.
            blue: blue's version.
            green: green's version. An application's first release has no second one: both may name the same.
            idle_cname_prefix: the same of the other name, at which the idle color is reached; default ``shop-idle``.
            scheme: ``http`` or ``https``, as the environments answer it.
            environment_args: more arguments of both colors' ``aws.elasticbeanstalk.Environment``: the platform
                (``solution_stack_name``, ``platform_arn`` or ``template_name``) and ``settings``. What the component or
                the swap says is refused.
            swap_timeout_seconds: how long an exchange of the names may take, 30-2400.
            tags: for both environments.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``. Steps are refused: names are exchanged whole.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:aws:BeanstalkEnvironments", name, {}, opts)
        releases: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        versions = {color: releases[color].get("version", UNKNOWN) for color in COLORS}
        arguments = resource_args.plain(environment_args or {})
        idle = f"{cname_prefix}-idle" if idle_cname_prefix is None else idle_cname_prefix
        connection = connection_of(settings)
        router: dict[str, Any] = {
            "kind": "beanstalk",
            "cname_prefix": cname_prefix,
            "environments": UNKNOWN,
            "versions": known(versions),
            "owner": owner_of(name),
            "swap_timeout_seconds": swap_timeout_seconds,
            "made_with_it": True,
            "aws": connection,
        }
        swapping = draft(
            name,
            active_color,
            settings,
            router=router,
            preview_headers={color: {} for color in COLORS},
            converge_timeout_seconds=swap_timeout_seconds,
            problems=_problems(releases, arguments, cname_prefix, idle, scheme),
        )
        _, color_tags = tags_of(name, tags)
        prefixes = {color: cname_prefix if color == active_color else idle for color in COLORS}
        made = {
            color: aws.elasticbeanstalk.Environment(
                fitted.in_an_environment(name, color),
                application=application,
                cname_prefix=prefixes[color],
                version=releases[color]["version"],
                tags=color_tags[color],
                opts=pulumi.ResourceOptions(
                    parent=self,
                    ignore_changes=_SWAPS_OWN,
                    hooks=guard(f"{name}-{color}", color, cname_prefix, connection),
                ),
                **(arguments if isinstance(arguments, Mapping) else {}),
            )
            for color in COLORS
        }
        names = {color: made[color].name for color in COLORS}
        swap = swapping.declare(
            self,
            router={**router, "environments": names, "versions": versions},
            releases={color: _release(releases[color]) for color in COLORS},
            # A version is a resource beside the swap: Pulumi brings it, before its swap runs.
            digests=digests.of_releases(releases),
            # Whichever name a color has: the swap asks it at the one that leads there at that moment.
            preview_urls={color: made[color].cname.apply(lambda host: f"{scheme}://{host}") for color in COLORS},
            depends_on=[*made.values()],
        )
        self._show(
            swap,
            # With the swap's id: whoever uses it comes after the swap, in an update as well as in a destroy.
            url=pulumi.Output.all(made["blue"].cname, swap.id).apply(
                lambda known: f"{scheme}://{cname_prefix}.{(known[0] or '').partition('.')[2]}"
            ),
            environment_names=pulumi.Output.all(**names),
        )


def _release(given: Mapping[str, Any]) -> pulumi.Output[str]:
    return pulumi.Output.from_input(given.get("release") or given["version"])


def _problems(
    releases: Mapping[Color, Mapping[str, Any]], arguments: Any, prefix: object, idle: object, scheme: object
) -> list[Problem]:
    problems = resource_args.problems_in(arguments, aws.elasticbeanstalk.EnvironmentArgs, "environment_args", REFUSED)
    for color, release in releases.items():
        fields = Fields(known(release), color, problems)
        fields.text("version")
        fields.text("release", None)
        fields.done()
    asked = Fields({"idle_cname_prefix": known(idle), "scheme": known(scheme)}, "", problems)
    if asked.text("idle_cname_prefix") == prefix:
        asked.problem("idle_cname_prefix", idle, "another name than cname_prefix")
    asked.text("scheme", choices=("http", "https"))
    platforms = ("solution_stack_name", "platform_arn", "template_name")
    if isinstance(arguments, Mapping) and not any(one in arguments for one in platforms):
        problems.append(Problem("environment_args", "<given>", f"one of {', '.join(platforms)} at least"))
    return problems
