# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Elastic Beanstalk: applications and environments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import both, longest, matches, one_of
from localcloud.plugins.aws.model import REGION, TAGS, Change, Failure, P, Props, ProviderError, ResourceType
from localcloud.plugins.aws.session import Aws, tag_change, tag_list, tag_map

SERVICE: Final = "elasticbeanstalk"
_SECONDS: Final = 1200.0
_NAME: Final = both(
    longest(40, 4), matches(r"[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]", "letters, digits and hyphens between them")
)
_PREFIX: Final = both(
    longest(63, 4), matches(r"[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]", "letters, digits and hyphens between them")
)
_WEB: Final = {"Name": "WebServer", "Type": "Standard"}
_WORKER: Final = {"Name": "Worker", "Type": "SQS/HTTP"}


def _tags_of(aws: Aws, arn: str) -> dict[str, str]:
    found = tag_map(aws.call(SERVICE, "ListTagsForResource", ResourceArn=arn)["ResourceTags"])
    # Beanstalk's own.
    return {key: value for key, value in found.items() if not key.startswith("elasticbeanstalk:") and key != "Name"}


def _update_tags(aws: Aws, arn: str, change: Change) -> None:
    if "tags" in change.changed:
        added, removed = tag_change(change.old.get("tags"), change.new.get("tags"))
        aws.call(
            SERVICE,
            "UpdateTagsForResource",
            ResourceArn=arn,
            TagsToAdd=tag_list(added) or None,
            TagsToRemove=removed or None,
        )


# -- applications


def _create_application(aws: Aws, props: Props) -> str:
    answer = aws.call(
        SERVICE,
        "CreateApplication",
        ApplicationName=props["name"],
        Description=props.get("description"),
        Tags=tag_list(props.get("tags")) or None,
    )
    return str(answer["Application"]["ApplicationName"])


def _read_application(aws: Aws, name: str, props: Props) -> Props | None:
    found = aws.call(SERVICE, "DescribeApplications", ApplicationNames=[name])["Applications"]
    if not found:
        return None
    arn = found[0]["ApplicationArn"]
    return {"arn": arn, "name": name, "description": found[0].get("Description"), "tags": _tags_of(aws, arn)}


def _update_application(aws: Aws, name: str, change: Change) -> None:
    if "description" in change.changed:
        aws.call(SERVICE, "UpdateApplication", ApplicationName=name, Description=change.new.get("description", ""))
    _update_tags(aws, change.old["arn"], change)


def _delete_application(aws: Aws, name: str, props: Props) -> None:
    aws.find(SERVICE, "DeleteApplication", ("InvalidParameterValue",), ApplicationName=name)


# -- environments


def _environment(aws: Aws, environment_id: str) -> dict[str, Any] | None:
    answer = aws.call(SERVICE, "DescribeEnvironments", EnvironmentIds=[environment_id], IncludeDeleted=False)
    found: list[dict[str, Any]] = [one for one in answer["Environments"] if one["Status"] != "Terminated"]
    return found[0] if found else None


def _options(props: Props) -> list[dict[str, str]] | None:
    settings = [
        {
            "Namespace": one["namespace"],
            "OptionName": one["name"],
            "Value": one["value"],
            **({"ResourceName": one["resource"]} if one.get("resource") else {}),
        }
        for one in props.get("settings") or []
    ]
    return settings or None


def _create_environment(aws: Aws, props: Props) -> str:
    answer = aws.call(
        SERVICE,
        "CreateEnvironment",
        ApplicationName=props["application"],
        EnvironmentName=props["name"],
        CNAMEPrefix=props.get("cnamePrefix"),
        Description=props.get("description"),
        Tier=_WEB if props["tier"] == "WebServer" else _WORKER,
        PlatformArn=props.get("platformArn"),
        SolutionStackName=props.get("solutionStackName"),
        TemplateName=props.get("templateName"),
        VersionLabel=props.get("version"),
        OptionSettings=_options(props),
        Tags=tag_list(props.get("tags")) or None,
    )
    return str(answer["EnvironmentId"])


def _read_environment(aws: Aws, environment_id: str, props: Props) -> Props | None:
    found = _environment(aws, environment_id)
    if found is None:
        return None
    arn, cname = found["EnvironmentArn"], found.get("CNAME", "")
    return {
        "arn": arn,
        "name": found["EnvironmentName"],
        "application": found["ApplicationName"],
        "cname": cname,
        # As the real provider does: after an exchange of names it is the other one.
        "cnamePrefix": cname.partition(".")[0] or None,
        "endpointUrl": found.get("EndpointURL"),
        "description": found.get("Description"),
        "tier": found.get("Tier", {}).get("Name", "WebServer"),
        "platformArn": found.get("PlatformArn") if props.get("platformArn") else None,
        "solutionStackName": found.get("SolutionStackName"),
        "templateName": found.get("TemplateName"),
        "version": found.get("VersionLabel"),
        "settings": props.get("settings"),  # the API tells all there are: the real provider keeps the program's
        "tags": _tags_of(aws, arn),
    }


def _update_environment(aws: Aws, environment_id: str, change: Change) -> None:
    new = change.new
    if change.any_of("description", "version", "settings", "solutionStackName", "platformArn", "templateName"):
        aws.call(
            SERVICE,
            "UpdateEnvironment",
            EnvironmentId=environment_id,
            Description=new.get("description", "") if "description" in change.changed else None,
            VersionLabel=new.get("version") if "version" in change.changed else None,
            SolutionStackName=new.get("solutionStackName") if "solutionStackName" in change.changed else None,
            PlatformArn=new.get("platformArn") if "platformArn" in change.changed else None,
            TemplateName=new.get("templateName") if "templateName" in change.changed else None,
            OptionSettings=_options(new) if "settings" in change.changed else None,
        )
        _wait_environment(aws, environment_id, new, _SECONDS)
    _update_tags(aws, change.old["arn"], change)


def _delete_environment(aws: Aws, environment_id: str, props: Props) -> None:
    if _environment(aws, environment_id) is None:
        return
    aws.call(SERVICE, "TerminateEnvironment", EnvironmentId=environment_id)

    def gone() -> bool | None:
        return True if _environment(aws, environment_id) is None else None

    aws.wait(f"the Elastic Beanstalk environment {environment_id} to be terminated", gone, _SECONDS, 0.3)


def _wait_environment(aws: Aws, environment_id: str, props: Props, timeout: float) -> None:
    def ready() -> bool | None:
        found = _environment(aws, environment_id)
        if found is None:
            raise ProviderError(f"the Elastic Beanstalk environment {environment_id} is gone")
        return True if found["Status"] == "Ready" else None

    aws.wait(f"the Elastic Beanstalk environment {environment_id} to be ready", ready, _SECONDS, 0.3)


def _validate_environment(props: Props) -> Iterator[Failure]:
    given = [name for name in ("solutionStackName", "platformArn", "templateName") if name in props]
    if len(given) > 1:
        yield Failure(given[1], f"conflicts with `{given[0]}`")


TYPES: Final = [
    ResourceType(
        token="aws:elasticbeanstalk/application:Application",
        props={
            "name": P(force_new=True, check=longest(100)),
            "description": P(),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_application,
        read=_read_application,
        update=_update_application,
        delete=_delete_application,
        name_max=100,
    ),
    ResourceType(
        token="aws:elasticbeanstalk/environment:Environment",
        props={
            "name": P(force_new=True, check=_NAME),
            "application": P(),
            "cnamePrefix": P(computed=True, force_new=True, check=_PREFIX),
            "description": P(),
            "tier": P(default="WebServer", force_new=True, check=one_of("WebServer", "Worker")),
            "platformArn": P(computed=True),
            "solutionStackName": P(computed=True),
            "templateName": P(),
            "version": P(computed=True),
            "settings": P(unordered=True),
            "settings[].namespace": P(),
            "settings[].name": P(),
            "settings[].value": P(),
            "settings[].resource": P(),
            "waitForReadyTimeout": P(default="20m", state_only=True),
            "pollInterval": P(state_only=True),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_environment,
        read=_read_environment,
        update=_update_environment,
        delete=_delete_environment,
        wait=_wait_environment,
        validate=_validate_environment,
        name_max=40,
        create_timeout=_SECONDS,
    ),
]
