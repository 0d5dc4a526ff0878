"""The declaration of a resource type: its properties, how each behaves, and the calls behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.plugins.aws.errors import ApiError
from localcloud.plugins.aws.session import Aws
from localcloud.plugins.values import UNKNOWN, Failure, InitFailed, Props, ProviderError, has_unknown

__all__ = [
    "REGION",
    "TAGS",
    "UNKNOWN",
    "ApiError",
    "Change",
    "Failure",
    "InitFailed",
    "P",
    "Props",
    "ProviderError",
    "ResourceType",
    "has_unknown",
    "plain",
]


@dataclass(frozen=True)
class P:
    """The behavior of one input property. Nested ones are declared by path: `healthCheck.port`, `actions[].type`."""

    default: Any = None
    """Filled in when left out, as the provider's schema does."""
    computed: bool = False
    """Left out means "whatever the API has": no difference."""
    force_new: bool = False
    """A change replaces the resource."""
    unordered: bool = False
    """A set: the order of the elements says nothing."""
    json: bool = False
    """A JSON document: compared by content; an object given for it is written as JSON."""
    state_only: bool = False
    """Never read back from the API: outputs repeat the input."""
    check: Callable[[Any], str | None] | None = None
    """Why a (known) value is refused, or None."""
    same: Callable[[Any, Any], bool] | None = None
    """Whether two values mean the same, where equality is too strict."""


@dataclass(frozen=True)
class Change:
    """The work of an update: only `changed` (top-level names) may be written, as anything else may have been
    moved by someone else since (a desired count by autoscaling, a listener by a swap)."""

    old: Props
    new: Props
    changed: frozenset[str]

    def any_of(self, *names: str) -> bool:
        return any(name in self.changed for name in names)

    def subset(self, *names: str) -> Props:
        """The changed ones among `names`, with their new values (None where removed)."""
        return {name: self.new.get(name) for name in names if name in self.changed}


def _no_update(aws: Aws, resource_id: str, change: Change) -> None:
    """Call nothing: every writable property replaces the resource or lives in the state alone."""


def _no_wait(aws: Aws, resource_id: str, props: Props, timeout: float) -> None:
    """The API's answer is final."""


def _all_well(props: Props) -> Iterator[Failure]:  # noqa: ARG001
    yield from ()


@dataclass(frozen=True)
class ResourceType:
    """One Pulumi type: declaration and calls. `read` answers in Pulumi's names, None when the resource is gone."""

    token: str
    props: Mapping[str, P]
    create: Callable[[Aws, Props], str]
    read: Callable[[Aws, str, Props], Props | None]
    delete: Callable[[Aws, str, Props], None]
    update: Callable[[Aws, str, Change], None] = _no_update
    wait: Callable[[Aws, str, Props, float], None] = _no_wait
    """Waits after create and update until the resource is usable, as the real provider does; seconds at most."""
    validate: Callable[[Props], Iterator[Failure]] = _all_well
    """Refusals that take more than one property."""
    name_max: int | None = None
    """`name` is made up when left out, and is at most this long."""
    renewed: tuple[str, ...] = ()
    """Outputs that an update of anything but tags gives another value."""
    regional: bool = True
    taggable: bool = True
    create_timeout: float = 600.0

    def prop(self, path: str) -> P:
        return self.props.get(path) or _PLAIN


_PLAIN: Final = P()
REGION: Final = P(computed=True, force_new=True)
TAGS: Final = P()


def plain(names: str) -> dict[str, P]:
    """Declarations of properties with nothing special about them, from a blank-separated list."""
    return dict.fromkeys(names.split(), _PLAIN)
