"""Sign-in that a program declares on its production rule: the provider's own arguments, as ELB's API has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi_aws as aws

from bluegreen.aws import resource_args
from bluegreen.component.declaration import known
from bluegreen.rollout.errors import Problem
from bluegreen.secrets import HIDDEN

REFUSED: Mapping[str, str] = {
    "fixed_response": "none: what comes after sign-in is the swap's forward",
    "forward": "none: the forward is the swap's",
    "order": "none: they stand before the forward in their own order",
    "redirect": "none: what comes after sign-in is the swap's forward",
    "target_group_arn": "none: the forward is the swap's",
}
REFUSED_OF_OIDC: Mapping[str, str] = {
    "client_secret": "none here, where a stack's state would hold it: sign_in_secret says where it is"
}
_CONFIGS = {
    "authenticate-cognito": "authenticate_cognito",
    "authenticate-oidc": "authenticate_oidc",
    "jwt-validation": "jwt_validation",
}
# Keys below it are the user's.
_FREE = "authentication_request_extra_params"


def refused_of(kind: type) -> Mapping[str, str]:
    """The advice on arguments of the SDK's class that are refused, by their names."""
    by_class = {
        aws.lb.ListenerRuleActionArgs: REFUSED,
        aws.lb.ListenerRuleActionAuthenticateOidcArgs: REFUSED_OF_OIDC,
    }
    return by_class.get(kind, {})


def problems_in(actions: Sequence[Any]) -> list[Problem]:
    """The problems with ``sign_in``. Values that only an update knows pass."""
    problems: list[Problem] = []
    for index, action in enumerate(actions if isinstance(actions, (list, tuple)) else ()):
        path = f"sign_in[{index}]"
        problems += resource_args.problems_in(action, aws.lb.ListenerRuleActionArgs, path, REFUSED)
        values = known(resource_args.plain(action))
        if not isinstance(values, Mapping):
            continue
        config = _CONFIGS.get(values.get("type"))  # type: ignore[arg-type]
        if config is None:
            problems.append(Problem(f"{path}.type", values.get("type"), ", ".join(_CONFIGS)))
        elif values.get(config) is None:
            problems.append(Problem(f"{path}.{config}", None, "an object with named fields; it is required"))
        elif config == "authenticate_oidc" and isinstance(values[config], Mapping):
            for name in REFUSED_OF_OIDC.keys() & values[config].keys():
                problems.append(Problem(f"{path}.{config}.{name}", HIDDEN, REFUSED_OF_OIDC[name]))
    return problems


def of_the_api(actions: Sequence[Any]) -> list[dict[str, Any]]:
    """The actions as the swap's section has them: ``user_pool_arn`` is ``UserPoolArn``."""
    written = []
    for action in actions:
        given = resource_args.plain(action)
        config = _CONFIGS[given["type"]]
        written.append({"Type": given["type"], f"{_pascal(config)}Config": _renamed(given[config])})
    return written


def _renamed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_pascal(key): item if key == _FREE else _renamed(item) for key, item in value.items()}
    return [_renamed(item) for item in value] if isinstance(value, (list, tuple)) else value


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
