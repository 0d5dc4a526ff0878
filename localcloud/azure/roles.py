"""Who may do what: role assignments, enforced.

https://learn.microsoft.com/azure/role-based-access-control/role-definitions
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from localcloud.azure.errors import ArmError


@dataclass(frozen=True)
class Role:
    """A role that somebody has.

    Attributes:
        actions: what it allows; `*` stands for anything.
        scope: the path below which it holds; everywhere if empty.
        not_actions: what of `actions` it does not allow.
    """

    actions: tuple[str, ...]
    scope: str = ""
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str, path: str) -> bool:
        """Case says nothing, in actions and in scopes."""
        scope = self.scope.rstrip("/").lower()
        inside = not scope or path.lower() == scope or path.lower().startswith(f"{scope}/")
        return inside and _any(self.actions, action) and not _any(self.not_actions, action)


OWNER = Role(("*",))


@dataclass(frozen=True)
class Principal:
    """An application that may ask for tokens.

    Attributes:
        client_id: its id.
        secret: its password; with a federated token instead if empty.
        roles: what it may do.
    """

    client_id: str
    secret: str
    roles: tuple[Role, ...] = (OWNER,)


def require(principal: Principal, action: str, path: str) -> None:
    """Nothing, if one of the principal's roles allows it.

    Raises:
        ArmError: none does: 403.
    """
    if not any(role.allows(action, path) for role in principal.roles):
        raise ArmError(
            403,
            "AuthorizationFailed",
            f"The client '{principal.client_id}' with object id '{principal.client_id}' does not have authorization to "
            f"perform action '{action}' over scope '{path}' or the scope is invalid. If access was recently granted, "
            "please refresh your credentials.",
        )


def _any(patterns: Iterable[str], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
