"""Sign-in and tokens on a rule that the swap makes: actions before its forward, as ELB's API has them. Pure.

By Cognito, by OpenID Connect, and by tokens (JWT). The client secret of OpenID Connect is no part of it: a swap's state
holds none, and ``sign_in_secret`` says where it is.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bluegreen import secrets
from bluegreen.fields import UNKNOWN, Fields

CONFIGS: Mapping[str, str] = {
    "authenticate-cognito": "AuthenticateCognitoConfig",
    "authenticate-oidc": "AuthenticateOidcConfig",
    "jwt-validation": "JwtValidationConfig",
}
ALLOWED = "a list of actions of the type authenticate-cognito, authenticate-oidc or jwt-validation"
OIDC = "authenticate-oidc"
_KINDS = frozenset(CONFIGS)
# Also by its name in the provider's SDK, and as it says that a rule keeps what it has.
_SECRETS = ("ClientSecret", "client_secret", "UseExistingClientSecret")


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
        if any(name in action[config] for name in _SECRETS):
            allowed = "none here, where a stack's state would hold it: sign_in_secret says where it is"
            fields.problem(f"sign_in[{index}].{config}.ClientSecret", secrets.HIDDEN, allowed)
            continue
        accepted.append({"Type": kind, config: _whole(action[config])})
    return tuple(accepted)


def asks_for_a_secret(actions: object) -> bool | None:
    """Whether actions have a sign-in by OpenID Connect; ``None`` where only an update knows."""
    given = actions if isinstance(actions, (list, tuple)) else []
    if actions is UNKNOWN or UNKNOWN in given:
        return None
    return any(isinstance(action, Mapping) and action.get("Type") == OIDC for action in given)


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
