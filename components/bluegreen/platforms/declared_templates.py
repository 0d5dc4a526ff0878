"""A color's template as a program declares it, where the swap installs revisions: what is checked of it.

A template has the platform's own names. Two things it may not have anywhere: a name of the revision, which is the
swap's to give, and secrets in the clear, which would stand in the state.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.plain import holds_unknown, plain
from bluegreen.platforms.templates import Template
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Color
from bluegreen.secrets import refuse_credentials

# What tells one container from another one of that name.
_TELLING = ("image", "command", "args")


@dataclass(frozen=True, slots=True)
class DeclaredTemplate(ABC):
    """A color's template: what a revision of it runs.

    Attributes:
        name_key: the key by which the platform would let a program name the revision.
        needs: of a container, in the words of an error.
        more_lists: those of containers beside ``containers``.
    """

    name_key: ClassVar[str]
    needs: ClassVar[str]
    more_lists: ClassVar[tuple[str, ...]] = ()
    hint: str = "Mapping[str, Any]"
    bounds: str = ""

    @abstractmethod
    def check_container(self, fields: Fields) -> None:
        """Look through one container; what is wrong with it is added to its problems."""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """One template, with secrets by reference alone."""
        section = fields.section(name, default)
        if section is None or section.unknown:
            return UNKNOWN if section is not None else default
        before, key = len(section.problems), self.name_key
        if section.raw(key) is not None:
            section.problem(key, section.raw(key), "absent: the swap names the revisions")
        containers = section.sections("containers")
        if not containers and section.raw("containers", ()) is not UNKNOWN:
            section.problem("containers", section.raw("containers"), f"a list of containers, with {self.needs}")
        for one in [*containers, *(one for more in self.more_lists for one in section.sections(more))]:
            self.check_container(one)
        given = fields.raw(name)
        return UNKNOWN if len(section.problems) > before or holds_unknown(given) else plain(given)


def check_value(variable: Fields, reference: str, referred: Any) -> None:
    """A variable is a text, or a reference to a secret.

    Args:
        variable: as it is declared.
        reference: the key of the reference.
        referred: what stands there.
    """
    value = variable.raw("value")
    if value is not None and referred is not None:
        variable.problem(reference, referred, f"one of value and {reference}")
    if isinstance(value, str) and "://" in value:
        refuse_credentials(variable, "value", value)  # it would stand in the state
    elif value is not None and value is not UNKNOWN and not isinstance(value, str):
        variable.problem("value", value, "a text")


def refuse_another(action: str, name: str, color: Color, why: str) -> None:
    """Refuse a revision of a color's name that is not the color's release.

    Args:
        action: the call that showed it.
        name: the revision's.
        color: whose name it has.
        why: the difference; empty without any.

    Raises:
        PlatformError: there is a difference.
    """
    if why:
        raise PlatformError(
            action,
            f"the revision {name} is not what its name says: {why}. Somebody else has made it, and revisions never "
            f"change: give {color} another release (a variable more will do)",
        )


def differing_container(name: str | int, found: Template, wanted: Template) -> str:
    """The difference between two containers of a name that tells them apart, in a few words; empty without any."""
    for key in _TELLING:
        if key in wanted and plain(found.get(key)) != plain(wanted[key]):
            return f"its container {name} has {key} {found.get(key)!r}, and not {wanted[key]!r}"
    return ""
