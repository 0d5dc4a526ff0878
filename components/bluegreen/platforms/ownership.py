"""The ownership of an object, by the owner and the marks on it. Pure.

An owner is ``project/stack/name``, which changes where any of the three is renamed; the object still has the former
one, or the mark of the resource's incarnation, and is the swap's all the same. It is stamped anew with the next marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

INCARNATION_MARK = "incarnation"


@dataclass(frozen=True, slots=True)
class Ownership:
    """The owner and the incarnation by which a swap knows its object.

    Attributes:
        owner: who it is.
        former_owner: who it was at its last update; empty when it has none.
        incarnation: the mark of its resource, which its object has; empty at creation. Of one of several routers it
            ends with a dot and what tells that one from the others, also at creation.
    """

    owner: str
    former_owner: str = ""
    incarnation: str = ""

    def holds(self, holder: str | None, marks: Mapping[str, str]) -> bool:
        """Whether an object with this owner and these marks is the swap's."""
        return holder is not None and (
            holder == self.owner or (self.former_owner != "" and holder == self.former_owner) or self.bears(marks)
        )

    def bears(self, marks: Mapping[str, str]) -> bool:
        """Whether marks are those of the resource's own object."""
        return self.incarnation != "" and marks.get(INCARNATION_MARK) == self.incarnation

    @property
    def is_known(self) -> bool:
        """Whether the resource has left its mark somewhere, so that its object can be looked for by that."""
        return self.incarnation.partition(".")[0] != ""

    def is_anothers(self, marks: Mapping[str, str]) -> bool:
        """Whether marks are those of an object that another one of the same swap's routers owns."""
        own, other = (text.partition(".")[2] for text in (self.incarnation, marks.get(INCARNATION_MARK, "")))
        return own != "" and other not in ("", own)
