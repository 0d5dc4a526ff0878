"""A proxy on a host of one's own: its file and the one beside it on this machine, and no process."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from unittest import mock

from bluegreen.hosts.files import Contents, LocalFiles
from bluegreen.rollout.model import COLORS, Weights
from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Heard


class FilesStage(MemorySizes):
    """The swap's own file with marks beside it; sizes are in memory.

    Attributes:
        file_name: the name of the file that the proxy goes by.
        proxy: the class by which the product asks the proxy, and the method.
        file_leads: whether the proxy goes by the file at once; else by its commands.
    """

    splits = True
    hands = frozenset({"adds", "deletes", "takes"})
    file_name: ClassVar[str]
    proxy: ClassVar[tuple[type, str]]
    file_leads: ClassVar[bool]
    _file: Path
    _state: Path

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """The files are there meanwhile, and each call of the product is noted."""
        with (
            TemporaryDirectory(prefix="bluegreen-matrix-") as folder,
            self._files_heard(heard),
            mock.patch.object(*self.proxy, self._answering(heard)),
            self.sizes_heard(heard),
        ):
            self._file, self._state = Path(folder, self.file_name), Path(folder, f"{self.file_name}.bluegreen")
            yield

    @contextmanager
    def _files_heard(self, heard: Heard) -> Iterator[None]:
        read, replace = LocalFiles.read, LocalFiles.replace

        def heard_read(files: LocalFiles, *paths: str) -> dict[str, bytes | None]:
            contents = read(files, *paths)
            heard().called("read", writes=False, looks=self.file_leads)
            return contents

        def heard_replace(files: LocalFiles, changes: Contents, seen: Contents) -> bool:
            done = replace(files, changes, seen)
            if self.file_leads:
                self.follow()
            heard().called("replace", writes=True, looks=False)
            return done

        with mock.patch.multiple(LocalFiles, read=heard_read, replace=heard_replace):
            yield

    @abstractmethod
    def _answering(self, heard: Heard) -> Callable[..., Any]:
        """The method that answers in the proxy's place."""

    @property
    def _noted(self) -> dict[str, Any]:
        noted: dict[str, Any] = json.loads(self._state.read_bytes()) if self._state.exists() else {}
        return noted

    def capacity(self) -> None:
        """Nothing is scaled."""

    def _sight(self, weights: Weights, theirs: dict[str, str]) -> Sight:
        """The weights that the proxy goes by, the marks, and what others have added."""
        if self._noted.get("owner") == STRANGER:
            theirs["owner"] = STRANGER
        served: dict[str, int] = {color: weights.of(color) for color in COLORS if weights.of(color)}
        marks = dict(self._noted.get("marks", {}))
        return Sight(served, self.sized(), self.retiring(), self.suspended(), marks, theirs)

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Marks of the swap's kind."""
        noted = self._noted
        if noted:
            marks = {name: value for name, value in {**noted["marks"], **changes}.items() if value is not None}
            self._state.write_text(json.dumps({**noted, "marks": marks}))

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """Something in the file; another owner; all is gone."""
        if not self._noted:
            return
        if hand == "adds":
            self._add()
        elif hand == "takes":
            marks = {**self._noted["marks"], "incarnation": STRANGERS_MARK}
            self._state.write_text(json.dumps({**self._noted, "owner": STRANGER, "marks": marks}))
        elif hand == "deletes":
            self._delete()
            self._state.unlink(missing_ok=True)

    @abstractmethod
    def _add(self) -> None:
        """Add what is not the swap's."""

    @abstractmethod
    def _delete(self) -> None:
        """Remove the swap's own; the file beside it goes as well."""

    def mend(self) -> None:
        """The swap may continue refusing."""
