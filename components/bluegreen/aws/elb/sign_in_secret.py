"""The client secret of a sign-in by OpenID Connect: where it is, and its value while it is written to the rule.

A swap's inputs, state and log have the place alone. ELB keeps the secret with the rule and never tells it: a write of
a rule that has it says ``UseExistingClientSecret``, and so the secret is read when the sign-in comes or changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bluegreen import secrets
from bluegreen.aws.client import AwsConnection, called
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import GateUnavailable, PlatformError

OIDC, CONFIG, VALUE, KEPT = (
    "authenticate-oidc",
    "AuthenticateOidcConfig",
    "ClientSecret",
    "UseExistingClientSecret",
)
# Nobody gets every secret of an account for a swap: one with another name its owner allows.
PERMISSION = Permission(
    "secretsmanager:GetSecretValue",
    "a sign-in by OpenID Connect that comes or changes, where its client secret is there",
    "arn:aws:secretsmanager:*:*:secret:bluegreen/*",
)
_CALL = "elasticloadbalancing:ModifyRule"
_PLACES = ("env", "file", "secrets_manager")
_ALLOWED = (
    'where the client secret is, never the secret: {"secrets_manager": ARN}, which may have a key, {"env": NAME} or '
    '{"file": PATH}; each may have a version'
)


@dataclass(frozen=True, slots=True)
class SignInSecret:
    """The place of a client secret. One of the first three is set.

    Attributes:
        env: the name of an environment variable where the swap runs.
        file: a path there.
        secrets_manager: the ARN or name of a secret in Secrets Manager.
        key: the field of a secret in Secrets Manager that is JSON.
        version: any text: another one has the secret read and written anew, after a rotation.
    """

    env: str | None = None
    file: str | None = None
    secrets_manager: str | None = None
    key: str | None = None
    version: str | None = None

    @classmethod
    def take(cls, fields: Fields, name: str) -> SignInSecret | None:
        """Read the place; ``None`` where there is none, or it is not known yet or refused.

        What is refused is not reported here.

        Args:
            fields: the section that it stands in.
            name: its name there.
        """
        known = len(fields.problems)
        section = fields.section(name, None)
        if section is None:
            return None
        values = {one: section.text(one, None) for one in (*_PLACES, "key", "version")}
        given = [one for one in _PLACES if values[one] is not None]
        if not section.unknown and (len(given) != 1 or (values["key"] is not None and given != ["secrets_manager"])):
            section.problem("", secrets.HIDDEN, _ALLOWED)
        section.done()
        if len(fields.problems) > known:
            # One in place of all, without values and names: they may be the secret.
            fields.problems[known:] = []
            fields.problem(name, secrets.HIDDEN, _ALLOWED)
            return None
        return None if section.unknown or UNKNOWN in values.values() else cls(**values)

    @property
    def section(self) -> dict[str, str]:
        """The section that it was read from."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def value(self, aws: AwsConnection) -> str:
        """The secret; it is removed from every text that is shown later.

        Raises:
            PlatformError: naming the place, where there is none, or it may not be read.
        """
        if self.secrets_manager is None:
            try:
                return secrets.SecretRef(self.env, self.file).value()
            except GateUnavailable as error:
                raise PlatformError(_CALL, f"{error}; sign_in_secret says where the client secret is") from None
        with called("secretsmanager:GetSecretValue"):
            answer = aws.client("secretsmanager").get_secret_value(SecretId=self.secrets_manager)
        found = str(answer.get("SecretString") or "")
        if self.key is not None:
            found = _field(found, self.key)
        if not found.strip():
            of = f"the field {self.key} of " if self.key else ""
            raise PlatformError(
                "secretsmanager:GetSecretValue", f"there is no text in {of}the secret {self.secrets_manager}"
            )
        secrets.remember(found.strip())
        return found.strip()


def _field(text: str, key: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    value = found.get(key) if isinstance(found, Mapping) else None
    return value if isinstance(value, str) else ""


def with_secret(
    declared: Sequence[Mapping[str, Any]],
    present: Sequence[Mapping[str, Any]],
    secret: Callable[[], str] | None,
    *,
    changed: bool,
    shown: bool = False,
) -> list[dict[str, Any]]:
    """The declared actions as they are written: with the secret, or with the one that the rule has already.

    Args:
        declared: the sign-in of the section, without its secret.
        present: the rule's actions as they are; none of a rule that is to be made.
        secret: reads the secret; ``None`` where none is declared.
        changed: whether another place, or another version, was declared by the last update.
        shown: whether it is for people: then the secret is not read, and a word stands in its place.
    """
    kept = next((action for action in present if action["Type"] == OIDC), {}).get(CONFIG, {})
    written = []
    for action in declared:
        config = action.get(CONFIG)
        if config is None or secret is None:
            written.append(dict(action))
        elif kept and not changed and all(kept.get(name) == value for name, value in config.items()):
            written.append({**action, CONFIG: {**config, KEPT: True}})
        else:
            value = "CLIENT_SECRET" if shown else secret()
            written.append({**action, CONFIG: {**config, VALUE: value}})
    return written


def without_secret(actions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The actions as ELB tells them."""
    return [
        {**action, CONFIG: {name: value for name, value in action[CONFIG].items() if name not in (VALUE, KEPT)}}
        if CONFIG in action
        else action
        for action in actions
    ]
