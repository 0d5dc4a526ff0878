"""The map of an HAProxy: its file on this machine, and what a running one would keep of it in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bluegreen.hosts.runtime_api import maps
from bluegreen.hosts.runtime_api.sockets import RuntimeSocket, call_of
from bluegreen.rollout.model import COLORS, Weights
from dev.matrix.somebody_else.files_stage import FilesStage
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import Calls, Heard, Staged

_STAT = "# pxname,svname,status,weight,\nweb-blue,one,UP,1,\nweb-green,one,UP,1,\n"


class MapStage(FilesStage):
    """A map of the swap's own; sizes are in memory."""

    name = "haproxy"
    file_name = "web.map"
    proxy = (RuntimeSocket, "ask")
    file_leads = False
    _running: Weights

    def _answering(self, heard: Heard) -> Callable[..., str]:
        def heard_ask(_socket: RuntimeSocket, command: str) -> str:
            answer = self._haproxy(command)
            self.follow()
            heard().called(
                call_of(command), writes=not command.startswith("show"), looks=command.startswith("show map")
            )
            return answer

        return heard_ask

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

    def look(self) -> Sight:
        """The weights that HAProxy goes by, and the marks."""
        added = self._file.exists() and b"# theirs" in self._file.read_bytes()
        return self._sight(self._running, {"comment": "theirs"} if added else {})

    def move(self, weights: Mapping[str, int]) -> None:
        """Other weights in HAProxy."""
        if self._noted:
            self._running = Weights(**dict(weights))

    def _add(self) -> None:
        self._file.write_bytes(b"# theirs\n" + self._file.read_bytes())

    def _delete(self) -> None:
        self._running = Weights()
        self._file.write_bytes(b"")


STAGES = {
    MapStage.name: Staged(MapStage, Calls(18, 26, 15)),
}
