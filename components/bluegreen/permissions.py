"""What each router, capacity, gate and metric may call on its platform, as values.

A class that makes calls declares ``permissions``; from these come the table in ``docs/permissions.md``, the IAM
policy and the Kubernetes Role of a deployment, so that none can say something that the code does not.

.. code-block:: sh

    python -m bluegreen.permissions alb ecs                         # the IAM policy of these kinds
    python -m bluegreen.permissions --kubernetes kubernetes_service # the Role of this one; see bluegreen.rbac
    python -m bluegreen.permissions --markdown docs/permissions.md  # renews the table in that page
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

_REGISTRIES = (
    "bluegreen.platforms.routers:ROUTERS",
    "bluegreen.platforms.capacities:CAPACITIES",
    "bluegreen.gates.registry:GATES",
    "bluegreen.metrics.registry:METRICS",
)
# What clients need for themselves, whatever they are used for. It is no part of a policy: what assumes a role is
# another principal than the role that the policy is for.
_CONNECTIONS = {"any on AWS": "bluegreen.aws.client:AwsConnection"}
_AWS_ACTION = re.compile(r"(?P<service>[a-z0-9-]+):[A-Z]\w*\Z")
_BEGIN, _END = "<!-- permissions:begin -->", "<!-- permissions:end -->"


@dataclass(frozen=True, slots=True)
class Permission:
    """One action that a class calls, or that a call of its implies.

    Attributes:
        action: the platform's own name of it: ``elasticloadbalancing:ModifyRule``, ``patch deployments.apps/scale``.
        when: when it is called, for people.
        resource: what it is called on, as the platform's policies write it (for Kubernetes, whose Roles have names:
            which objects these are); ``*`` where they cannot or need not be narrower.
    """

    action: str
    when: str
    resource: str = "*"


def kinds() -> list[str]:
    """Every kind that is registered, of whatever section, sorted."""
    return sorted({kind for registry in _registries() for kind in registry.entries})


def declared() -> Iterator[tuple[str, type, Sequence[Permission]]]:
    """Kind, class and permissions of everything that is registered and calls its platform, and of the connections."""
    for registry in _registries():
        for kind in registry.entries:
            found = registry.load(kind)
            if _of(found):
                yield kind, found, _of(found)
    for name, where in _CONNECTIONS.items():
        found = _load(where)
        yield name, found, _of(found)


def needed(wanted: Iterable[str]) -> list[Permission]:
    """What the swap may have to call with these kinds of router, capacity, gates and metrics, sorted by action.

    Args:
        wanted: kinds as the swap's inputs have them: ``["alb", "ecs", "http"]``.

    Raises:
        ValueError: a kind is not known.
    """
    asked = dict.fromkeys(wanted)
    unknown = [kind for kind in asked if kind not in kinds()]
    if unknown:
        raise ValueError(f"kinds: {', '.join(unknown)} is not allowed; allowed: {', '.join(kinds())}")
    found = {
        permission
        for registry in _registries()
        for kind in asked
        if kind in registry.entries
        for permission in _of(registry.load(kind))
    }
    return sorted(found, key=lambda permission: (permission.action, permission.resource, permission.when))


def policy_document(wanted: Iterable[str], partition: str = "aws") -> dict[str, Any]:
    """The IAM policy that these kinds need: a statement for each service and resource, sorted.

    Permissions of other platforms are left out. A policy without statements is none that IAM takes.

    Args:
        wanted: see ``needed``.
        partition: where it is for: ``aws``, ``aws-cn``, ``aws-us-gov``. IAM takes no wildcard there.

    Raises:
        ValueError: a kind is not known.
    """
    statements: dict[tuple[str, str], set[str]] = {}
    for permission in needed(wanted):
        action = _AWS_ACTION.match(permission.action)
        if action:
            resource = permission.resource.replace("arn:aws:", f"arn:{partition}:", 1)
            statements.setdefault((action["service"], resource), set()).add(permission.action)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": sorted(actions), "Resource": resource}
            for (_, resource), actions in sorted(statements.items())
        ],
    }


def table() -> str:
    """The Markdown table of everything that is declared."""
    rows = ["| kind | action | when |", "| --- | --- | --- |"]
    rows += [
        f"| {kind if ' ' in kind else f'`{kind}`'} | `{permission.action}` | {permission.when}{_by_name(permission)} |"
        for kind, _, permissions in declared()
        for permission in permissions
    ]
    return "\n".join(rows) + "\n"


def _by_name(permission: Permission) -> str:
    """Which objects they are that a Role can be restricted to."""
    named = " " in permission.action and permission.resource != "*"
    return f"; by name: {permission.resource}" if named else ""


def with_table(page: str) -> str:
    """The page with the table between its two markers renewed.

    Raises:
        ValueError: the markers are not there.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the page has no {_BEGIN} with an {_END} after it")
    return f"{before}{_BEGIN}\n\n{table()}\n{_END}{after}"


def _registries() -> list[Any]:
    return [_load(where) for where in _REGISTRIES]


def _load(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)


def _of(cls: Any) -> Sequence[Permission]:
    found: Sequence[Permission] = getattr(cls, "permissions", ())
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a policy or a Role, or renew the table in a page. The exit status is 2 for a mistake in the arguments."""
    parser = argparse.ArgumentParser(prog="python -m bluegreen.permissions", description="What the swap may call.")
    parser.add_argument("kind", nargs="*", help="of router, capacity, gates and metrics; default: all of them")
    parser.add_argument("--markdown", metavar="PAGE", type=Path, help="renew the table between the markers in PAGE")
    parser.add_argument("--partition", default="aws", help="aws (default), aws-cn, aws-us-gov")
    parser.add_argument("--kubernetes", action="store_true", help="print a Role and whom it is bound to")
    parser.add_argument("--namespace", default="default", help="of the Role: where the Services and workloads are")
    parser.add_argument("--service-account", default="bluegreen", metavar="NAME", help="whom the Role is bound to")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        type=_kind_and_name,
        metavar="RESOURCE=NAME",
        help="the Role is for this object alone, where Kubernetes can restrict it: services=web; may be repeated",
    )
    given = parser.parse_args(arguments)
    try:
        if given.markdown:
            given.markdown.write_text(with_table(given.markdown.read_text()))
            return 0
        if given.kubernetes:
            return _print_role(parser, given)
        policy = policy_document(given.kind or kinds(), given.partition)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if not policy["Statement"]:
        parser.error(f"{', '.join(given.kind)}: nothing of this calls AWS")
    sys.stdout.write(json.dumps(policy, indent=2) + "\n")
    return 0


def _kind_and_name(text: str) -> tuple[str, str]:
    resource, equals, name = text.partition("=")
    if not (resource and equals and name):
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; allowed: RESOURCE=NAME, such as services=web")
    return resource, name


def _print_role(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    from bluegreen import rbac  # noqa: PLC0415 - it is made of what is here

    names: dict[str, list[str]] = {}
    for resource, name in given.name:
        names.setdefault(resource, []).append(name)
    made = rbac.documents(given.kind or kinds(), given.namespace, given.service_account, names)
    if not made[1]["rules"]:
        parser.error(f"{', '.join(given.kind)}: nothing of this calls Kubernetes")
    sys.stdout.write(rbac.as_yaml(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
