"""Shared by every entry with weights: a Service for each color, and a route between them whose weights the swap owns.

A platform adds its objects: the one whose fields the swap owns, declared without them, and those of the stack alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypedDict

import pulumi

from bluegreen.component.base import color_headers
from bluegreen.component.bounds import given_or_usual, problems_of_bounds
from bluegreen.component.declaration import known
from bluegreen.component.previewing import MARKS, PREVIEW_HEADER, SUFFIX_MARK, Named
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.entry import EntryContext, EntryResources
from bluegreen.kubernetes.objects import declare, metadata
from bluegreen.kubernetes.routes.rules import Wanted
from bluegreen.kubernetes.services import TYPES, by_use, color_names, color_services
from bluegreen.kubernetes.workloads.retire import Condition
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Anything, Flag, Number, Text, TextMap, Texts
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color, other


@declared
class RouteSettings(Options):
    """The options that every route takes."""

    typed: ClassVar[str] = "RouteOptions"

    port: int = option("of the colors' Services", Number(1, 65_535, whole=True), default=80)
    paths: Sequence[str] = option("prefixes of the paths that are this service's", Texts(), default=(), absent="all")
    rules: Sequence[Mapping[str, Any]] = option(
        "the platform's own rules instead, with filters, timeouts, retries, session persistence and what else it "
        "knows: ``rules`` of an HTTPRoute, a GRPCRoute or an Ingress, ``http`` of a VirtualService, ``routes`` of an "
        "HTTPProxy or an IngressRoute. One without a backend leads to the colors, any other stays as it is",
        Anything("Sequence[Mapping[str, Any]]"),
        default=(),
    )
    cookie: str = option(
        "a cookie that names a color, beside the header ``X-Bluegreen-Color``", Text(), default="", absent="none"
    )
    url: pulumi.Input[str] | None = option(
        "where production requests go, where no host says it: the address of a gateway",
        Anything("pulumi.Input[str] | None"),
        default=None,
    )
    route_name: str = option(
        "the name of the object whose weights the swap owns; the component's when absent", Text(), default=""
    )
    adopt: bool = option(
        "whether that object is there already, as no resource of this stack: what is live is taken over as it is",
        Flag(),
        default=False,
        absent="no",
    )
    annotations: Mapping[str, pulumi.Input[str]] = option(
        "of that object, where it is made", TextMap(later=True), default={}
    )
    app_protocol: str = option("of the colors' Services, such as ``kubernetes.io/h2c``", Text(), default="")
    ports: Sequence[Mapping[str, Any]] = option(
        'further ports of the colors\' Services, as a Service has them: ``[{"name": "metrics", "port": 9090}]``',
        Anything("Sequence[Mapping[str, Any]]"),
        default=(),
    )
    service_type: str = option("of the colors' Services", Text(choices=TYPES, any_text=True), default="ClusterIP")
    converge_timeout_seconds: float = option("how long a written weight may take to take effect", Number(), default=60)


@dataclass(frozen=True, slots=True)
class RouteObject:
    """One object of a route.

    Attributes:
        manifest: the object.
        set_once: fields that count at its creation alone, also those that have no value there: see ``declare``.
        of_route: whether it is the route itself, or stands or falls with it: one that is adopted has it already.
        hooks: what keeps an annotation of it that is the swap's.
        beside: the object in its place where the route is adopted: production has its way already.
    """

    manifest: Mapping[str, Any]
    set_once: Sequence[str] = ()
    of_route: bool = False
    hooks: pulumi.ResourceHookBinding | None = None
    beside: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RouteContext:
    """The context in which a platform builds its objects.

    Attributes:
        context: what the component gives.
        wanted: what the rules are for.
        name: of the route.
    """

    context: EntryContext
    wanted: Wanted
    name: str

    def object(self, api_version: str, kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """An object in the component's namespace, with its labels."""
        return {
            "apiVersion": api_version,
            "kind": kind,
            "metadata": metadata(name, self.context.place.namespace, self.context.labels),
            "spec": dict(spec),
        }


@dataclass(frozen=True, slots=True)
class LiveColorField:
    """The field that says where all of production goes. A path to two values, as in a split, is no answer.

    Attributes:
        plural: the object's kind as the API has it: ``httproutes.gateway.networking.k8s.io``.
        json_path: the one field, as ``kubectl wait`` takes it; empty where it may stand among rules of others:
            then the router finds it.
        values: what stands there, by the color that has everything.
    """

    plural: str
    json_path: str = ""
    values: Mapping[Color, str] = field(default_factory=dict)


class Platform(Protocol):
    """The kind of route that carries the weights."""

    #: The router's kind.
    kind: ClassVar[str]

    def usual_options(self) -> RouteOptions:
        """The options that count where a program says nothing."""
        ...

    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """The request headers that select each color."""
        ...

    def is_open(self, rule: Mapping[str, Any]) -> bool:
        """Whether a rule of the user's own leads nowhere yet."""
        ...

    def url(self, asked: RouteContext) -> pulumi.Input[str] | None:
        """The URL of production, as far as the options say it."""
        ...

    def problems(self) -> list[Problem]:
        """The problems with its options."""
        ...

    def section(self, asked: RouteContext) -> dict[str, Any]:
        """The part of the router's section that is this platform's own."""
        ...

    def live_color_field(self, asked: RouteContext) -> LiveColorField:
        """The field that says that all of production is one color's."""
        ...

    def objects(self, asked: RouteContext) -> list[RouteObject]:
        """The objects, the route without the fields that are the swap's."""
        ...


class RoutePlatform(Options):
    """The base of the kinds of routes: what each makes of the options that every route takes."""

    __slots__ = ()

    def usual_options(self) -> RouteOptions:
        """The options that count where a program says nothing."""
        return {}

    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """The request headers that select each color."""
        return color_headers()


@dataclass(frozen=True, slots=True)
class WeightedEntry:
    """A route of some platform.

    Attributes:
        platform: which.
        options: what every route takes.
        preview_headers: the request headers that select each color.
    """

    platform: Platform
    options: RouteOptions
    preview_headers: Mapping[Color, Mapping[str, str]] = field(default_factory=color_headers)

    @property
    def _settings(self) -> RouteSettings:
        """The options, with the defaults of those that were not given."""
        return given_or_usual(RouteSettings, self.options)

    @property
    def least_idle_percent(self) -> float:
        """The percentage of the live color's size that a color keeps at rest, at least."""
        return float(getattr(ROUTERS.load(self.platform.kind), "least_idle_percent", 0))

    @property
    def converge_timeout_seconds(self) -> float:
        """The limit, in seconds, within which a controller takes a weight over."""
        return self._settings.converge_timeout_seconds

    def problems(self, context: EntryContext) -> list[Problem]:
        """The problems with the options."""
        unknown = sorted(self.options.keys() - RouteOptions.__annotations__.keys())
        if unknown:  # as Python itself does for an argument that a function does not have
            raise TypeError(f"{context.name}: unexpected arguments of {self.platform.kind}: {', '.join(unknown)}")
        fields = Fields(known(dict(self.options)))
        fields.problems += problems_of_bounds(self._settings)
        for name in ("cookie", "route_name", "app_protocol"):
            fields.text(name, None)
        paths = fields.texts("paths")
        if any(not path.startswith("/") for path in paths):
            fields.problem("paths", list(paths), "paths from the root, such as /shop")
        self._check_rules(fields)
        fields.sections("ports")
        url = fields.text("url", None)
        if url is None and self.platform.url(self._route_context(context)) is None:
            fields.problem("url", None, "where production requests go, as no host without a wildcard says it")
        if isinstance(url, str) and not url.startswith(("http://", "https://")):
            fields.problem("url", url, "a URL, such as http://10.0.0.10:8080")
        refused: Callable[[Mapping[str, Any]], list[Problem]] | None
        refused = getattr(self.platform, "annotation_problems", None)
        of_annotations = refused(known(dict(self._settings.annotations))) if refused is not None else []
        return [*fields.problems, *self.platform.problems(), *of_annotations]

    def _check_rules(self, fields: Fields) -> None:
        given = fields.raw("rules", ())
        if given is UNKNOWN or not given:
            return
        if not isinstance(given, (list, tuple)) or not all(isinstance(rule, Mapping) for rule in given):
            fields.problem("rules", given, "a list of the platform's own rules")
        elif self.options.get("paths"):
            fields.problem("paths", self.options["paths"], "none beside rules, which say it themselves")
        elif not any(map(self.platform.is_open, given)):
            fields.problem("rules", given, "rules of which at least one has no backend: it leads to the colors")

    def _route_context(self, context: EntryContext) -> RouteContext:
        options = self._settings
        wanted = Wanted(
            values={color: color for color in COLORS} if context.named is None else MARKS,
            suffix="" if context.named is None else SUFFIX_MARK,
            services=color_names(context),
            port=options.port,
            paths=tuple(options.paths or ("/",)),
            header=PREVIEW_HEADER,
            cookie=options.cookie,
            rules=tuple(options.rules or ()),
        )
        return RouteContext(context, wanted, options.route_name or context.name)

    def router(self, context: EntryContext) -> dict[str, Any]:
        """The router's section."""
        asked = self._route_context(context)
        section: dict[str, Any] = {
            "kind": self.platform.kind,
            **context.place.section,
            "name": asked.name,
            "services": dict(asked.wanted.services),
            "owner": context.owner,
            **({"adopt": True} if self._settings.adopt else {}),
            **self.platform.section(asked),
        }
        return section if context.named is None else context.named.fill(section)

    def retire_conditions(self, context: EntryContext) -> dict[Color, Condition]:
        """The condition that everything goes to the other color."""
        asked = self._route_context(context)
        told = self.platform.live_color_field(asked)
        resource = f"{told.plural}/{asked.name}"
        if not told.json_path:
            return dict.fromkeys(COLORS, Condition(resource, router=self.router(context)))
        return {color: Condition(resource, told.json_path, told.values[other(color)]) for color in COLORS}

    def _headers(self, named: Named) -> dict[Color, pulumi.Output[Mapping[str, str]]]:
        """The drafted headers, with the value that names the color in the place of its own name."""

        def told(color: Color) -> pulumi.Output[Mapping[str, str]]:
            both = pulumi.Output.all(named.values[color], named.suffix)
            return both.apply(lambda resolved: _resolved_headers(self.preview_headers[color], color, *resolved))

        return {color: told(color) for color in COLORS}

    def declare(self, context: EntryContext) -> EntryResources:
        """The colors' Services, the route and what stands beside it."""
        asked = self._route_context(context)
        services = color_services(
            context,
            port=asked.wanted.port,
            service_type=self._settings.service_type,
            app_protocol=self._settings.app_protocol or None,
            more_ports=self._settings.ports,
        )
        made = []
        for piece in self.platform.objects(asked):
            if piece.of_route and self._settings.adopt:
                continue
            wanted = piece.beside if self._settings.adopt and piece.beside is not None else piece.manifest
            route_objects = wanted if context.named is None else context.named.fill(wanted)
            manifest = _annotated(route_objects, self._settings.annotations) if piece.of_route else route_objects
            made.append(
                declare(
                    manifest,
                    context.parent,
                    set_once=piece.set_once,
                    depends_on=list(services.values()),
                    hooks=piece.hooks,
                )
            )
        shown = pulumi.Output.from_input(self._settings.url or self.platform.url(asked) or "")
        return EntryResources(
            url=shown,
            preview_urls=dict.fromkeys(COLORS, shown),
            services=by_use(context),
            made=[*services.values(), *made],
            preview_headers={} if context.named is None else self._headers(context.named),
        )


def weighted(platform: Platform, options: RouteOptions) -> WeightedEntry:
    """The entry of a kind of route."""
    return WeightedEntry(platform, {**platform.usual_options(), **options}, platform.preview_headers())


def _resolved_headers(drafted: Mapping[str, str], color: Color, value: str, suffix: str) -> dict[str, str]:
    return {
        name if said == color else name + suffix: value if said == color else said for name, said in drafted.items()
    }


def host_url(scheme: str, hosts: Sequence[Any]) -> pulumi.Input[str] | None:
    """The URL of the first host that is one; a wildcard is none."""
    named = [host for host in hosts if known(host) is UNKNOWN or (isinstance(host, str) and "*" not in host)]
    return pulumi.Output.concat(scheme, "://", named[0]) if named and isinstance(scheme, str) else None


def _annotated(manifest: Mapping[str, Any], annotations: Mapping[str, Any] | None) -> dict[str, Any]:
    if not annotations:
        return dict(manifest)
    fields = manifest["metadata"]
    return {**manifest, "metadata": {**fields, "annotations": {**fields.get("annotations", {}), **annotations}}}


# -- written by `python dev/public_functions.py` from the options above


class RouteOptions(TypedDict, total=False):
    """The options that every route takes.

    Attributes:
        port: of the colors' Services (1 to 65535, default 80).
        paths: prefixes of the paths that are this service's (default all).
        rules: the platform's own rules instead, with filters, timeouts, retries, session persistence and what else it
            knows: ``rules`` of an HTTPRoute, a GRPCRoute or an Ingress, ``http`` of a VirtualService, ``routes`` of an
            HTTPProxy or an IngressRoute. One without a backend leads to the colors, any other stays as it is.
        cookie: a cookie that names a color, beside the header ``X-Bluegreen-Color`` (default none).
        url: where production requests go, where no host says it: the address of a gateway.
        route_name: the name of the object whose weights the swap owns; the component's when absent.
        adopt: whether that object is there already, as no resource of this stack: what is live is taken over as it is
            (default no).
        annotations: of that object, where it is made.
        app_protocol: of the colors' Services, such as ``kubernetes.io/h2c``.
        ports: further ports of the colors' Services, as a Service has them: ``[{"name": "metrics", "port": 9090}]``.
        service_type: of the colors' Services (default ``ClusterIP``).
        converge_timeout_seconds: how long a written weight may take to take effect (default 60).
    """

    port: int
    paths: Sequence[str]
    rules: Sequence[Mapping[str, Any]]
    cookie: str
    url: pulumi.Input[str] | None
    route_name: str
    adopt: bool
    annotations: Mapping[str, pulumi.Input[str]]
    app_protocol: str
    ports: Sequence[Mapping[str, Any]]
    service_type: str
    converge_timeout_seconds: float
