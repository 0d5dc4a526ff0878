"""Object types from the classes of arguments of a provider's SDK, which components take as they are.

Other languages get copies, made from the SDK's own annotations and texts, under tokens of this package.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Mapping
from typing import Any

_SDK = "pulumi_aws."
_PARAMETER = re.compile(r"^\s*:param [^:]*?(\w+): (.*)$")
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")


def is_one(hint: Any) -> bool:
    """Whether a type hint is a class of an SDK."""
    return isinstance(hint, type) and hint.__module__.startswith(_SDK)


def token_of(hint: type) -> str:
    """``aws.ecs.ServiceArgs`` is ``bluegreen:aws:EcsServiceOptions``: SDKs put ``Args`` behind names themselves."""
    module = hint.__module__.split(".")[1]
    return f"bluegreen:aws:{module.capitalize()}{hint.__name__.removesuffix('Args')}Options"


def hints_of(hint: type) -> Mapping[str, Any]:
    """The arguments with their type hints, but for those that a component refuses by name."""
    from bluegreen.aws import resource_args  # noqa: PLC0415 - not for other platforms' components

    refused = _refused(hint)
    return {name: one for name, one in resource_args.hints_of(hint).items() if name not in refused}


def required_of(hint: type) -> Collection[str]:
    """Those of them that cannot be left out."""
    from bluegreen.aws import resource_args  # noqa: PLC0415

    return resource_args.required_of(hint).difference(_refused(hint))


def told_of(hint: type) -> Mapping[str, str]:
    """The SDK's text about each argument: its first sentence, without links."""
    texts = dict.fromkeys(hints_of(hint), "")
    for line in inspect.unwrap(hint.__init__).__doc__.splitlines() if hint.__init__.__doc__ else ():  # type: ignore[misc]
        parameter = _PARAMETER.match(line)
        if parameter is not None:
            texts[parameter[1]] = _plain(parameter[2])
    return {name: text or f"As the provider has it: ``{name}``." for name, text in texts.items()}


def _plain(text: str) -> str:
    """The first sentence, with names as code."""
    sentence = re.split(r"(?<=[a-z`)])\.\s", _LINK.sub(r"\1", text).strip())[0].rstrip(".")
    code = sentence.replace("`", "``") if sentence.count("`") % 2 == 0 else sentence.replace("`", "")
    return f"{code}." if len(code) > 3 else ""


def summary_of(hint: type) -> str:
    """The summary of a type."""
    name = hint.__name__.removesuffix("Args")
    return (
        f"Arguments of the provider's `{hint.__module__.split('.')[1]}.{name}`, but for what the component says itself."
    )


def _refused(hint: type) -> Mapping[str, str]:
    from bluegreen.aws.beanstalk import two_environments  # noqa: PLC0415
    from bluegreen.aws.ecs import provider_args, step_scaling  # noqa: PLC0415
    from bluegreen.aws.elb import sign_in_actions  # noqa: PLC0415

    refused = provider_args.refused_of(hint) or step_scaling.refused_of(hint)
    return refused or sign_in_actions.refused_of(hint) or two_environments.refused_of(hint)
