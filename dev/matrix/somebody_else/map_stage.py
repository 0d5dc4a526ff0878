"""The map of an HAProxy: its file on this machine, and what a running one would keep of it in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from bluegreen.hosts.files import Contents, LocalFiles
from bluegreen.hosts.runtime_api import maps
from bluegreen.hosts.runtime_api.sockets import RuntimeSocket, call_of
from bluegreen.rollout.model import COLORS, Weights
from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Heard

_STAT = "# pxname,svname,status,weight,\nweb-blue,one,UP,1,\nweb-green,one,UP,1,\n"


class MapStage(MemorySizes):
    """A map of the swap's own; sizes are in memory."""

    name = "haproxy"
    splits = True
    hands = frozenset({"adds", "deletes", "takes"})
    _running: Weights

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """The files are there meanwhile, and each call of the product is told."""
        read, replace = LocalFiles.read, LocalFiles.replace

        def heard_read(files: LocalFiles, *paths: str) -> dict[str, bytes | None]:
            found = read(files, *paths)
            heard().called("read", writes=False, looks=False)
            return found

        def heard_replace(files: LocalFiles, changes: Contents, seen: Contents) -> bool:
            done = replace(files, changes, seen)
            heard().called("replace", writes=True, looks=False)
            return done

        def heard_ask(_socket: RuntimeSocket, command: str) -> str:
            found = self._haproxy(command)
            self.follow()
            heard().called(
                call_of(command), writes=not command.startswith("show"), looks=command.startswith("show map")
            )
            return found

        with (
            TemporaryDirectory(prefix="bluegreen-matrix-") as folder,
            mock.patch.object(LocalFiles, "read", heard_read),
            mock.patch.object(LocalFiles, "replace", heard_replace),
            mock.patch.object(RuntimeSocket, "ask", heard_ask),
            self.sizes_heard(heard),
        ):
            self._file, self._state = Path(folder, "web.map"), Path(folder, "web.map.bluegreen")
            yield

    def _haproxy(self, command: str) -> str:
        words = command.split()
        if words[:2] == ["show", "stat"]:
            return _STAT
        if words[:2] == ["show", "map"]:
            return "" if self._running == Weights() else f"0x1 {maps.KEY} {self._running.green}"
        if words[0] == "set" and self._running == Weights():
            return "entry not found."
        self._running = Weights() if words[0] == "clear" else Weights.split("green", int(words[-1]))
        return ""

    @property
    def _noted(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._state.read_bytes()) if self._state.exists() else {}
        return found

    def put_back(self) -> None:
        """No line, no marks."""
        self.sizes_put_back()
        self._running = Weights()
        self._file.write_bytes(b"")
        self._state.unlink(missing_ok=True)

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "haproxy",
            "map_file": str(self._file),
            "backends": {color: f"web-{color}" for color in COLORS},
            "socket": "/run/haproxy/admin.sock",
            "owner": OWNER,
        }

    def capacity(self) -> None:
        """Nothing is scaled."""

    def look(self) -> Sight:
        """The weights that HAProxy goes by, and the marks."""
        served: dict[str, int] = {color: self._running.of(color) for color in COLORS if self._running.of(color)}
        theirs = {"comment": "theirs"} if self._file.exists() and b"# theirs" in self._file.read_bytes() else {}
        if self._noted.get("owner") == STRANGER:
            theirs["owner"] = STRANGER
        marks = dict(self._noted.get("marks", {}))
        return Sight(served, self.sized(), self.retiring(), self.suspended(), marks, theirs)

    def move(self, weights: Mapping[str, int]) -> None:
        """Other weights in HAProxy."""
        if self._noted:
            self._running = Weights(**dict(weights))

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Marks of the swap's kind."""
        noted = self._noted
        if noted:
            marks = {name: value for name, value in {**noted["marks"], **changes}.items() if value is not None}
            self._state.write_text(json.dumps({**noted, "marks": marks}))

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """A comment in the map; another owner; the files and the line are gone."""
        if not self._noted:
            return
        if hand == "adds":
            self._file.write_bytes(b"# theirs\n" + self._file.read_bytes())
        elif hand == "takes":
            marks = {**self._noted["marks"], "incarnation": STRANGERS_MARK}
            self._state.write_text(json.dumps({**self._noted, "owner": STRANGER, "marks": marks}))
        elif hand == "deletes":
            self._running = Weights()
            self._file.write_bytes(b"")
            self._state.unlink(missing_ok=True)

    def mend(self) -> None:
        """The swap may go on refusing."""
