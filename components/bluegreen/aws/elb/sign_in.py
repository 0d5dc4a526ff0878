"""Sign-in and tokens on a rule that the swap makes: actions before its forward, as ELB's API has them. Pure.

By Cognito, and by tokens (JWT). Not by OpenID Connect: its client secret would have to pass through the swap, whose
state must hold none. A rule that signs in so is handed in, and keeps it.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bluegreen.fields import UNKNOWN, Fields

CONFIGS: Mapping[str, str] = {
    "authenticate-cognito": "AuthenticateCognitoConfig",
    "jwt-validation": "JwtValidationConfig",
}
ALLOWED = (
    "a list of actions of the type authenticate-cognito or jwt-validation; one that signs in by OpenID Connect has a "
    "client secret: hand in its rule by rule_arn"
)
_KINDS = frozenset({*CONFIGS, "authenticate-oidc"})


def checked(fields: Fields, actions: object) -> tuple[dict[str, Any], ...]:
    """The actions as they are written; what is wrong with them is noted."""
    if actions is None or actions is UNKNOWN:
        return ()
    if isinstance(actions, (str, bytes, Mapping)) or not isinstance(actions, Sequence):
        fields.problem("sign_in", actions, ALLOWED)
        return ()
    accepted = []
    for index, action in enumerate(actions):
        if action is UNKNOWN:
            continue
        kind = action.get("Type") if isinstance(action, Mapping) else action
        config = CONFIGS.get(kind) if isinstance(kind, str) else None
        if config is None or not isinstance(action.get(config), Mapping):
            fields.problem(f"sign_in[{index}]", kind, ALLOWED)
            continue
        accepted.append({"Type": kind, config: _whole(action[config])})
    return tuple(accepted)


def _whole(value: Any) -> Any:
    """Whole numbers as such: the engine sends every number as a float."""
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def before_the_forward(
    actions: Sequence[Mapping[str, Any]], declared: Sequence[Mapping[str, Any]], *, managed: bool
) -> Sequence[Mapping[str, Any]]:
    """A rule's actions with the declared sign-in in the place of the one that it has.

    Args:
        actions: as they were found; none of a rule that is to be made.
        declared: the sign-in that is declared now.
        managed: whether one is declared now, or was by the last update: else what was found is somebody's, and stays.
    """
    if not managed:
        return actions
    return [*declared, *(action for action in actions if action["Type"] not in _KINDS)]
