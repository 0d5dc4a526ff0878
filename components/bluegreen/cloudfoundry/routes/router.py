"""Cloud Foundry: the destinations of one route, with an app for each color.

An exchange maps the color that is to be live, waits for as long as is declared, and takes the other one off; each is
one call that says all destinations. Cloud Foundry has no weights: a share is one of instances (see ``shares``), which
the router scales for it and gives back. The owner and the marks are annotations of the route. It has no versions, so
that a write comes right after a look.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from bluegreen.cloudfoundry import metadata, places
from bluegreen.cloudfoundry.apps import instances, releases, standing
from bluegreen.cloudfoundry.apps.standing import Standing
from bluegreen.cloudfoundry.client import CloudFoundryConnection, Session
from bluegreen.cloudfoundry.connection_option import cloudfoundry_option
from bluegreen.cloudfoundry.routes import destinations, shares, strangers
from bluegreen.cloudfoundry.routes.destinations import Destination
from bluegreen.cloudfoundry.routes.scaling import NOTE as NOTE_APP
from bluegreen.cloudfoundry.routes.scaling import Scaling
from bluegreen.cloudfoundry.routes.strangers import Stranger
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Flag, Number, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.looks import Look
from bluegreen.platforms.ownership import Ownership
from bluegreen.platforms.places import Same, in_any_case
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Traffic, Weights, other
from bluegreen.rollout.ports import Capability

MAP, NOTE = "PATCH:/v3/routes/:guid/destinations", "PATCH:/v3/routes/:guid"
ROUTE = "GET:/v3/routes/:guid"
"""The calls' names."""
_PROPAGATION_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """The route and the colors as of one moment; processes only where the route leads to more than one color."""

    route: Mapping[str, Any]
    colors: Standing
    strangers: tuple[Stranger, ...]

    @property
    def guid(self) -> str:
        return str(self.route["guid"])

    @property
    def annotations(self) -> dict[str, str]:
        return metadata.of(self.route)

    @property
    def is_owned(self) -> bool:
        return metadata.OWNER in self.annotations

    @property
    def destinations(self) -> list[Destination]:
        return destinations.of(self.route)


@dataclass(slots=True, kw_only=True)
class CloudFoundryRouter(Options):
    """The destinations of one route.

    The first write notes the owner on the route; before it no color is live as far as the swap is concerned. It moves
    no traffic: a route that leads to the other color, or to a stranger, is refused.

    Attributes:
        former_owner, incarnation: of the resource's last update, no part of the section: who owned the route, and the
            mark on it.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = _PROPAGATION_SECONDS
    where: ClassVar[frozenset[str]] = frozenset({"kind", "space", "route"})
    backend_keys: ClassVar[frozenset[str]] = frozenset({"apps"})
    release_keys: ClassVar[frozenset[str]] = frozenset({"install"})
    install_keys: ClassVar[frozenset[str]] = frozenset({"install"})
    same_place: ClassVar[Mapping[str, Same]] = {"route": in_any_case}
    clients_stay: ClassVar[str] = (
        "Cloud Foundry has no weights: a step is a share of whole instances, at least one, so that 10 % beside 4 "
        "instances is 1 of 5, which is 20 %; each step says what it has come to"
    )
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(places.ORGANIZATIONS, "every preview and update"),
        Permission(places.SPACES, "every preview and update"),
        Permission(places.APPS, "every preview and update"),
        Permission(places.ROUTES, "every preview and update"),
        Permission(places.PROCESSES, "where the route leads to both colors, and every look at a color's health"),
        Permission(instances.STATS, "every look at a color's health, and before each share"),
        Permission(NOTE, "every swap: its owner and its lease; `pulumi destroy`"),
        Permission(ROUTE, "every shift that waits or scales: whether somebody has added to it or taken it over"),
        Permission(MAP, "the first start and every shift"),
        Permission(NOTE_APP, "steps below 100 %, and their end: how many instances a color is given back"),
        Permission(instances.SCALE, "steps below 100 %, and their end"),
        *releases.PERMISSIONS,
    )

    space: str = option("the space of route and apps", places.SPACE)
    route: str = option("the route that production requests come by", places.ROUTE)
    apps: Mapping[Color, str] = option("the name of each color's app", places.NAMES)
    process: str = option("the type of the apps' process that answers requests", Text(), default="web")
    ports: Mapping[Color, int] = option(
        "the port of each color's process, where it is not the one that the other color is reached at",
        Both(Number(1, 65535, whole=True)),
        default={},
    )
    overlap_seconds: float = option(
        "how long both colors are mapped while all traffic goes from one to the other, until every router has heard of "
        "the new one",
        Number(least=0, most=600, unit="seconds"),
        default=15,
    )
    scale_timeout_seconds: float = option(
        "how long the instances of a share may take to run",
        Number(least=10, most=3600, unit="seconds"),
        default=300,
    )
    to_install: Mapping[Color, Mapping[str, str]] = option(
        "what the swap itself brings to each color's app before it is promoted: ``droplet``, the guid of one of that "
        "app's, or ``image``, a Docker image; absent: somebody else pushes",
        Both(releases.RELEASE),
        default={},
        name="install",
    )
    owner: str = option(
        "who owns the route's destinations, an annotation of it: ``project/stack/name``",
        Text(fits=lambda owner: len(owner) <= metadata.LONGEST, allowed=f"at most {metadata.LONGEST} characters"),
    )
    made_with_it: bool = option(
        "the route was made for this swap, so that nobody depends on where its requests go before the first write; it "
        "may then put production on either color",
        Flag(),
        default=False,
    )
    cloudfoundry: CloudFoundryConnection = cloudfoundry_option()
    former_owner: str = ""
    incarnation: str = ""
    _seen: _Seen | None = field(default=None, init=False)
    _came: frozenset[strangers.Key] = field(default=frozenset(), init=False)
    _fresh: Look = field(default_factory=Look, init=False)
    _done: Look = field(default_factory=Look, init=False)
    _progress: str = field(default="", init=False)

    @property
    def id(self) -> str:
        """The space, and the route in it."""
        return f"{self.space}:{self.route}"

    @property
    def _session(self) -> Session:
        return self.cloudfoundry.session()

    # -- reading

    def read(self) -> Traffic:
        """The live weights and the marks: a call for the apps and one for the route; one more where it leads to more.

        The first look of a process asks for the organization and the space as well.
        """
        seen = self._look()
        if seen is None or not seen.is_owned:
            return Traffic(Weights())
        return Traffic(self._weights(seen), metadata.marks_in(seen.annotations))

    def glance(self, *, fresh: bool = False) -> Traffic:  # noqa: ARG002 - one look has both
        """The same."""
        return self.read()

    def _look(self) -> _Seen | None:
        """The route at this moment, if it is nobody else's; ``None`` where there is none."""
        self._seen = None
        self._done.spent()
        session = self._session
        space = places.space_guid(session, self.space)
        apps = places.apps_of(session, space, self.apps)
        route = places.route_of(session, space, self.route)
        if route is None:
            return None
        found = destinations.of(route)
        ours = {(app.guid, self.process) for app in apps.values()}
        mapped = {(destinations.app_guid(one), destinations.kind(one)) for one in found}
        several = len(mapped) > 1 or bool(mapped - ours)
        processes = places.processes_of(session, map(destinations.app_guid, found)) if several else []
        others = strangers.of(session, found, ours, list(apps.values()), processes)
        seen = _Seen(route, Standing(space, apps, standing.by_color(processes, apps, self.process)), others)
        self._refuse_theirs(seen.annotations)
        self._seen = seen
        self._fresh.taken()
        return seen

    def _refuse_theirs(self, annotations: Mapping[str, str]) -> None:
        holder, marks = annotations.get(metadata.OWNER), metadata.marks_in(annotations)
        if holder is not None and not Ownership(self.owner, self.former_owner, self.incarnation).holds(holder, marks):
            where = places.ROUTES
            raise NotOwned(where, f"the destinations of {self.route} are owned by {holder}; this swap is {self.owner}")

    def _there(self) -> _Seen:
        seen = self._look()
        if seen is None:
            raise PlatformError(
                places.ROUTES, f"there is no route {self.route} in {self.space}: make it with `cf create-route`"
            )
        return seen

    def _mapped(self, seen: _Seen) -> dict[Color, list[Destination]]:
        """The destinations of each color that the route leads to: one for each port."""
        found = {
            color: [one for one in seen.destinations if destinations.leads_to(one, app.guid, self.process)]
            for color, app in seen.colors.apps.items()
        }
        return {color: listed for color, listed in found.items() if listed}

    def _weights(self, seen: _Seen, counting: Sequence[Stranger] | None = None) -> Weights:
        found = seen.strangers if counting is None else counting
        mapped, elsewhere = self._mapped(seen), sum(one.instances for one in found)
        if not mapped:
            return Weights()
        if len(mapped) == 1 and not elsewhere:
            return Weights.all_on(next(iter(mapped)))
        # An instance gets its turn at each port of it that the route leads to.
        ports = {color: len(mapped.get(color, ())) for color in COLORS}
        if ports["blue"] == ports["green"] and not elsewhere:
            ports = {"blue": 1, "green": 1}
        counts = {color: seen.colors.wanted_of(color) * ports[color] for color in COLORS}
        return shares.weights_of(counts, elsewhere, {color: seen.colors.noted(color) for color in mapped})

    def marks(self) -> Mapping[str, str]:
        """The marks: as ``read``."""
        return self.read().marks

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks in one call, after a look where the route has not been looked at."""
        self._fresh.spent()
        self._done.spent()
        seen = self._seen or self._look()
        if seen is None or not seen.is_owned:
            return
        named = {metadata.MARK_PREFIX + name: value for name, value in changes.items()}
        self._note(seen, {metadata.OWNER: self.owner, **named})

    def _note(self, seen: _Seen, changes: Mapping[str, str | None]) -> None:
        """Change annotations of the route, and remember them."""
        self._session.change("PATCH", f"/v3/routes/{seen.guid}", NOTE, metadata.body(changes))
        left = {name: value for name, value in {**seen.annotations, **changes}.items() if value is not None}
        route = {**seen.route, "metadata": {**(seen.route.get("metadata") or {}), "annotations": left}}
        self._seen = _Seen(route, seen.colors, seen.strangers)

    # -- writing

    def write(self, weights: Weights) -> None:
        """Move traffic, and wait until that is done; no weight at all gives the route back as it is."""
        if weights == Weights():
            self.delete()
            return
        seen = self._seen if self._fresh.spent() and self._seen is not None else self._there()
        self._check(seen, weights)
        if seen.annotations.get(metadata.OWNER) != self.owner:
            # First: destinations that nobody owns would be taken for somebody else's.
            self._note(seen, {metadata.OWNER: self.owner})
        if weights.live_color is None:
            self._split(seen, weights)
        else:
            self._move(seen, weights.live_color)
        self._there()
        self._done.taken()

    def _check(self, seen: _Seen, weights: Weights) -> None:
        problem = destinations.unfit(seen.destinations)
        if problem:
            raise PlatformError(MAP, f"the traffic of {self.route} cannot be moved: {problem}")
        for color in COLORS:
            if weights.of(color) and color not in seen.colors.apps:
                raise PlatformError(MAP, f"there is no app {self.apps[color]} in {self.space}: push it first")
        ports = {color: len(found) for color, found in self._mapped(seen).items()}
        if weights.live_color is None and len(set(ports.values())) > 1:
            told = " and ".join(f"{count} of {self.apps[color]}" for color, count in ports.items())
            raise PlatformError(
                MAP, f"{self.route} leads to {told}: a share by instances takes as many ports of each color"
            )
        if not seen.is_owned and (others := strangers.busy(seen.strangers)):
            raise NotOwned(
                MAP,
                f"{self.route} leads to {', '.join(others)} as well, which is neither color's: taking it over would "
                "move its traffic. Take that off the route (`cf unmap-route`), or stop it",
            )
        if not seen.is_owned and not self.made_with_it and self._mapped(seen):
            found = self._weights(seen)
            if found != weights:
                raise NotOwned(
                    MAP,
                    f"taking over the destinations of {self.route} would move its traffic: it is {found} now, wanted "
                    f"is {weights}. Map it by hand to the color that is to be live (`cf map-route`, `cf unmap-route`), "
                    "or say `made_with_it`",
                )

    @property
    def _scaling(self) -> Scaling:
        return Scaling(self._session, self.apps, self.process, self.scale_timeout_seconds, self._waits_for)

    def _waits_for(self, what: str) -> None:
        self._progress = what

    def _move(self, seen: _Seen, color: Color) -> None:
        """All traffic to one color: it gets its instances back, is mapped beside, and then alone."""
        mapped, scaling = self._mapped(seen), self._scaling
        at_once = not scaling.give_back(seen.colors, color, wait=True)
        if color not in mapped:
            alone = self._made(seen, color, mapped)
            if mapped and self.overlap_seconds:
                both = [*(destinations.sent(one) for listed in mapped.values() for one in listed), *alone]
                self._map(seen, both, at_once=at_once)
                pause(self.overlap_seconds)
                others = self._strangers_now(seen)
                self._came |= strangers.came(others, seen.strangers)
                seen, at_once = replace(seen, strangers=others), True
            self._map(seen, alone, at_once=at_once)
        elif len(mapped) > 1 or self._to_take_off(seen):
            self._map(seen, [*map(destinations.sent, mapped[color])], at_once=at_once)
        scaling.give_back(seen.colors, other(color), wait=False)
        for one in seen.colors.ever_noted():
            scaling.note(seen.colors, one, None)

    def _split(self, seen: _Seen, weights: Weights) -> None:
        """A share for each color: what grows grows and runs before the route leads to it, what shrinks does so last.

        A color that the route does not lead to yet has its number before it does. What is noted comes after what grows
        and before what shrinks, so that whoever is killed in between leaves none that is small and says another number.
        """
        scaling = self._scaling
        colors = scaling.known(seen.colors)
        mapped, processes, wanted = self._mapped(seen), colors.processes, scaling.planned(colors, weights)
        growing = [color for color in COLORS if processes[color].instances < wanted[color].instances]
        for color in growing:
            scaling.scale(colors, color, wanted[color].instances)
            scaling.wait(colors, color, wanted[color].instances)
        for color, share in wanted.items():
            if colors.ever_noted().get(color) != share:
                scaling.note(colors, color, share)
        shrinking = [color for color in COLORS if processes[color].instances > wanted[color].instances]
        for color in shrinking:
            if color not in mapped:
                scaling.scale(colors, color, wanted[color].instances)
        for color, share in wanted.items():
            if color not in growing and color not in mapped:  # what the route leads to runs as it did
                scaling.wait(colors, color, share.instances)
        if len(mapped) < len(COLORS) or self._to_take_off(seen):
            there = {color: [*map(destinations.sent, listed)] for color, listed in mapped.items()}
            both = [there.get(color) or self._made(seen, color, mapped) for color in COLORS]
            self._map(seen, [one for listed in both for one in listed], at_once=False)
        for color in shrinking:
            if color in mapped:
                scaling.scale(colors, color, wanted[color].instances)

    def _made(self, seen: _Seen, color: Color, mapped: Mapping[Color, Sequence[Destination]]) -> list[dict[str, Any]]:
        """The color at the ports of the other one, or at its own where that is declared."""
        guid, port = seen.colors.apps[color].guid, self.ports.get(color)
        alike: Sequence[Destination | None] = mapped.get(other(color)) or [None]
        found = [destinations.made(guid, self.process, port, like) for like in alike]
        return [one for number, one in enumerate(found) if one not in found[:number]]

    def _to_take_off(self, seen: _Seen) -> list[Stranger]:
        return strangers.to_take_off(seen.strangers, self._came)

    def _map(self, seen: _Seen, wanted: Sequence[Mapping[str, Any]], *, at_once: bool) -> None:
        """The route leads to these, and to what others have on it, but for drift: one call.

        Args:
            seen: the last look.
            wanted: the colors' destinations.
            at_once: whether nothing has been called since; else one call looks at what others have done.
        """
        others = seen.strangers if at_once else self._strangers_now(seen)
        body = {"destinations": [*wanted, *strangers.staying(others, self._came)]}
        self._session.change("PATCH", f"/v3/routes/{seen.guid}/destinations", MAP, body)

    def _strangers_now(self, seen: _Seen) -> tuple[Stranger, ...]:
        """Others' destinations on the route by now; scaling and an overlap may have taken minutes.

        Raises:
            NotOwned: it has become somebody else's meanwhile.
        """
        session = self._session
        route = session.get(f"/v3/routes/{seen.guid}", ROUTE) or {}
        self._refuse_theirs(metadata.of(route))
        found, apps = destinations.of(route), list(seen.colors.apps.values())
        ours = {(app.guid, self.process) for app in apps}
        if all((destinations.app_guid(one), destinations.kind(one)) in ours for one in found):
            return ()
        processes = places.processes_of(session, map(destinations.app_guid, found))
        return strangers.of(session, found, ours, apps, processes)

    def verify(self, weights: Weights) -> Convergence:
        """Whether the route leads where it should, with the instances that it is to have.

        What others have mapped during an overlap stays, and nothing waits for it to go: a read tells of it.
        As many calls as ``read`` makes; none right after a write, which has looked at what it came to.
        """
        seen = self._seen if self._done.spent() else self._look()
        if seen is None or not seen.is_owned:
            return Convergence.CONVERGED if weights == Weights() else Convergence.PENDING
        live = self._weights(seen, self._to_take_off(seen))
        self._progress = "" if live == weights else self._told(live, seen)
        return Convergence.CONVERGED if live == weights else Convergence.PENDING

    @staticmethod
    def _told(live: Weights, seen: _Seen) -> str:
        return " and ".join([f"the route leads to {live}", *strangers.busy(seen.strangers)])

    def comes_to(self, weights: Weights) -> str:
        """The share that a split has come to, as of the last look: ``1 of 5 instances are green's, …``."""
        seen = self._seen
        if seen is None or weights.live_color is not None or len(seen.colors.processes) < len(COLORS):
            return ""
        counts = {color: seen.colors.wanted_of(color) for color in COLORS}
        less: Color = "blue" if weights.blue < weights.green else "green"
        real = shares.real_percent(counts, less)
        return f"{counts[less]} of {sum(counts.values())} instances are {less}'s, {real} % of the requests"

    # -- releases

    @property
    def installs(self) -> bool:
        """Whether the section says what to install."""
        return bool(self.to_install)

    def release(self, color: Color) -> str:
        """The release that it installs: ``image app:v2``."""
        return releases.text_of(self.to_install[color])

    def installed(self, color: Color) -> bool:
        """Whether it is what the color's app runs, or will when it is started: three calls."""
        app = self._app(color)
        return releases.is_it(releases.droplet_of(self._session, app), self.to_install[color])

    def install(self, color: Color) -> None:
        """Bring it: see ``releases.bring``; nothing where it is there.

        Raises:
            PlatformError: also where the route leads to the color's app, whoever has mapped it: it would be stopped.
        """
        app, session = self._app(color), self._session
        found = releases.droplet_of(session, app)
        if releases.is_it(found, self.to_install[color]):
            return
        route = places.route_of(session, places.space_guid(session, self.space), self.route) or {}
        if any(destinations.app_guid(one) == app.guid for one in destinations.of(route)):
            runs = found.get("image") or f"droplet {found.get('guid')}"
            raise PlatformError(
                releases.STOP,
                f"{self.release(color)} is not brought to {app.name}, which would be stopped: {self.route} leads "
                f"there, and it runs {runs}. Declare what it runs, and bring another one once it has no traffic",
            )
        releases.bring(session, app, self.to_install[color])

    def _app(self, color: Color) -> places.App:
        session = self._session
        app = places.apps_of(session, places.space_guid(session, self.space), self.apps).get(color)
        if app is None:
            raise PlatformError(places.APPS, f"there is no app {self.apps[color]} in {self.space}: push it first")
        return app

    # -- the rest

    def progress(self) -> str:
        """The thing that is waited for."""
        return self._progress

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        organization, _, space = self.space.partition("/")
        target = f"cf target -o {shlex.quote(organization)} -s {shlex.quote(space)}"
        if weights == Weights():
            none = json_of({metadata.OWNER: None})
            where = f"/v3/routes?hosts={self.route.partition('.')[0]}"
            guid = f"$(cf curl {shlex.quote(where)} | jq -r '.resources[0].guid')"
            return (target, f"cf curl -X PATCH /v3/routes/{guid} -d {shlex.quote(none)}")
        host, _, domain = self.route.partition("/")[0].partition(".")
        path = self.route.partition("/")[2]
        way = f"{shlex.quote(domain)} --hostname {shlex.quote(host)}{f' --path {shlex.quote(path)}' if path else ''}"
        lines = [f"cf map-route {shlex.quote(self.apps[color])} {way}" for color in COLORS if weights.of(color)]
        lines += [f"cf unmap-route {shlex.quote(self.apps[color])} {way}" for color in COLORS if not weights.of(color)]
        return (target, *lines)

    def health(self, color: Color) -> Readiness:
        """Whether the instances of the color's process run: three calls, and those for the space.

        While a share keeps some of them back those that it leaves stand for the color.
        """
        session = self._session
        found = standing.look(session, self.space, self.apps, self.process)
        app, process = found.apps.get(color), found.processes.get(color)
        stats = instances.stats_of(session, process) if process is not None and app is not None and app.started else []
        readiness = instances.readiness(self.apps[color], app, process, stats)
        if color in standing.kept_back(session, found, self.route, self.process):
            return Readiness(
                readiness.ready, readiness.healthy, readiness.expected, readiness.reason, counts_units=False
            )
        return readiness

    def delete(self) -> None:
        """Take the owner and the marks off the route; its requests stay as they are."""
        seen = self._look()
        if seen is None or not seen.is_owned:
            return
        self._note(seen, metadata.own(seen.annotations))
        self._seen = None


def json_of(changes: Mapping[str, str | None]) -> str:
    """An update of annotations as text."""
    return json.dumps(metadata.body(changes))
