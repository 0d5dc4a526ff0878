"""Both colors are alike but for the release: what is proved on the one then holds for the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from . import installed
from .colors import COLORS, color_in, color_of, neutral, pairs
from .comparison import ABSENT, Difference, differences
from .containers import containers_of, tag_and_digest
from .values import ECS_SERVICE, TASK_DEFINITION, TRAFFIC_SWAPS, Props, StackResource, Violation, noun, shown

# What the platform computes, or what a swap and autoscaling own while the service lives.
_EXEMPT: Final = (
    "id",
    "urn",
    "arn",
    "arnSuffix",
    "arnWithoutRevision",
    "name",
    "namePrefix",
    "tagsAll",
    "loadBalancerArns",
    "family",
    "revision",
    "containerDefinitions.image",
)
_EXEMPT_IN_TEMPLATES: Final = ("containers.image", "initContainers.image")
_EXEMPT_IN_SERVICES: Final = ("desiredCount", "taskDefinition")

# A policy pack gets secrets in plain text: what may hold one is never shown.
_NOT_SHOWN = re.compile(r"\.(environment|command|entryPoint|dockerLabels|options|env|args)\b")

_IDENTITIES = ("arn", "id", "arnSuffix", "name", "family")
_SHORTEST_IDENTITY = 4


def violations(resources: Iterable[StackResource], exempt: Sequence[str] = ()) -> list[Violation]:
    """Each property that differs between a color's resource and its counterpart.

    Args:
        resources: all of the stack.
        exempt: paths that may differ besides; ``*`` stands for anything, and ``[…]`` may be left out.
    """
    stack = list(resources)
    identities = {color: _identities(stack, color) for color in COLORS}
    differing = [one for resource in stack if resource.type in TRAFFIC_SWAPS for one in _of_releases(resource, exempt)]
    for pair in pairs(stack):
        if pair.blue is None or pair.green is None:
            continue
        one = _comparable(pair.blue, "blue", identities["blue"])
        two = _comparable(pair.green, "green", identities["green"])
        allowed = [*_EXEMPT, *(_EXEMPT_IN_SERVICES if pair.blue.type == ECS_SERVICE else ()), *exempt]
        differing += [
            Violation(_message(pair.blue, pair.green, difference), pair.green.urn)
            for difference in differences(one, two)
            if not _matches(difference.path, allowed)
        ]
    return differing


def _of_releases(swap: StackResource, exempt: Sequence[str]) -> Iterator[Violation]:
    """The same of releases that the swap installs: these are inputs of it."""
    for path, by_color in installed.templates(swap.props):
        one, two = (_comparable_template(by_color[color], color) for color in COLORS)
        for difference in differences(one, two):
            if not _matches(difference.path, [*_EXEMPT_IN_TEMPLATES, *exempt]):
                message = (
                    f"{swap.name}: green's release differs from blue's in more than the image: {path}: "
                    f"{_values(difference)}. {_advice(difference.path)}"
                )
                yield Violation(message, swap.urn)


def _comparable_template(template: Mapping[str, Any], color: str) -> Any:
    own = dict.fromkeys(_release_texts(installed.containers(template)), "{release}")

    def plain(text: str) -> str:
        return own.get(text) or neutral(text, color)

    return _texts(template, plain)


def _message(blue: StackResource, green: StackResource, difference: Difference) -> str:
    return (
        f"{green.name}: this {noun(green.type)} differs from {blue.name} in more than the release: "
        f"{_values(difference)}. {_advice(difference.path)}"
    )


def _values(difference: Difference) -> str:
    if _NOT_SHOWN.search(difference.path) and ABSENT not in (difference.blue, difference.green):
        return f"{difference.path} differs (its values are not shown: they may be secret)"
    one, two = (_value(difference, value) for value in (difference.blue, difference.green))
    return f"{difference.path} is {one} in blue and {two} in green"


def _advice(path: str) -> str:
    return (
        f'Make both the same; or, where it is meant, add "{path}" to the `exempt` list of `parity` in the pack\'s '
        "config."
    )


def _value(difference: Difference, value: object) -> str:
    if value is ABSENT:
        return "not set"
    if value is not None and (_NOT_SHOWN.search(difference.path) or isinstance(value, Mapping)):
        return "set"
    if isinstance(value, (list, tuple)) and any(isinstance(item, (Mapping, list, tuple)) for item in value):
        return f"a list of {len(value)}"
    return shown(value)


def _matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path is, or lies under, one that may differ."""
    short = re.sub(r"\[[^]]*\]", "", path)
    for pattern in patterns:
        wanted = re.compile(re.escape(pattern).replace(r"\*", ".*") + r"(?:$|[.\[])")
        if wanted.match(path) or wanted.match(short):
            return True
    return False


def _identities(resources: Iterable[StackResource], color: str) -> dict[str, str]:
    """The platform's names of a color's own resources, each with a name that both colors' resources share."""
    names: dict[str, str] = {}
    for resource in resources:
        if (color_of(resource.props) or color_in(resource.name)) != color:
            continue
        for key in _IDENTITIES:
            value = resource.props.get(key)
            if isinstance(value, str) and len(value) >= _SHORTEST_IDENTITY:
                names.setdefault(value, f"<{key} of {noun(resource.type)} {neutral(resource.name, color)}>")
    # The longest first: an ARN holds the name.
    return dict(sorted(names.items(), key=lambda item: -len(item[0])))


def _comparable(resource: StackResource, color: str, identities: Mapping[str, str]) -> Any:
    props: Props = {key: value for key, value in resource.props.items() if not key.startswith("__")}
    containers = containers_of(props) if resource.type == TASK_DEFINITION else None
    if containers is not None:
        own = dict.fromkeys(_release_texts(containers), "{release}")
        in_vpc = props.get("networkMode") == "awsvpc"
        definitions = _texts([_without_defaults(container, in_vpc=in_vpc) for container in containers], own.get)
        props = {**props, "containerDefinitions": definitions}

    def plain(text: str) -> str:
        for identity, shared in identities.items():
            text = text.replace(identity, shared)
        return neutral(text, color)

    return {
        key: value if key == "containerDefinitions" else _unordered(value)
        for key, value in _texts(props, plain).items()
    }


def _release_texts(containers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The names by which a release calls itself: its images, their tags and digests."""
    for container in containers:
        image = container.get("image")
        if isinstance(image, str):
            yield image
            yield from (part for part in tag_and_digest(image) if part is not None)


def _without_defaults(container: Mapping[str, Any], *, in_vpc: bool) -> dict[str, Any]:
    """ECS writes its defaults into what it tells back; what is only planned has none of them."""
    plain = {key: value for key, value in container.items() if (key, value) != ("essential", True)}
    mappings = container.get("portMappings")
    if isinstance(mappings, list):
        plain["portMappings"] = [
            {
                key: value
                for key, value in mapping.items()
                if (key, value) != ("protocol", "tcp")
                and not (in_vpc and key == "hostPort" and value == mapping.get("containerPort"))
            }
            for mapping in mappings
            if isinstance(mapping, Mapping)
        ]
    return plain


def _texts(value: Any, change: Any) -> Any:
    """The value with every text in it changed; a change that answers ``None`` leaves a text as it is."""
    if isinstance(value, str):
        changed = change(value)
        return value if changed is None else changed
    if isinstance(value, Mapping):
        return {key: _texts(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_texts(item, change) for item in value]
    return value


def _unordered(value: Any) -> Any:
    """Lists of texts outside of containers are sets to AWS (subnets, security groups): their order says nothing."""
    if isinstance(value, Mapping):
        return {key: _unordered(item) for key, item in value.items()}
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return sorted(value)
    return value
