"""The table of property names says what the installed SDK sends."""

from __future__ import annotations

import keyword

import pulumi_aws
import pytest
from pulumi import _types

from localcloud.plugins.aws import generate, registry, table

_MODULES = sorted(registry.RESOURCES)


def test_generated_from_the_installed_sdk() -> None:
    assert generate.TABLE.read_text() == generate.text(generate.build()), (
        "pulumi_aws has changed: python -m localcloud.plugins.aws.generate"
    )


@pytest.mark.parametrize("token", _MODULES)
def test_input_names_are_those_of_the_args_class(token: str) -> None:
    part, name = token.split(":")[1].split("/", maxsplit=1)[0], token.rsplit(":", 1)[1]
    # By attribute: importing a module of a package that the SDK loads lazily leaves that package empty.
    module = getattr(pulumi_aws, f"{part}_" if keyword.iskeyword(part) else part)
    names = _types.input_type_py_to_pulumi_names(getattr(module, f"{name}Args"))
    assert set(table.input_types(token)) == set(names.values())


@pytest.mark.parametrize("token", _MODULES)
def test_declared_properties_exist_in_the_sdk(token: str) -> None:
    declared = registry.resource_type(token)
    assert declared is not None
    assert declared.token == token
    tops = {path.split(".")[0].removesuffix("[]") for path in declared.props}
    assert tops <= set(table.input_types(token))
    # A group's tags are a list of its own: no default tags, no `tagsAll`.
    assert (table.input_types(token).get("tags", "")[:1] == "{") == declared.taggable
    assert ("region" in table.input_types(token)) == declared.regional


@pytest.mark.parametrize("token", sorted(registry.INVOKES))
def test_lookups_are_served(token: str) -> None:
    assert registry.invoke(token) is not None
    assert table.invoke_arguments(token)
