"""An argument of a component or an entry is declared in its signature: what its docstring says of it has to agree."""

from __future__ import annotations

import inspect
import re
from typing import get_origin

import pytest
from typing_extensions import Unpack, get_type_hints

import bluegreen.aws
import bluegreen.kubernetes
from bluegreen.adapters.plugin.components import COMPONENTS, load
from bluegreen.adapters.plugin.docstrings import parts
from bluegreen.arguments.hints import NAMES

NOT_TOLD = {"self", "name", "opts"}


def described():
    """Every component's constructor, and every function that platforms offer programs."""
    for token in sorted(COMPONENTS):
        yield pytest.param(load(token).__init__, id=token)
    for platform in (bluegreen.aws, bluegreen.kubernetes):
        for name in platform.__all__:
            found = getattr(platform, name)
            if inspect.isfunction(found):
                yield pytest.param(found, id=f"{platform.__name__.rpartition('.')[2]}.{name}")


def own(function):
    parameters = inspect.signature(function).parameters.values()
    return {one.name: one for one in parameters if one.name not in NOT_TOLD and one.kind is not one.VAR_KEYWORD}


@pytest.mark.parametrize("function", list(described()))
def test_every_argument_is_told_and_none_that_there_is_not(function):
    text = inspect.getdoc(function) or ""
    told = set(re.findall(r"^    (\w+): ", text.partition("Args:")[2].partition("Raises:")[0], re.MULTILINE))
    if told:
        assert told - {"settings", "options", "name", "opts"} <= set(own(function))
    assert set(own(function)) <= set(parts(function)) | told


@pytest.mark.parametrize("function", list(described()))
def test_a_default_that_is_told_is_the_one_that_counts(function):
    for name, text in parts(function).items():
        parameter = own(function).get(name)
        said = re.findall(r"\bdefault (\d+(?:\.\d+)?|true|false)\b", text)
        if parameter is None or len(said) != 1 or not isinstance(parameter.default, (int, float)):
            continue  # or what is reported is a default within an object
        wanted = {"true": True, "false": False}.get(said[0])
        assert parameter.default == (float(said[0]) if wanted is None else wanted), f"{name}: {text}"


@pytest.mark.parametrize("function", list(described()))
def test_no_argument_is_taken_by_whatever_name(function):
    """A wrong name is refused by type checkers and editors: what is open is typed."""
    for parameter in inspect.signature(function).parameters.values():
        assert parameter.kind is not parameter.VAR_POSITIONAL, parameter.name
        if parameter.kind is parameter.VAR_KEYWORD:
            hint = get_type_hints(function, localns=dict(NAMES))[parameter.name]
            assert get_origin(hint) is Unpack, f"**{parameter.name}: {hint}"
