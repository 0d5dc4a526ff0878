"""``python -m bluegreen.permissions``: the policy or role of kinds on each platform, or the table in a page."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bluegreen.permissions import azure_role, google_role, kinds, policy_document, rbac, with_table


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a policy or a Role, or renew the table in a page. The exit status is 2 for a mistake in the arguments."""
    parser = argparse.ArgumentParser(prog="python -m bluegreen.permissions", description="What the swap may call.")
    parser.add_argument("kind", nargs="*", help="of router, capacity, gates and metrics; default: all of them")
    parser.add_argument("--markdown", metavar="PAGE", type=Path, help="renew the table between the markers in PAGE")
    parser.add_argument("--partition", default="aws", help="aws (default), aws-cn, aws-us-gov")
    parser.add_argument("--azure", action="store_true", help="print a custom role of Azure")
    parser.add_argument("--scope", default=azure_role.ANYWHERE, help="of that role: a resource group's id, say")
    parser.add_argument("--google", action="store_true", help="print a custom role of Google Cloud")
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
        if given.azure:
            return _print_azure_role(parser, given)
        if given.google:
            return _print_google_role(parser, given)
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


def _print_azure_role(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    role = azure_role.definition(given.kind or kinds(), given.scope)
    if not role["Actions"]:
        parser.error(f"{', '.join(given.kind)}: nothing of this calls Azure")
    sys.stdout.write(json.dumps(role, indent=2) + "\n")
    return 0


def _print_google_role(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    wanted = given.kind or kinds()
    if not google_role.permissions(wanted):
        parser.error(f"{', '.join(given.kind)}: nothing of this calls Google Cloud")
    sys.stdout.write(google_role.definition(wanted))
    return 0


def _print_role(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
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
