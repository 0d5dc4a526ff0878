"""The colors' own rules: for whom production is, and for nobody else.

They stand before production's rule, so what they do not ask for is open: a request with the header would reach this
service on another's path, or without signing in. So they have all of production's conditions. Sign-in they cannot have,
since its secret is never read back: there the networks of the testers have to be said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from bluegreen.aws.entry import EntryContext
from bluegreen.aws.limits import CONDITION_VALUES, problems_of_networks
from bluegreen.aws.service_limits import texts_out_of_limits
from bluegreen.component.declaration import known
from bluegreen.component.previewing import PREVIEW_HEADER
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

# What a looked-up rule calls its conditions, and what a declared one does.
_KINDS = {
    "host_headers": "host_header",
    "http_headers": "http_header",
    "http_request_methods": "http_request_method",
    "path_patterns": "path_pattern",
    "source_ips": "source_ip",
}
_PARTS = ("http_header_name", "values", "regex_values")
_OPEN = ("forward", "fixed-response", "redirect")
_HEADER_VALUES = 1


def problems_of_conditions(
    preview_cidrs: Sequence[str], host_headers: Sequence[str], path_patterns: Sequence[str] = ()
) -> list[Problem]:
    """Problems that AWS would name only at the update: a rule has five values at most, over all of its conditions."""
    if any(isinstance(values, str) for values in (preview_cidrs, host_headers, path_patterns)):
        return []  # a text is no list: the argument's own check says so
    too_long = [
        *texts_out_of_limits("host_headers", host_headers),
        *texts_out_of_limits("path_patterns", path_patterns),
    ]
    too_long += problems_of_networks("preview_cidrs", known(preview_cidrs))
    if too_long:
        return too_long
    own = [*host_headers, *path_patterns]
    field = "path_patterns" if path_patterns else "host_headers"
    if len(own) > CONDITION_VALUES:
        allowed = f"{CONDITION_VALUES} values at most, of hosts and paths together: a rule takes no more"
        return [Problem(field, own, allowed)]
    if _HEADER_VALUES + len(own) + len(preview_cidrs) > CONDITION_VALUES:
        room = CONDITION_VALUES - _HEADER_VALUES
        allowed = f"{room} values at most, of hosts, paths and preview_cidrs together: a color's own rule has its"
        given = [*own, *preview_cidrs]
        return [Problem("preview_cidrs" if preview_cidrs else field, given, f"{allowed} header, too")]
    return []


def host_header(host_headers: Sequence[str]) -> dict[str, str]:
    """The ``Host`` header that production is called by: the first host without a wildcard."""
    listed = host_headers if isinstance(host_headers, (list, tuple)) else ()  # its own check says what is wrong
    plain = [host for host in listed if isinstance(host, str) and not any(one in host for one in "*?")]
    return {"Host": plain[0]} if plain else {}


def preview_rules(
    context: EntryContext,
    *,
    listener_arn: pulumi.Input[str],
    first_priority: int,
    groups: Mapping[Color, pulumi.Input[str]],
    values: Mapping[Color, pulumi.Input[str]],
    preview_cidrs: Sequence[str],
    host_headers: Sequence[str] = (),
    path_patterns: Sequence[str] = (),
    rule_arns: Sequence[pulumi.Input[str]] = (),
    default_of: Sequence[pulumi.Input[str]] = (),
) -> dict[Color, aws.lb.ListenerRule]:
    """A rule for each color that never changes: it keeps the group attached and lets a tester reach the color.

    Args:
        context: the component's.
        listener_arn: where they stand.
        first_priority: of the first; the second follows.
        groups: the colors' target groups.
        values: what the header says for each color.
        preview_cidrs: who may reach a color so; everybody who may reach production when empty.
        host_headers: hosts that production is for.
        path_patterns: paths that production is for.
        rule_arns: rules that production has already; the last one's conditions are taken.
        default_of: listeners whose default action production is.
    """
    options = pulumi.InvokeOutputOptions(parent=context.parent)
    rules = [aws.lb.get_listener_rule_output(arn=arn, opts=options).apply(_rule) for arn in rule_arns]
    rules += [aws.lb.get_listener_output(arn=arn, opts=options).apply(_listener) for arn in default_of]
    own: list[Any] = []
    if host_headers:  # several services may share one listener
        own.append({"host_header": {"values": list(host_headers)}})
    if path_patterns:
        own.append({"path_pattern": {"values": list(path_patterns)}})

    def conditions(color: Color) -> Any:
        first = {"http_header": {"http_header_name": PREVIEW_HEADER, "values": [values[color]]}}
        if not rules:
            return [first, *own, *_from(preview_cidrs)]

        def of_what_is_there(there: Sequence[Mapping[str, Any]]) -> list[Any]:
            for one in there:
                refuse_open_door(one["actions"], preview_cidrs)
            return [first, *conditions_like(there[-1]["conditions"], preview_cidrs)]

        return pulumi.Output.all(*rules).apply(of_what_is_there)

    return {
        color: aws.lb.ListenerRule(
            f"{context.name}-{color}-preview",
            listener_arn=listener_arn,
            priority=first_priority + index,
            conditions=conditions(color),
            actions=[{"type": "forward", "target_group_arn": groups[color]}],
            tags=context.color_tags[color],
            opts=pulumi.ResourceOptions(parent=context.parent),
        )
        for index, color in enumerate(COLORS)
    }


# At once: a looked-up condition is a dict whose `values` are a list, at which outputs of it end with an error.
def _rule(rule: Any) -> dict[str, Any]:
    conditions = [one for condition in rule.conditions or () for one in _declared(condition)]
    return {"actions": [action.type for action in rule.actions or ()], "conditions": conditions}


def _listener(listener: Any) -> dict[str, Any]:
    return {"actions": [action.type for action in listener.default_actions or ()], "conditions": []}


def refuse_open_door(actions: Sequence[str], preview_cidrs: Sequence[str]) -> None:
    """End with an error where production asks for more than the colors' own rules could.

    Raises:
        pulumi.RunError: naming what production has before its forward.
    """
    asked = [kind for kind in actions if kind not in _OPEN]
    if asked and not preview_cidrs:
        raise pulumi.RunError(
            f"entry.preview_cidrs: [] is not allowed; allowed: the networks of those who test a color. Production has "
            f"{', '.join(asked)} before it forwards, which a rule with the header {PREVIEW_HEADER} would not"
        )


def conditions_like(conditions: Sequence[Mapping[str, Any]], preview_cidrs: Sequence[str]) -> list[Mapping[str, Any]]:
    """The conditions of a rule that was looked up, with the testers' networks.

    Raises:
        pulumi.RunError: there is no room for them, and nobody said who tests.
    """
    # A rule has one condition with networks.
    kept = [one for one in conditions if not preview_cidrs or "source_ip" not in one]
    wanted = [*kept, *_from(preview_cidrs)]
    room = CONDITION_VALUES - _HEADER_VALUES
    if sum(map(_count, wanted)) <= room:
        return wanted
    if preview_cidrs:
        return [*_from(preview_cidrs)]
    raise pulumi.RunError(
        f"entry.preview_cidrs: [] is not allowed; allowed: the networks of those who test a color. Production's rule "
        f"has {sum(map(_count, kept))} condition values, and a color's own rule has room for {room} beside its header"
    )


def _from(cidrs: Sequence[str]) -> list[dict[str, Any]]:
    return [{"source_ip": {"values": list(cidrs)}}] if cidrs else []


def _declared(condition: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for plural, singular in _KINDS.items():
        for one in _part(condition, plural) or ():
            parts = {name: _part(one, name) for name in _PARTS}
            made.append({singular: {name: _plain(part) for name, part in parts.items() if part}})
    pairs = [pair for one in _part(condition, "query_strings") or () for pair in _part(one, "values") or ()]
    if pairs:
        keys = ("key", "value")
        made.append({"query_strings": [{key: _part(one, key) for key in keys if _part(one, key)} for one in pairs]})
    return made


def _count(condition: Mapping[str, Any]) -> int:
    ((_, config),) = condition.items()
    if isinstance(config, list):
        return len(config)
    return len(config.get("values", ())) + len(config.get("regex_values", ()))


def _part(thing: Any, name: str) -> Any:
    return getattr(thing, name, None)


def _plain(part: Any) -> Any:
    return part if isinstance(part, str) else list(part)
