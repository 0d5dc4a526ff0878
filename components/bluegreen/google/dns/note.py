"""The TXT record set beside a swap's: whose they are, the marks, where the colors were last, what was adopted. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bluegreen.google.dns.texts import quoted, text_of
from bluegreen.platforms.adopted_notes import unpacked

_OURS = "bluegreen:"
_OWNER, _CHANGES = f"{_OURS}owner", f"{_OURS}changes"
_TARGET, _ADOPTED = f"{_OURS}target.", f"{_OURS}adopted."
_TTL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Note:
    """One.

    Attributes:
        name: the record set's name.
        record: the record set as Cloud DNS has it, or is to have it; empty where there is none.
    """

    name: str
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def _texts(self) -> list[str]:
        return [text_of(str(value)) for value in self.record.get("rrdatas") or ()]

    @property
    def _values(self) -> dict[str, str]:
        return {name: value for name, mark, value in (text.partition("=") for text in self._texts) if mark}

    @property
    def owner(self) -> str | None:
        """The owner; ``None`` where it does not say one."""
        return self._values.get(_OWNER)

    @property
    def marks(self) -> dict[str, str]:
        """The marks."""
        return {name: value for name, value in self._values.items() if not name.startswith(_OURS)}

    @property
    def targets(self) -> dict[str, tuple[str, ...]]:
        """Where each color was when the swap wrote last."""
        found = {name.removeprefix(_TARGET): value for name, value in self._values.items() if name.startswith(_TARGET)}
        return {color: tuple(sorted(value.split())) for color, value in found.items()}

    @property
    def adopted(self) -> tuple[Mapping[str, Any], ...]:
        """The record sets that existed before the swap, as they were.

        Raises:
            ValueError: somebody has changed what it says of them.
        """
        kept = sorted(name for name in self._values if name.startswith(_ADOPTED))
        return tuple(unpacked(self._values[name]) for name in kept)

    @property
    def _changes(self) -> int:
        """How often it was written, as far as it says so."""
        said = self._values.get(_CHANGES, "")
        return int(said) if said.isdecimal() else 0

    def written(
        self,
        owner: str,
        marks: Mapping[str, str],
        targets: Mapping[Any, Sequence[str]],
        adopted: Sequence[Mapping[str, Any]],
    ) -> Note:
        """It with other marks. No two are alike: a change that takes one away and brings it back as it was is none.

        Args:
            owner: whose the record sets are.
            marks: all of them.
            targets: where each color is.
            adopted: the record sets that existed before the swap.
        """
        texts = [f"{_OWNER}={owner}", f"{_CHANGES}={self._changes + 1}"]
        texts += [f"{_TARGET}{color}={' '.join(values)}" for color, values in targets.items()]
        texts += [f"{name}={value}" for name, value in sorted(marks.items())]
        texts += [f"{_ADOPTED}{one['type']}={_packed(one)}" for one in adopted]
        others = [str(value) for value in self.record.get("rrdatas") or () if "=" not in text_of(str(value))]
        told = {key: value for key, value in self.record.items() if key not in ("kind", "signatureRrdatas")}
        plain = {"name": f"{self.name}.", "type": "TXT", "ttl": _TTL_SECONDS}
        return Note(self.name, {**plain, **told, "rrdatas": [*map(quoted, texts), *others]})


def _packed(record: Mapping[str, Any]) -> str:
    return base64.b64encode(json.dumps(record, sort_keys=True, separators=(",", ":")).encode()).decode()
