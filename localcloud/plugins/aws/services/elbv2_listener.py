# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Listeners and their rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, one_of
from localcloud.plugins.aws.model import REGION, TAGS, UNKNOWN, ApiError, Change, Failure, P, Props, ResourceType
from localcloud.plugins.aws.services.elbv2_actions import (
    CONDITION_PROPS,
    action_props,
    check_actions,
    check_conditions,
    conditions_from_api,
    conditions_to_api,
    from_api,
    to_api,
)
from localcloud.plugins.aws.services.elbv2_common import MISSING, SERVICE, new_tags, tags_of, update_tags
from localcloud.plugins.aws.services.elbv2_network import (
    forwarded,
    idle_timeout,
    protocols,
    refuse_listener,
    set_idle_timeout,
)
from localcloud.plugins.aws.session import Aws

_PROTOCOLS: Final = ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC")


def lookup(aws: Aws, arn: str) -> dict[str, Any] | None:
    answer = aws.find(SERVICE, "DescribeListeners", MISSING, ListenerArns=[arn])
    listeners: list[dict[str, Any]] = (answer or {}).get("Listeners", [])
    return listeners[0] if listeners else None


def describe(aws: Aws, listener: dict[str, Any], written: list[Props] | None) -> Props:
    """A listener in Pulumi's names; the lookup function answers the same."""
    arn = listener["ListenerArn"]
    certificates = listener.get("Certificates") or []
    return {
        "arn": arn,
        "alpnPolicy": (listener.get("AlpnPolicy") or [None])[0],
        "certificateArn": certificates[0]["CertificateArn"] if certificates else None,
        "defaultActions": from_api(listener["DefaultActions"], written),
        "loadBalancerArn": listener["LoadBalancerArn"],
        "port": listener.get("Port"),
        "protocol": listener.get("Protocol"),
        "sslPolicy": listener.get("SslPolicy"),
        "tags": tags_of(aws, arn),
        "tcpIdleTimeoutSeconds": idle_timeout(aws, listener),
    }


def _create_listener(aws: Aws, props: Props) -> str:
    # The API's own default for an application load balancer.
    protocol = props.get("protocol") or ("HTTP" if "/app/" in props["loadBalancerArn"] else None)
    _check_port(aws, "CreateListener", props)
    groups = protocols(aws, forwarded(props["defaultActions"]))
    refuse_listener("CreateListener", {**props, "protocol": protocol}, groups)
    answer = aws.call(
        SERVICE,
        "CreateListener",
        LoadBalancerArn=props["loadBalancerArn"],
        Port=props.get("port"),
        Protocol=protocol,
        SslPolicy=props.get("sslPolicy"),
        Certificates=_certificates(props),
        AlpnPolicy=[props["alpnPolicy"]] if props.get("alpnPolicy") else None,
        DefaultActions=to_api(props["defaultActions"]),
        Tags=new_tags(props),
    )
    return str(answer["Listeners"][0]["ListenerArn"])


def _check_port(aws: Aws, operation: str, props: Props) -> None:
    """AWS refuses a second listener on a port; the emulator does not."""
    others = aws.pages(SERVICE, "DescribeListeners", "Listeners", LoadBalancerArn=props["loadBalancerArn"])
    if any(one.get("Port") == props.get("port") for one in others):
        raise ApiError(
            SERVICE, operation, "DuplicateListener", "A listener already exists on this port for this load balancer"
        )


def _certificates(props: Props) -> list[dict[str, str]] | None:
    return [{"CertificateArn": props["certificateArn"]}] if props.get("certificateArn") else None


def _read_listener(aws: Aws, arn: str, props: Props) -> Props | None:
    listener = lookup(aws, arn)
    return describe(aws, listener, props.get("defaultActions")) if listener is not None else None


def _update_listener(aws: Aws, arn: str, change: Change) -> None:
    if "port" in change.changed:
        _check_port(aws, "ModifyListener", change.new)
    if change.any_of("protocol", "defaultActions"):
        refuse_listener("ModifyListener", change.new, protocols(aws, forwarded(change.new["defaultActions"])))
    if "tcpIdleTimeoutSeconds" in change.changed:
        set_idle_timeout(aws, arn, change.new.get("tcpIdleTimeoutSeconds"))
    if change.any_of("port", "protocol", "sslPolicy", "certificateArn", "alpnPolicy", "defaultActions"):
        changed = change.subset("port", "protocol", "sslPolicy")
        aws.call(
            SERVICE,
            "ModifyListener",
            ListenerArn=arn,
            Port=changed.get("port"),
            Protocol=changed.get("protocol"),
            SslPolicy=changed.get("sslPolicy"),
            Certificates=_certificates(change.new) if change.any_of("certificateArn", "protocol") else None,
            AlpnPolicy=[change.new["alpnPolicy"]] if change.subset("alpnPolicy").get("alpnPolicy") else None,
            DefaultActions=to_api(change.new["defaultActions"]) if "defaultActions" in change.changed else None,
        )
    update_tags(aws, arn, change)


def _delete_listener(aws: Aws, arn: str, props: Props) -> None:
    aws.find(SERVICE, "DeleteListener", MISSING, ListenerArn=arn)


def _validate_listener(props: Props) -> Iterator[Failure]:
    yield from check_actions("defaultActions", props)
    protocol, certificate = props.get("protocol"), props.get("certificateArn")
    if protocol in {"HTTPS", "TLS"} and certificate is None:
        yield Failure("certificateArn", f"is required when `protocol` is {protocol!r}")
    if protocol in {"HTTP", "TCP", "UDP", "TCP_UDP"} and certificate not in (None, UNKNOWN):
        yield Failure("certificateArn", f"cannot be set when `protocol` is {protocol!r}")


def _find_rule(aws: Aws, arn: str) -> dict[str, Any] | None:
    answer = aws.find(SERVICE, "DescribeRules", MISSING, RuleArns=[arn])
    rules: list[dict[str, Any]] = (answer or {}).get("Rules", [])
    return rules[0] if rules else None


def _create_rule(aws: Aws, props: Props) -> str:
    priority = props.get("priority")
    if priority is None:
        rules = aws.call(SERVICE, "DescribeRules", ListenerArn=props["listenerArn"])["Rules"]
        taken = [int(rule["Priority"]) for rule in rules if rule["Priority"] != "default"]
        priority = max(taken, default=0) + 1
    answer = aws.call(
        SERVICE,
        "CreateRule",
        ListenerArn=props["listenerArn"],
        Priority=priority,
        Conditions=conditions_to_api(props["conditions"]),
        Actions=to_api(props["actions"]),
        Tags=new_tags(props),
    )
    return str(answer["Rules"][0]["RuleArn"])


def _read_rule(aws: Aws, arn: str, props: Props) -> Props | None:
    rule = _find_rule(aws, arn)
    if rule is None:
        return None
    # arn:…:listener-rule/app/NAME/LB/LISTENER/RULE belongs to arn:…:listener/app/NAME/LB/LISTENER
    listener = arn.replace(":listener-rule/", ":listener/").rsplit("/", 1)[0]
    return {
        "arn": arn,
        "actions": from_api(rule["Actions"], props.get("actions")),
        "conditions": conditions_from_api(rule["Conditions"]),
        "listenerArn": listener,
        "priority": int(rule["Priority"]) if rule["Priority"] != "default" else 99999,
        "tags": tags_of(aws, arn),
    }


def _update_rule(aws: Aws, arn: str, change: Change) -> None:
    if "priority" in change.changed:
        rules = aws.call(SERVICE, "DescribeRules", ListenerArn=change.new["listenerArn"])["Rules"]
        if any(rule["Priority"] == str(change.new["priority"]) for rule in rules):
            # AWS refuses this; the emulator does not.
            raise ApiError(
                SERVICE, "SetRulePriorities", "PriorityInUse", f"Priority {change.new['priority']} is in use"
            )
        aws.call(SERVICE, "SetRulePriorities", RulePriorities=[{"RuleArn": arn, "Priority": change.new["priority"]}])
    if change.any_of("actions", "conditions"):
        aws.call(
            SERVICE,
            "ModifyRule",
            RuleArn=arn,
            Actions=to_api(change.new["actions"]) if "actions" in change.changed else None,
            Conditions=conditions_to_api(change.new["conditions"]) if "conditions" in change.changed else None,
        )
    update_tags(aws, arn, change)


def _delete_rule(aws: Aws, arn: str, props: Props) -> None:
    aws.find(SERVICE, "DeleteRule", MISSING, RuleArn=arn)


def _validate_rule(props: Props) -> Iterator[Failure]:
    yield from check_actions("actions", props)
    yield from check_conditions(props)


TYPES: Final = [
    ResourceType(
        token="aws:lb/listener:Listener",
        props={
            **action_props("defaultActions"),
            "loadBalancerArn": P(force_new=True),
            "port": P(check=between(1, 65535)),
            "protocol": P(computed=True, check=one_of(*_PROTOCOLS)),
            "sslPolicy": P(computed=True),
            "certificateArn": P(check=ARN),
            "alpnPolicy": P(check=one_of("HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None")),
            "tcpIdleTimeoutSeconds": P(computed=True, check=between(60, 6000)),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_listener,
        read=_read_listener,
        update=_update_listener,
        delete=_delete_listener,
        validate=_validate_listener,
    ),
    ResourceType(
        token="aws:lb/listenerRule:ListenerRule",
        props={
            **action_props("actions"),
            **CONDITION_PROPS,
            "listenerArn": P(force_new=True, check=ARN),
            "priority": P(computed=True, check=between(1, 50000)),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_rule,
        read=_read_rule,
        update=_update_rule,
        delete=_delete_rule,
        validate=_validate_rule,
    ),
]
