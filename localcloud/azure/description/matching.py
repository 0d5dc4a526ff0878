"""Which operation a request is, or why Azure would not take it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from localcloud.azure.description.model import Operation, Package
from localcloud.azure.errors import ArmError

_SCOPE = "{scope}"
"""The place of a template that holds a whole path."""


@dataclass(frozen=True)
class Match:
    """An operation, what stands in its URL's places, and the package whose types it has."""

    operation: Operation
    places: Mapping[str, str]
    package: Package


class Matcher:
    """Finds operations by verb and path. As in Azure, case says nothing in what is fixed of a URL.

    Args:
        packages: where they are described.
        also: api-versions that are taken beside the client's own: by namespace and type in lower case,
            `microsoft.app/containerapps`.
    """

    def __init__(self, packages: Iterable[Package], also: Mapping[str, Iterable[str]] | None = None) -> None:
        self._exact: dict[int, list[_Known]] = {}
        self._scoped: list[_Known] = []
        for package in packages:
            for one in package.operations:
                if not one.api_version:
                    continue
                known = _Known(tuple(_parts(one.url)), one, package)
                if _SCOPE in known.template:
                    self._scoped.append(known)
                else:
                    self._exact.setdefault(len(known.template), []).append(known)
        self._also = {kind: tuple(versions) for kind, versions in (also or {}).items()}

    def find(self, verb: str, path: str, query: Mapping[str, str]) -> Match:
        """The operation.

        Args:
            verb: in capitals.
            path: without a query.
            query: what is requested, once for each name.

        Raises:
            ArmError: there is none, it has other api-versions, or does not know a parameter.
        """
        version = query.get("api-version", "")
        if not version:
            raise ArmError(
                400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required."
            )
        at_path = self._at(path)
        if not at_path:
            raise ArmError(404, "InvalidResourceType", f"The stand-in knows no resource type at {path}.")
        with_verb = [one for one in at_path if one[0].operation.verb == verb]
        if not with_verb:
            allowed = ", ".join(sorted({one[0].operation.verb for one in at_path}))
            raise ArmError(405, "MethodNotAllowed", f"{verb} is not allowed at {path}; allowed: {allowed}.")
        known, places = with_verb[0]
        operation = known.operation
        versions = (operation.api_version, *self._also.get(resource_type(path), ()))
        if version not in versions:
            raise ArmError(
                400,
                "NoRegisteredProviderFound",
                f"No registered resource provider found for API version '{version}' for {operation.name}. "
                f"The supported api-versions are '{', '.join(versions)}'.",
            )
        _check_query(operation, query)
        return Match(operation, {name: unquote(value) for name, value in places.items()}, known.package)

    def _at(self, path: str) -> list[tuple[_Known, dict[str, str]]]:
        """The operations at a path, from the template that says most of it."""
        parts = _parts(path)
        exact = [(one, found) for one in self._exact.get(len(parts), ()) if (found := one.places(parts)) is not None]
        if exact:
            most = max(one.fixed for one, _ in exact)
            return [(one, found) for one, found in exact if one.fixed == most]
        return [(one, found) for one in self._scoped if (found := one.places_in_scope(parts)) is not None]


@dataclass(frozen=True)
class _Known:
    template: tuple[str, ...]
    operation: Operation
    package: Package

    @property
    def fixed(self) -> int:
        return sum(not part.startswith("{") for part in self.template)

    def places(self, parts: list[str]) -> dict[str, str] | None:
        found = {}
        for wanted, part in zip(self.template, parts, strict=True):
            if wanted.startswith("{"):
                found[wanted[1:-1]] = part
            elif wanted.lower() != part.lower():
                return None
        return found

    def places_in_scope(self, parts: list[str]) -> dict[str, str] | None:
        """Of a template that begins with a scope: whatever is before the rest."""
        rest = self.template[1:]
        if len(parts) <= len(rest) or [one.lower() for one in parts[-len(rest) :]] != [one.lower() for one in rest]:
            return None
        return {"scope": "/".join(parts[: -len(rest)])}


def _check_query(operation: Operation, query: Mapping[str, str]) -> None:
    known = {one.name: one for one in operation.query}
    for name in query:
        if name != "api-version" and name not in known:
            raise ArmError(400, "InvalidQueryParameter", f"{operation.name} has no query parameter '{name}'.")
    for one in known.values():
        if one.required and one.name not in query:
            raise ArmError(400, "MissingQueryParameter", f"{operation.name} wants the query parameter '{one.name}'.")
        if one.kind == "bool" and query.get(one.name, "true").lower() not in ("true", "false"):
            raise ArmError(400, "InvalidQueryParameter", f"'{one.name}' is true or false, not '{query[one.name]}'.")


def resource_type(path: str) -> str:
    """`microsoft.app/containerapps`, in lower case, of a path or a template."""
    return action("", path).rpartition("/")[0].lower()


def action(verb: str, path: str) -> str:
    """The action that a role has to allow, of a request's or a template's path: `Microsoft.App/containerApps/write`.

    https://learn.microsoft.com/azure/role-based-access-control/role-definitions#actions-format
    """
    words = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
    parts = _parts(path)
    start = max((number for number, part in enumerate(parts) if part.lower() == "providers"), default=-1)
    # Below a namespace types and names take turns. Resource groups and subscriptions are of no provider of their own.
    namespace = parts[start + 1 : start + 2] if start >= 0 else ["Microsoft.Resources"]
    types = parts[start + 2 :: 2] if start >= 0 else parts[::2]
    return "/".join([*namespace, *types, words.get(verb, "action")])


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/")
