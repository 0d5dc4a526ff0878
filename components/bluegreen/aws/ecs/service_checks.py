"""The checks of an ECS service's arguments that look at more than one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bluegreen.aws.component import SwapSettings, problems_of_regions
from bluegreen.aws.ecs import release as ecs_release
from bluegreen.aws.ecs.provider_args import ProviderArgs
from bluegreen.aws.ecs.release import EcsRelease
from bluegreen.aws.entry import Entry, ports_of
from bluegreen.aws.service_limits import LIMITS
from bluegreen.aws.several_entries import number_of_groups
from bluegreen.component.declaration import known
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color, other


def both(
    active_color: str, blue: EcsRelease | None, green: EcsRelease | None
) -> tuple[dict[Color, EcsRelease], list[Problem]]:
    """Both releases: a color that has none yet gets the other's, so that it is there when its own comes."""
    given: dict[Color, EcsRelease | None] = {"blue": blue, "green": green}
    problems = [
        Problem(color, None, "a release: it is the active color's, and without one nothing would serve")
        for color, release in given.items()
        if release is None and (color == active_color or given[other(color)] is None)
    ]
    releases: dict[Color, EcsRelease] = {}
    for color, release in given.items():
        counterpart = given[other(color)]
        if release is not None:
            releases[color] = release
        elif counterpart is not None and "existing" in counterpart:
            problems.append(Problem(color, None, "a release: what is adopted in the other color cannot be made anew"))
        elif counterpart is not None:
            releases[color] = counterpart
    return releases, problems


def problems_of_the_way_in(entry: Entry, groups: Sequence[object], makes_group: bool) -> list[Problem]:
    """A service has no more target groups than ECS takes, and somebody lets the entry in."""
    problems: list[Problem] = []
    most = LIMITS["target_groups"]
    if number_of_groups(entry) > most.most:
        problems.append(Problem("entries", number_of_groups(entry), f"{most.allowed} of a service"))
    if not makes_group and not groups:
        allowed = "one at least, where entry_security_group is false: tasks have to let the entry in"
        problems.append(Problem("security_group_ids", [], allowed))
    return problems


def problems_of_roles(
    task_role: object, task_policies: object, execution_role: object, execution_policies: object
) -> list[Problem]:
    """Policies are for roles that are made here; another's role is not the component's to change."""
    return [
        Problem(f"{what}_policy_arns", "<given>", f"none, where {what}_role_arn is given: attach them to that role")
        for what, role, policies in (
            ("task", task_role, task_policies),
            ("execution", execution_role, execution_policies),
        )
        if role is not None and policies
    ]


def problems_of_releases(
    releases: Mapping[Color, EcsRelease], entry: Entry, container_port: int, args: ProviderArgs, settings: SwapSettings
) -> list[Problem]:
    """The problems with both colors' releases, on their own and with the entry and the volumes."""
    problems: list[Problem] = []
    for color, release in releases.items():
        problems += ecs_release.problems_in(
            color, known(release), container_port, args.volumes, more_ports=ports_of(entry)
        )
        arn = release.get("task_definition_arn")
        problems += problems_of_regions(settings, **{f"{color}.task_definition_arn": arn})
    return problems
