"""The policy pack: makes policies of the rules, and says what each does by default."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from rules import both_colors, health_checks, images, live_release, parity
from rules.values import UNKNOWN, Props, StackResource, Violation


def plain(props: Mapping[str, Any]) -> dict[str, Any]:
    """Properties as the rules take them: pulumi_policy raises an error for each one that is not known yet."""
    return {key: _item(props, key) for key in props}


def _item(holder: Any, key: Any) -> Any:
    try:
        value = holder[key]
    except UnknownValueError:
        return UNKNOWN
    if isinstance(value, Mapping):
        return plain(value)
    # A list comes as a proxy of pulumi_policy's own.
    if hasattr(value, "__getitem__") and not isinstance(value, str):
        return [_item(value, index) for index in range(len(value))]
    return value


def resource_policy(
    name: str,
    description: str,
    level: EnforcementLevel,
    types: Collection[str],
    rule: Callable[[str, Props, Mapping[str, Any]], Iterable[str]],
    options: Mapping[str, dict[str, Any]] | None = None,
) -> ResourceValidationPolicy:
    """A rule over one resource's inputs: checked before that resource is written."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type in types:
            for message in rule(args.name, plain(args.props), args.get_config()):
                report(message, None)

    return ResourceValidationPolicy(name, description, validate, level, _schema(options))


def stack_policy(
    name: str,
    description: str,
    level: EnforcementLevel,
    rule: Callable[[list[StackResource], Mapping[str, Any]], Iterable[Violation]],
    options: Mapping[str, dict[str, Any]] | None = None,
) -> StackValidationPolicy:
    """A rule over all resources' outputs: checked at the end of a preview, and of an update."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        stack = [
            StackResource(resource.resource_type, resource.name, resource.urn, plain(resource.props))
            for resource in args.resources
        ]
        for violation in rule(stack, args.get_config()):
            report(violation.message, violation.urn)

    return StackValidationPolicy(name, description, validate, level, _schema(options))


def _schema(options: Mapping[str, dict[str, Any]] | None) -> PolicyConfigSchema | None:
    return None if options is None else PolicyConfigSchema(dict(options))


def _texts(default: Collection[str]) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "default": list(default)}


if __name__ == "__main__":
    PolicyPack(
        "bluegreen",
        [
            resource_policy(
                "live-release",
                "The live color's release is not changed in place.",
                # Mandatory: such a change passes by every gate that a promotion has to pass.
                EnforcementLevel.MANDATORY,
                live_release.TYPES,
                lambda name, props, _config: live_release.violations(name, props),
            ),
            resource_policy(
                "health-checks",
                "Each color's target group declares a health check.",
                # Mandatory: without one, a swap takes a color that does not work for one that is ready.
                EnforcementLevel.MANDATORY,
                health_checks.TYPES,
                lambda name, props, _config: health_checks.violations(name, props),
            ),
            resource_policy(
                "images",
                "Container images carry a tag or digest other than `latest`.",
                # Mandatory: with an image that moves, a rollback may not bring back what was live.
                EnforcementLevel.MANDATORY,
                images.TYPES,
                lambda name, props, config: images.violations(
                    name, props, config.get("forbiddenTags", images.FORBIDDEN_TAGS)
                ),
                {"forbiddenTags": _texts(images.FORBIDDEN_TAGS)},
            ),
            stack_policy(
                "both-colors",
                "Whatever one color has, the other has too.",
                # Mandatory: there is nothing to promote to, or to roll back to.
                EnforcementLevel.MANDATORY,
                lambda stack, _config: both_colors.violations(stack),
            ),
            stack_policy(
                "parity",
                "Both colors are alike but for the release.",
                # Advisory: a release may rightly bring a new variable or command; a reviewer should see it.
                EnforcementLevel.ADVISORY,
                lambda stack, config: parity.violations(stack, config.get("exempt", ())),
                {"exempt": _texts(())},
            ),
        ],
    )
