"""The AWS stand-in replaces and fills in as the SDK's documentation says."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Iterator
from pathlib import Path

import pulumi_aws
from pulumi import _types

from localcloud.plugins.aws import registry
from localcloud.plugins.aws.model import P

REPLACES = re.compile(r"\bforces? (?:a |the )?(?:new\b|re-?creation|replacement)", re.IGNORECASE)
DEFAULT = re.compile(r'(?:defaults? to|default(?: value)? is|default(?: value)?:)\s+`"?([\w./-]+)"?`', re.IGNORECASE)
NOT_ALWAYS = {
    ("aws:ecs/service:Service", "forceNewDeployment"): "a deployment is meant, not the resource",
    ("aws:lb/loadBalancer:LoadBalancer", "secondaryIpsAutoAssignedPerSubnet"): "only where it gets less",
    ("aws:lb/loadBalancer:LoadBalancer", "securityGroups"): "only from none to some and back, on a network balancer",
    ("aws:lb/loadBalancer:LoadBalancer", "subnets"): "only where one is taken away, of a network balancer",
}
"""Conditions, which the stand-in does not look at: it changes these in place."""


def documented() -> Iterator[tuple[str, str, str, P]]:
    """Every input at the top of every type that is served: token, name, its documentation, as it is declared."""
    for token in sorted(registry.RESOURCES):
        part, name = token.split(":")[1].split("/")[0], token.rsplit(":", 1)[1]
        args = getattr(getattr(pulumi_aws, f"{part}_" if keyword.iskeyword(part) else part), f"{name}Args")
        declared = registry.resource_type(token)
        assert declared is not None
        for python_name, wire in _types.input_type_py_to_pulumi_names(args).items():
            yield token, wire, inspect.getdoc(getattr(args, python_name)) or "", declared.prop(wire)


def test_what_is_said_to_force_a_replacement_does() -> None:
    found = {(token, name): prop.force_new for token, name, text, prop in documented() if REPLACES.search(text)}
    assert {at for at, replaces in found.items() if not replaces} == NOT_ALWAYS.keys()


def test_no_default_is_another_one_than_documented() -> None:
    """One that is not filled in is left to the API."""
    found = [(prop.default, match[1]) for _, _, text, prop in documented() if (match := DEFAULT.search(text))]
    assert [(ours, theirs) for ours, theirs in found if ours is not None and str(ours).lower() != theirs.lower()] == []


def test_the_figures_are_those_of_the_page() -> None:
    defaults = [prop.default for _, _, text, prop in documented() if DEFAULT.search(text)]
    filled = len([one for one in defaults if one is not None])
    forced = len([text for _, _, text, _ in documented() if REPLACES.search(text)])
    page = " ".join((Path(__file__).parents[2] / "docs" / "stand-ins.md").read_text().split())
    assert f"{len(registry.RESOURCES)} types and {len(registry.INVOKES)} functions" in page
    assert f"{len(defaults)} inputs with a documented default: {filled} are filled in" in page
    assert f"{forced} inputs that are documented to force a replacement" in page
