"""Actions and conditions of listeners and rules: declarations, and both ways between Pulumi's names and the API's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, count, longest, matches, one_of
from localcloud.plugins.aws.model import Failure, P, Props, has_unknown

_REDIRECT: Final = {
    "host": "Host",
    "path": "Path",
    "port": "Port",
    "protocol": "Protocol",
    "query": "Query",
    "statusCode": "StatusCode",
}
_FIXED: Final = {"contentType": "ContentType", "messageBody": "MessageBody", "statusCode": "StatusCode"}
_CONTENT_TYPES: Final = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
# Conditions that are a list of values: Pulumi's name -> the API's field and configuration.
_VALUES: Final = {
    "hostHeader": ("host-header", "HostHeaderConfig"),
    "pathPattern": ("path-pattern", "PathPatternConfig"),
    "sourceIp": ("source-ip", "SourceIpConfig"),
    "httpRequestMethod": ("http-request-method", "HttpRequestMethodConfig"),
}


def action_props(name: str) -> dict[str, P]:
    """Declarations of a list of actions called `name`."""
    at = f"{name}[]"
    return {
        name: P(),
        f"{at}.type": P(check=one_of("forward", "fixed-response", "redirect")),
        f"{at}.order": P(computed=True, check=between(1, 50000)),
        f"{at}.targetGroupArn": P(check=ARN),
        f"{at}.forward": P(),
        f"{at}.forward.targetGroups": P(unordered=True, check=count(1, 5)),
        f"{at}.forward.targetGroups[].arn": P(check=ARN),
        f"{at}.forward.targetGroups[].weight": P(default=1, check=between(0, 999)),
        f"{at}.forward.stickiness": P(),
        f"{at}.forward.stickiness.duration": P(check=between(1, 604800)),
        f"{at}.forward.stickiness.enabled": P(default=False),
        f"{at}.fixedResponse": P(),
        f"{at}.fixedResponse.contentType": P(check=one_of(*_CONTENT_TYPES)),
        f"{at}.fixedResponse.messageBody": P(check=longest(1024, 0)),
        f"{at}.fixedResponse.statusCode": P(computed=True, check=matches(r"[245]\d\d", "a 2xx, 4xx or 5xx status")),
        f"{at}.redirect": P(),
        f"{at}.redirect.host": P(default="#{host}", check=longest(128)),
        f"{at}.redirect.path": P(default="/#{path}", check=longest(128)),
        f"{at}.redirect.port": P(default="#{port}"),
        f"{at}.redirect.protocol": P(default="#{protocol}", check=one_of("#{protocol}", "HTTP", "HTTPS")),
        f"{at}.redirect.query": P(default="#{query}", check=longest(128, 0)),
        f"{at}.redirect.statusCode": P(check=one_of("HTTP_301", "HTTP_302")),
    }


CONDITION_PROPS: Final = {
    "conditions": P(unordered=True, check=count(1, 5)),
    "conditions[].httpHeader": P(),
    "conditions[].httpHeader.httpHeaderName": P(check=matches(r"[0-9A-Za-z!#$%&'*+.^_`|~-]{1,40}", "a header name")),
    "conditions[].httpHeader.values": P(unordered=True, check=count(1, 5)),
    "conditions[].httpHeader.values[]": P(check=longest(128)),
    "conditions[].queryStrings": P(unordered=True, check=count(1, 5)),
    "conditions[].queryStrings[].key": P(),
    "conditions[].queryStrings[].value": P(),
    **{f"conditions[].{name}": P() for name in _VALUES},
    **{f"conditions[].{name}.values": P(unordered=True, check=count(1, 5)) for name in _VALUES},
    "conditions[].httpRequestMethod.values[]": P(check=matches(r"[A-Za-z_-]{1,40}", "an HTTP method")),
    "conditions[].sourceIp.values[]": P(check=matches(r"[0-9a-fA-F:.]+/\d{1,3}", "a CIDR block")),
}


def check_actions(name: str, props: Props) -> Iterator[Failure]:
    """An action's type and its configuration have to go together."""
    actions = props.get(name)
    if not isinstance(actions, list):
        return
    if not actions:
        yield Failure(name, "at least one action is required")
    for index, action in enumerate(actions):
        if not isinstance(action, dict) or has_unknown(action.get("type")):
            continue
        at, kind = f"{name}[{index}]", action["type"]
        wanted = {
            "forward": ("targetGroupArn", "forward"),
            "fixed-response": ("fixedResponse",),
            "redirect": ("redirect",),
        }
        if not any(key in action for key in wanted.get(kind, ())):
            yield Failure(at, f"an action of type {kind!r} needs {' or '.join(wanted.get(kind, ()))}")
        for other, keys in wanted.items():
            for key in keys:
                if other != kind and key in action:
                    yield Failure(f"{at}.{key}", f"cannot be set on an action of type {kind!r}")
        if "targetGroupArn" in action and "forward" in action:
            yield Failure(f"{at}.forward", "set only one of `targetGroupArn` and `forward`")


def check_conditions(props: Props) -> Iterator[Failure]:
    conditions = props.get("conditions")
    for index, condition in enumerate(conditions if isinstance(conditions, list) else []):
        if isinstance(condition, dict):
            given = [key for key in condition if not key.startswith("__")]
            if len(given) != 1:
                yield Failure(f"conditions[{index}]", f"exactly one kind of condition is needed, got {given or 'none'}")


def to_api(actions: list[Props]) -> list[dict[str, Any]]:
    """Pulumi's actions as the API takes them."""
    result = []
    for number, action in enumerate(actions, start=1):
        entry: dict[str, Any] = {"Type": action["type"]}
        if len(actions) > 1 or "order" in action:
            entry["Order"] = action.get("order", number)
        if "targetGroupArn" in action:
            entry["TargetGroupArn"] = action["targetGroupArn"]
        if "forward" in action:
            entry["ForwardConfig"] = _forward_to_api(action["forward"])
        if "fixedResponse" in action:
            entry["FixedResponseConfig"] = _renamed(action["fixedResponse"], _FIXED)
        if "redirect" in action:
            entry["RedirectConfig"] = _renamed(action["redirect"], _REDIRECT)
        result.append(entry)
    return result


def _renamed(value: Props, names: dict[str, str]) -> dict[str, Any]:
    return {names[key]: item for key, item in value.items() if item is not None}


def _forward_to_api(forward: Props) -> dict[str, Any]:
    groups = [{"TargetGroupArn": group["arn"], "Weight": group["weight"]} for group in forward["targetGroups"]]
    config: dict[str, Any] = {"TargetGroups": groups}
    if sticky := forward.get("stickiness"):
        config["TargetGroupStickinessConfig"] = {"Enabled": sticky["enabled"], "DurationSeconds": sticky["duration"]}
    return config


def from_api(actions: list[dict[str, Any]], written: list[Props] | None) -> list[Props]:
    """The API's actions in Pulumi's names. A forward to one group can be written in two ways: as it was written."""
    result = []
    for number, entry in enumerate(sorted(actions, key=lambda one: one.get("Order") or 0)):
        was = written[number] if written and number < len(written) else None
        action: Props = {"type": entry["Type"], "order": entry.get("Order")}
        if entry["Type"] == "forward":
            action.update(_forward_from_api(entry, was))
        if config := entry.get("FixedResponseConfig"):
            action["fixedResponse"] = {name: config[key] for name, key in _FIXED.items() if config.get(key) is not None}
        if config := entry.get("RedirectConfig"):
            action["redirect"] = {name: config[key] for name, key in _REDIRECT.items() if config.get(key) is not None}
        result.append({key: value for key, value in action.items() if value is not None})
    return result


def _forward_from_api(entry: dict[str, Any], was: Props | None) -> Props:
    config = entry.get("ForwardConfig") or {}
    groups = config.get("TargetGroups") or [{"TargetGroupArn": entry.get("TargetGroupArn"), "Weight": 1}]
    sticky = config.get("TargetGroupStickinessConfig") or {}
    if len(groups) == 1 and not sticky.get("Enabled") and (was is None or "forward" not in was):
        return {"targetGroupArn": groups[0]["TargetGroupArn"]}
    forward: Props = {"targetGroups": [{"arn": g["TargetGroupArn"], "weight": g.get("Weight", 1)} for g in groups]}
    if sticky.get("Enabled") or (was and "stickiness" in was.get("forward", {}) and "DurationSeconds" in sticky):
        forward["stickiness"] = {"enabled": sticky.get("Enabled", False), "duration": sticky.get("DurationSeconds", 0)}
    return {"forward": forward}


def conditions_to_api(conditions: list[Props]) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = []
    for condition in conditions:
        for name, (field, config) in _VALUES.items():
            if name in condition:
                result.append({"Field": field, config: {"Values": condition[name]["values"]}})
        if header := condition.get("httpHeader"):
            values = {"HttpHeaderName": header["httpHeaderName"], "Values": header["values"]}
            result.append({"Field": "http-header", "HttpHeaderConfig": values})
        if pairs := condition.get("queryStrings"):
            named = [{key.capitalize(): text for key, text in pair.items()} for pair in pairs]
            result.append({"Field": "query-string", "QueryStringConfig": {"Values": named}})
    return result


def conditions_from_api(conditions: list[dict[str, Any]]) -> list[Props]:
    result: list[Props] = []
    for entry in conditions:
        for name, (field, config) in _VALUES.items():
            if entry["Field"] == field:
                result.append({name: {"values": (entry.get(config) or {}).get("Values") or entry.get("Values", [])}})
        if header := entry.get("HttpHeaderConfig"):
            result.append({"httpHeader": {"httpHeaderName": header["HttpHeaderName"], "values": header["Values"]}})
        if query := entry.get("QueryStringConfig"):
            pairs = [{key.lower(): text for key, text in pair.items() if text} for pair in query["Values"]]
            result.append({"queryStrings": pairs})
    return result
