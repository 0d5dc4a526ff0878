"""HAProxy on hosts of one's own: green's share in a map, which is a file and what a running HAProxy keeps of it.

The file comes first and is on the disk before HAProxy gets it, so that one that is started anew continues with what is
live; one command changes it for all requests. The owner and the marks stand beside it, in ``<map_file>.bluegreen``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.hosts import notes
from bluegreen.hosts.files import READ, WRITE, Files, LocalFiles
from bluegreen.hosts.notes import Notes
from bluegreen.hosts.runtime_api import health, maps
from bluegreen.hosts.runtime_api.maps import Unfit
from bluegreen.hosts.runtime_api.sockets import Asks, NotRunning, RuntimeOverSsh, RuntimeSocket, call_of
from bluegreen.hosts.ssh_connection import SshConnection
from bluegreen.hosts.ssh_files import SshFiles, place_of
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Flag, Nested, Text
from bluegreen.platforms.looks import Look
from bluegreen.platforms.ownership import Ownership
from bluegreen.platforms.places import Same, alike, file_path
from bluegreen.rollout.calls import before_write
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability

_TRIES = 20
_WRITTEN = "green_percent"
_NONE = -1


@dataclass(frozen=True, slots=True)
class _Seen:
    """The files and the running HAProxy as of one moment; ``running`` is ``None`` where it does not run."""

    contents: Mapping[str, bytes | None]
    filed: Weights
    running: Weights | None
    notes: Notes | None

    @property
    def marks(self) -> dict[str, str]:
        return dict(self.notes.marks) if self.notes is not None else {}

    @property
    def weights(self) -> Weights:
        """The live weights. Where file and HAProxy differ: those that were not written last, so that they are seen."""
        if self.notes is None:
            return Weights()
        written = self.notes.more.get(_WRITTEN)
        return self.running if self.running is not None and _noted(self.running) != written else self.filed


@dataclass(slots=True)
class HaproxyRouter(Options):
    """A map of one HAProxy, by which its configuration chooses a color's backend.

    Attributes:
        former_owner, incarnation: of the resource's last update, no part of the section: who owned the map, and the
            mark on it.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "map_file", "ssh"})
    same_place: ClassVar[Mapping[str, Same]] = {"map_file": alike(file_path), "ssh": alike(place_of)}
    backend_keys: ClassVar[frozenset[str]] = frozenset({"backends"})

    map_file: str = option(
        "the map's file, by the path that HAProxy's configuration has for it",
        Text(fits=re.compile(r"/\S*[^/\s]\Z").match, allowed="an absolute path without spaces"),
    )
    backends: Mapping[Color, str] = option(
        "HAProxy's backend for each color, whose servers have to have `check`",
        Both(Text(), differs="another backend than blue's"),
    )
    socket: str = option(
        "HAProxy's runtime API of level admin: a path, or `host:port`",
        Text(fits=re.compile(r"(/\S+|[^/\s]+:[0-9]{1,5})\Z").match, allowed="a path, or host:port"),
    )
    owner: str = option("who owns the map: ``project/stack/name``", Text())
    adopt: bool = option(
        "the map says already where requests go, and is taken over as it is; else it has to be without a line",
        Flag(),
        default=False,
    )
    ssh: SshConnection | None = option(
        "the host that the files and sockets are on, where it is not the machine that runs ``pulumi``",
        Nested(SshConnection),
        default=None,
    )
    # Handed in by the swap, and no options.
    former_owner: str = ""
    incarnation: str = ""
    _files: Files = field(init=False)
    _last: _Seen | None = field(default=None, init=False)
    _fresh: Look = field(default_factory=Look, init=False)
    _progress: str = field(default="", init=False)

    def __post_init__(self) -> None:
        """The files are on this machine, unless another host is named."""
        self._files = LocalFiles() if self.ssh is None else SshFiles(self.ssh)

    @property
    def id(self) -> str:
        """The map's file, and the host that it is on."""
        return self.map_file if self.ssh is None else f"{self.ssh.place}:{self.map_file}"

    @property
    def _state_file(self) -> str:
        return self.map_file + notes.SUFFIX

    @property
    def _api(self) -> Asks:
        return RuntimeSocket(self.socket) if self.ssh is None else RuntimeOverSsh(self.ssh, self.socket)

    # -- reading

    def _look(self) -> _Seen:
        contents = self._files.read(self.map_file, self._state_file)
        noted = notes.parsed(contents[self._state_file], self._state_file, READ)
        notes.check(noted, Ownership(self.owner, self.former_owner, self.incarnation), self.map_file, READ)
        try:
            filed = maps.parsed(contents[self.map_file])
        except Unfit as error:
            raise PlatformError(READ, f"{self.map_file} {error}") from error
        return _Seen(contents, filed, self._running(), noted)

    def _running(self) -> Weights | None:
        command = f"show map {self.map_file}"
        try:
            answer = self._api.ask(command)
        except NotRunning as error:
            self._progress = error.reason
            return None
        if answer.startswith("Unknown map"):
            raise PlatformError(call_of(command), f"HAProxy's configuration has no map {self.map_file}")
        try:
            return maps.shown(answer)
        except Unfit as error:
            raise PlatformError(call_of(command), f"{self.map_file} in HAProxy {error}") from error

    def read(self) -> Traffic:
        """The live weights and the marks: a look at the files, and one call."""
        seen = self._last = self._look()
        self._fresh.taken()
        return Traffic(seen.weights, seen.marks)

    def glance(self, *, fresh: bool = False) -> Traffic:  # noqa: ARG002 - one look has both
        """The same."""
        return self.read()

    def marks(self) -> Mapping[str, str]:
        """The marks: a look at the file."""
        self._fresh.spent()
        content = self._files.read(self._state_file)[self._state_file]
        noted = notes.parsed(content, self._state_file, READ)
        notes.check(noted, Ownership(self.owner, self.former_owner, self.incarnation), self.map_file, READ)
        return dict(noted.marks) if noted is not None else {}

    # -- writing

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks."""
        self._fresh.spent()
        for _ in range(_TRIES):
            contents = self._files.read(self._state_file)
            noted = notes.parsed(contents[self._state_file], self._state_file, READ)
            notes.check(noted, Ownership(self.owner, self.former_owner, self.incarnation), self.map_file, READ)
            if noted is None:
                return
            marks = noted.with_marks(changes)
            if marks == noted.marks and noted.owner == self.owner:
                return
            text = Notes(self.owner, marks, noted.more).text()
            if self._files.replace({self._state_file: text}, contents):
                return
        raise self._busy()

    def _tell_after(self, seen: _Seen, weights: Weights) -> None:
        """Tell HAProxy what the file has now, unless it got something else since it was looked at."""
        if seen.running == weights:
            return
        try:
            self._tell(weights, seen.running)
        except TrafficMoved:
            self._put_back(seen)
            raise

    def write(self, weights: Weights) -> None:
        """Write other weights into the file and then into HAProxy; no weight at all gives the map back."""
        if weights == Weights():
            self.delete()
            return
        # What was just read is written over as it was, or not at all.
        seen = self._last if self._fresh.spent() and self._last is not None else self._look()
        for _ in range(_TRIES):
            if self._put(seen, weights, seen.marks):
                self._tell_after(seen, weights)
                return
            before = self._look()
            if before.weights != seen.weights:
                raise TrafficMoved(WRITE, self.map_file, seen.weights, before.weights)
            seen = before
        raise self._busy()

    def _put(self, seen: _Seen, weights: Weights, marks: Mapping[str, str]) -> bool:
        """The files: whose it is and what is written, then the map."""
        if seen.notes is None:
            self._check_what_is_taken(seen, weights)
        noted = Notes(self.owner, marks, {_WRITTEN: _noted(weights)})
        changes: dict[str, bytes | None] = {}
        if noted != seen.notes:
            changes[self._state_file] = noted.text()
        if weights != seen.filed or seen.contents[self.map_file] is None:
            changes[self.map_file] = maps.text(weights, seen.contents[self.map_file])
        return not changes or self._files.replace(changes, seen.contents)

    def _check_what_is_taken(self, seen: _Seen, weights: Weights) -> None:
        live = seen.filed if seen.running is None else seen.running
        if not self.adopt and Weights() not in (live, seen.filed):
            raise NotOwned(
                WRITE,
                f"{self.map_file} says {live} already, which this swap has not written: say `adopt` to take it over, "
                "or name a map of the swap's own",
            )
        if self.adopt and weights != live:
            raise NotOwned(
                WRITE,
                f"taking over {self.map_file} would move its traffic: it is {live} now, wanted is {weights}. Send it "
                "by hand to the color that is to be live, or make that color the active one",
            )

    def _tell(self, weights: Weights, seen: Weights | None = None) -> None:
        """Tell HAProxy by one command. One that does not run finds it in the file.

        Args:
            weights: of both colors.
            seen: what it went by when it was looked at; ``None``: whatever it goes by.

        Raises:
            TrafficMoved: it goes by something else now; nothing was changed.
        """
        running = self._running()
        if running is None or running == weights:
            return
        if seen is not None and running != seen:
            raise TrafficMoved(WRITE, self.map_file, seen, running)
        command = maps.command(self.map_file, running, weights)
        before_write()
        try:
            answer = self._api.ask(command)
        except NotRunning as error:
            self._progress = error.reason
            return
        if answer:
            raise PlatformError(call_of(command), f"HAProxy says: {answer}")

    def _put_back(self, seen: _Seen) -> None:
        """The files as they were, where HAProxy did not get it: a restart would bring what it does not go by."""
        contents = self._files.read(self.map_file, self._state_file)
        noted = notes.parsed(contents[self._state_file], self._state_file, READ)
        if noted is None or noted.owner != self.owner:
            return
        state = None if seen.notes is None else Notes(self.owner, noted.marks, seen.notes.more).text()
        self._files.replace({self.map_file: seen.contents[self.map_file], self._state_file: state}, contents)

    def _busy(self) -> PlatformError:
        return PlatformError(WRITE, f"somebody else changes {self.map_file} all the time")

    def verify(self, weights: Weights) -> Convergence:
        """Whether HAProxy goes by these weights now, and its file has them: one call."""
        if weights == Weights() and self.adopt:  # given back as it is
            return Convergence.CONVERGED if self._look().notes is None else Convergence.PENDING
        seen = self._look()
        done = seen.running == weights == seen.filed
        if seen.running is not None:
            self._progress = "" if done else f"HAProxy has {seen.running}, its file {seen.filed}"
        return Convergence.CONVERGED if done else Convergence.PENDING

    # -- the rest

    def progress(self) -> str:
        """The reason why HAProxy does not go by the map, when it was read last."""
        return self._progress

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand: the file, then the running HAProxy."""
        lines = self._by_hand(weights)
        return lines if self.ssh is None else self.ssh.by_hand(*lines)

    def _by_hand(self, weights: Weights) -> tuple[str, ...]:
        file = shlex.quote(self.map_file)
        way = f"UNIX-CONNECT:{self.socket}" if self.socket.startswith("/") else f"TCP:{self.socket}"
        tell = f"| socat stdio {shlex.quote(way)}"
        if weights == Weights():
            return (f": > {file}", f"echo {shlex.quote(f'clear map {self.map_file}')} {tell}")
        told = f"clear map {self.map_file}; add map {self.map_file} {maps.KEY} {weights.green}"
        return (f"echo {maps.KEY} {weights.green} > {file}", f"echo {shlex.quote(told)} {tell}")

    def health(self, color: Color) -> Readiness:
        """The servers of the color's backend as HAProxy checks them: one call."""
        try:
            return health.readiness(self._api.ask("show stat"), self.backends[color])
        except NotRunning as error:
            return Readiness(False, 0, 1, error.reason)

    def delete(self) -> None:
        """Take the line out of the swap's own map, so that requests get a 503; an adopted one stays as it is."""
        for _ in range(_TRIES):
            seen = self._look()
            if seen.notes is None:
                return
            emptied = {} if self.adopt else {self.map_file: maps.text(Weights(), seen.contents[self.map_file])}
            if not self.adopt:
                # HAProxy first: without its notes the next look would not see that it continues.
                self._tell(Weights())
            changes: dict[str, bytes | None] = {**emptied, self._state_file: None}
            if self._files.replace(changes, seen.contents):
                return
        raise self._busy()


def _noted(weights: Weights) -> Any:
    return _NONE if weights == Weights() else weights.green
