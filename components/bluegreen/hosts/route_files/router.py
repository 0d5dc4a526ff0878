"""Envoy on hosts of one's own: the weights in a file of routes that Envoy watches (RDS by the file system).

The file says where requests go, also to an Envoy that is started anew: it is on the disk before a write is over. The
owner and the marks stand in a file beside it, ``<routes_file>.bluegreen``, and both are replaced behind the lock
``<routes_file>.lock``. That Envoy goes by what the file says its admin interface tells.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.fields import Fields
from bluegreen.hosts import notes
from bluegreen.hosts.files import READ, WRITE, Files, LocalFiles
from bluegreen.hosts.notes import Notes
from bluegreen.hosts.route_files import admin, routes
from bluegreen.hosts.route_files.routes import Unfit, Wanted
from bluegreen.hosts.ssh_connection import SshConnection
from bluegreen.hosts.ssh_files import SshFiles, place_of
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Flag, Nested, Text
from bluegreen.platforms.looks import Look
from bluegreen.platforms.ownership import Ownership
from bluegreen.platforms.places import Same, alike, file_path
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability

_TRIES = 20
# It looks at the file at once; a machine that is busy lets it wait.
_LOOKS_SECONDS = (0.02, 0.05, 0.1, 0.2)
# Envoy's main thread has the routes that it tells of; its workers take them over a moment later.
_PROPAGATION_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Seen:
    """Both files as of one moment."""

    contents: Mapping[str, bytes | None]
    file: routes.File
    notes: Notes | None

    @property
    def marks(self) -> dict[str, str]:
        return dict(self.notes.marks) if self.notes is not None else {}


@dataclass(slots=True)
class EnvoyRouter(Options):
    """One route in the file of one Envoy.

    Attributes:
        former_owner, incarnation: of the resource's last update, no part of the section: who owned the file, and the
            mark on it.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = _PROPAGATION_SECONDS
    where: ClassVar[frozenset[str]] = frozenset({"kind", "routes_file", "route_config", "route", "ssh"})
    backend_keys: ClassVar[frozenset[str]] = frozenset({"clusters"})
    same_place: ClassVar[Mapping[str, Same]] = {
        "route": alike(lambda value: value or ""),
        "routes_file": alike(file_path),
        "ssh": alike(place_of),
    }

    routes_file: str = option(
        "the file that Envoy reads its routes from, by its path",
        Text(fits=re.compile(r"/.*[^/]\.json\Z").match, allowed="an absolute path that ends with .json"),
    )
    route_config: str = option("the route configuration's name: the `route_config_name` of Envoy's listener", Text())
    clusters: Mapping[Color, str] = option(
        "Envoy's cluster for each color, which has to have `health_checks`",
        Both(Text(), differs="another cluster than blue's"),
    )
    admin_url: str = option(
        "Envoy's admin interface, as it is reached by who runs `pulumi`, or with `ssh` by that host",
        Text(
            fits=re.compile(r"https?://[^/?#\s]+\Z").match,
            allowed="a URL without a path, such as http://127.0.0.1:9901",
            address=True,
        ),
    )
    owner: str = option("who owns the route: ``project/stack/name``", Text())
    adopt: bool = option(
        "the file has the route already, which is taken over with the traffic that it has; else the file is the swap's",
        Flag(),
        default=False,
    )
    route: str = option(
        "the name of the route that is taken over; the one and only to these clusters when absent", Text(), default=""
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

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """A route is named where one is taken over."""
        if values["route"] and not values["adopt"]:
            fields.problem(
                "route", values["route"], "nothing without `adopt`: the swap makes the route of its own file"
            )

    @property
    def id(self) -> str:
        """The file, and the route in it."""
        host = "" if self.ssh is None else self.ssh.place
        return ":".join(filter(None, [host, self.routes_file, self.route_config, self.route]))

    @property
    def _wanted(self) -> Wanted:
        return Wanted(self.route_config, self.clusters, self.route)

    @property
    def _state_file(self) -> str:
        return self.routes_file + notes.SUFFIX

    @property
    def _admin(self) -> admin.Asks:
        return admin.AdminUrl(self.admin_url) if self.ssh is None else admin.AdminOverSsh(self.ssh, self.admin_url)

    # -- reading

    def _look(self) -> _Seen:
        contents = self._files.read(self.routes_file, self._state_file)
        try:
            file = routes.parsed(contents[self.routes_file])
        except Unfit as error:
            raise PlatformError(READ, f"{self.routes_file} {error}") from error
        known = Ownership(self.owner, self.former_owner, self.incarnation)
        noted = notes.parsed(contents[self._state_file], self._state_file, READ)
        notes.check(noted, known, self.routes_file, READ)
        return _Seen(contents, file, noted)

    def _weights(self, seen: _Seen) -> Weights:
        """Those of the route; none where it is not there any more, and nobody else's route either."""
        if not self.adopt and routes.leads_nowhere(seen.file):
            return Weights()
        try:
            return routes.weights_of(routes.own_route(seen.file, self._wanted), self.clusters)
        except Unfit as error:
            raise PlatformError(READ, f"{self.routes_file} {error}") from error

    def read(self) -> Traffic:
        """The live weights and the marks: one look at both files."""
        seen = self._last = self._look()
        self._fresh.taken()
        return Traffic(self._live(seen), seen.marks)

    def _live(self, seen: _Seen) -> Weights:
        return Weights() if seen.notes is None else self._weights(seen)

    def glance(self, *, fresh: bool = False) -> Traffic:  # noqa: ARG002 - one look has both
        """The same."""
        return self.read()

    def marks(self) -> Mapping[str, str]:
        """The marks."""
        self._fresh.spent()
        return self._look().marks

    # -- writing

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks."""
        self._fresh.spent()
        for _ in range(_TRIES):
            seen = self._look()
            if seen.notes is None:
                return
            marks = seen.notes.with_marks(changes)
            if marks == seen.marks and seen.notes.owner == self.owner:
                return
            if self._files.replace({self._state_file: Notes(self.owner, marks).text()}, seen.contents):
                return
        raise self._busy()

    def create(self, weights: Weights, marks: Mapping[str, str]) -> bool:
        """Make the route, or take it over, with its marks."""
        seen = self._look()
        if seen.notes is not None:
            return False
        return self._put(seen, weights, marks)

    def write(self, weights: Weights) -> None:
        """Write other weights into the file; no weight at all gives it back."""
        if weights == Weights():
            self.delete()
            return
        # What was just read is written over as it was, or not at all.
        seen = self._last if self._fresh.spent() and self._last is not None else self._look()
        for _ in range(_TRIES):
            if self._put(seen, weights, seen.marks):
                return
            before = self._look()
            if self._live(before) != self._live(seen):
                raise TrafficMoved(WRITE, self.routes_file, self._live(seen), self._live(before))
            seen = before
        raise self._busy()

    def _put(self, seen: _Seen, weights: Weights, marks: Mapping[str, str]) -> bool:
        if seen.notes is None:
            self._check_what_is_taken(seen, weights)
        try:
            if not self.adopt and routes.leads_nowhere(seen.file):
                file = routes.fresh(self._wanted, weights)
            else:
                file = routes.with_weights(seen.file, self._wanted, weights)
        except Unfit as error:
            raise PlatformError(WRITE, f"{self.routes_file} {error}") from error
        changes: dict[str, bytes | None] = {}
        if seen.notes is None or seen.notes.owner != self.owner:
            # First: routes that nobody owns would be taken for somebody else's.
            changes[self._state_file] = Notes(self.owner, marks).text()
        if file != seen.file:
            changes[self.routes_file] = routes.text(file)
        return not changes or self._files.replace(changes, seen.contents)

    def _check_what_is_taken(self, seen: _Seen, weights: Weights) -> None:
        if not self.adopt:
            if not routes.leads_nowhere(seen.file):
                raise NotOwned(
                    WRITE,
                    f"{self.routes_file} has routes that this swap has not made: say `adopt` to take over the one to "
                    "the colors' clusters, or name a file of the swap's own",
                )
            return
        live = self._weights(seen)
        if live != weights:
            raise NotOwned(
                WRITE,
                f"taking over the route in {self.routes_file} would move its traffic: it is {live} now, wanted is "
                f"{weights}. Send it by hand to the color that is to be live, or make that color the active one",
            )

    def _busy(self) -> PlatformError:
        return PlatformError(WRITE, f"somebody else changes {self.routes_file} all the time")

    def verify(self, weights: Weights) -> Convergence:
        """Whether Envoy goes by these weights now: one call, and some more where it does not yet.

        One that does not answer is not known to: it may be starting.
        """
        if weights == Weights() and self.adopt:  # given back as it is
            return Convergence.CONVERGED if self._look().notes is None else Convergence.PENDING
        for pause_seconds in _LOOKS_SECONDS:
            if self._goes_by(weights):
                return Convergence.CONVERGED
            pause(pause_seconds)
        return Convergence.CONVERGED if self._goes_by(weights) else Convergence.PENDING

    def _goes_by(self, weights: Weights) -> bool:
        try:
            configurations, refused = admin.routes_of(self._admin, self.route_config)
        except PlatformError as error:
            self._progress = error.reason
            return False
        if refused:
            self._progress = f"Envoy refuses the file: {refused}"
        elif not configurations:
            self._progress = f"Envoy has no routes {self.route_config} from a file: see `rds` of its listener"
        else:
            self._progress = "Envoy goes by other routes than the file has"
        return not refused and configurations != [] and all(self._split_of(one) == weights for one in configurations)

    def _split_of(self, configuration: Mapping[str, Any]) -> Weights:
        if routes.leads_nowhere({"resources": [configuration]}):
            return Weights()
        try:
            return routes.weights_of(routes.route_of(configuration, self._wanted), self.clusters)
        except Unfit:
            return Weights()

    # -- the rest

    def progress(self) -> str:
        """The last message of Envoy."""
        return self._progress

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand: the file with other weights, in one step."""
        lines = self._by_hand(weights)
        return lines if self.ssh is None else self.ssh.by_hand(*lines)

    def _by_hand(self, weights: Weights) -> tuple[str, ...]:
        file = shlex.quote(self.routes_file)
        if weights == Weights():
            return (f"rm -f {shlex.quote(self._state_file)}",)
        shares = [{"name": self.clusters[color], "weight": weights.of(color)} for color in COLORS]
        mine = " or ".join(f".name == {json.dumps(name)}" for name in self.clusters.values())
        where = f".. | .weighted_clusters? // empty | select(any(.clusters[]; {mine})) | .clusters"
        edit = f"({where}) |= {json.dumps(shares)}"
        return (f"jq {shlex.quote(edit)} {file} > {file}.new && mv {file}.new {file}",)

    def health(self, color: Color) -> Readiness:
        """The color's hosts as Envoy checks them: up to three calls."""
        return admin.health_of(self._admin, self.clusters[color])

    def delete(self) -> None:
        """Take the route out of the swap's own file, so that requests get a 404; an adopted one stays as it is."""
        for _ in range(_TRIES):
            seen = self._look()
            if seen.notes is None:
                return
            changes: dict[str, bytes | None] = {}
            if not self.adopt and not routes.leads_nowhere(seen.file):
                self._weights(seen)  # raises where somebody else's routes stand in it by now
                changes[self.routes_file] = routes.text(routes.closed(self._wanted))
            if self._files.replace({**changes, self._state_file: None}, seen.contents):
                return
        raise self._busy()
