"""A production and a stage Service, whose selectors are swapped whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, ClassVar

import pulumi

from bluegreen.arguments.reporting import reporting
from bluegreen.component.bounds import problems_of_bounds
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.entry import EntryContext, EntryResources
from bluegreen.kubernetes.merging import merged
from bluegreen.kubernetes.objects import declare
from bluegreen.kubernetes.services import (
    SELECTOR,
    TYPES,
    MorePorts,
    by_use,
    color_names,
    color_services,
    found_ports,
    found_url,
    service_manifest,
    url_of,
)
from bluegreen.kubernetes.workloads.retire import Condition
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.functions import Function
from bluegreen.options.kinds import Anything, Flag, Number, Text
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color, other

_NODE_PORTS = ("production", "stage", *COLORS)


@declared
class ServiceEntry(Options):
    """A Service for production and one for the stage, whose selectors are exchanged whole: no steps, no pauses.

    Each color has a Service of its own beside them, with all of production's ports, which previews and gates use.
    Production is declared without a selector, which is the swap's. Use a route to split traffic.
    """

    function: ClassVar[Function] = Function("service")

    service_name: str | None = option(
        "the production Service's name; the component's when absent",
        Text(),
        default=None,
    )
    stage_suffix: str | None = option(
        "of the stage Service, which has the idle color; ``None``: there is none",
        Anything("str | None"),
        default="-stage",
    )
    service_type: str = option(
        "production's, where it is made: ``ClusterIP``, ``NodePort`` or ``LoadBalancer``",
        Text(choices=TYPES, any_text=True),
        default="ClusterIP",
    )
    preview_type: str | None = option(
        "that of the stage and the colors' Services; ``NodePort`` where production is one, too, else ``ClusterIP``, "
        "which gates can call from within the cluster alone",
        Text(choices=TYPES, any_text=True),
        default=None,
    )
    port: int = option(
        "of each Service",
        Number(1, 65_535, whole=True),
        default=80,
    )
    node_ports: Mapping[str, int] | None = option(
        "fixed node ports, by ``production``, ``stage``, ``blue``, ``green``; free ones when absent",
        Anything("Mapping[str, int]"),
        default=None,
    )
    node_host: str = option(
        "a node's address, for the URLs of node ports",
        Text(),
        default="127.0.0.1",
    )
    adopt: bool = option(
        "whether the production Service is there already, as no resource of this stack; its selector, one of the "
        "colors', is taken over as it is",
        Flag(),
        default=False,
    )
    annotations: Mapping[str, pulumi.Input[str]] | None = option(
        "of the production Service, as load balancers want them",
        Anything("Mapping[str, pulumi.Input[str]]"),
        default=None,
    )
    overrides: Mapping[str, Any] | None = option(
        'laid over the production Service\'s ``spec``: ``{"externalTrafficPolicy": "Local"}``',
        Anything("Mapping[str, Any]"),
        default=None,
    )
    converge_timeout_seconds: float = 60
    preview_headers: Mapping[Color, Mapping[str, str]] = field(default_factory=dict)

    def problems(self, context: EntryContext) -> list[Problem]:
        """The problems with the options."""
        given = {"stage_suffix": self.stage_suffix, "node_ports": self.node_ports or {}, "node_host": self.node_host}
        fields = Fields(known(given), problems=problems_of_bounds(self))
        types = [known(self.service_type), known(self._preview_type)]
        fields.text("node_host")
        if fields.text("stage_suffix", None) in [f"-{color}" for color in COLORS]:
            fields.problem("stage_suffix", self.stage_suffix, "none of the colors' own: they have Services, too")
        if self.adopt and self._production(context) in color_names(context).values():
            fields.problem("service_name", self._production(context), "another name than those of the colors' Services")
        ports = fields.section("node_ports")
        if ports is not None:
            for name in _NODE_PORTS:
                ports.whole(name, None, least=1, most=65_535)
            ports.done()
        if self.node_ports and "NodePort" not in types and UNKNOWN not in types:
            fields.problem("node_ports", dict(self.node_ports), "none without a Service of type NodePort")
        if "selector" in (self.overrides or {}):
            fields.problem("overrides.selector", dict(self.overrides or {})["selector"], "none: it is the swap's")
        return fields.problems

    def router(self, context: EntryContext) -> dict[str, Any]:
        """The router's section."""
        return {
            "kind": "kubernetes_service",
            **context.place.section,
            "service": self._production(context),
            **({"stage_service": stage} if (stage := self._stage(context)) else {}),
            "selectors": {color: dict(context.selectors[color]) for color in COLORS},
            "owner": context.owner,
            **({"adopt": True} if self.adopt else {}),
        }

    def retire_conditions(self, context: EntryContext) -> dict[Color, Condition]:
        """The condition that production's selector is the other color's."""
        conditions = {}
        for color in COLORS:
            own, others = context.selectors[color], context.selectors[other(color)]
            telling = [key for key, value in others.items() if isinstance(value, str) and own.get(key) != value]
            if telling:
                key = telling[0].replace(".", "\\.")
                conditions[color] = Condition(
                    f"services/{self._production(context)}", f"{{.spec.selector.{key}}}", others[telling[0]]
                )
        return conditions

    def production_ports(self, context: EntryContext) -> dict[str, list[Mapping[str, Any]] | None]:
        """The Services that stay whatever color is live, by name, and their ports; ``None`` where others know."""
        names = [self._production(context), *filter(None, [self._stage(context)])]
        known_here: list[Mapping[str, Any]] | None = None if self.adopt else [*self._ports(context)]
        return {name: known_here for name in names}  # noqa: C420 - it may be None

    def declare(self, context: EntryContext) -> EntryResources:
        """Declare production, stage, and a Service for each color: a gate's address stays with its color in a swap."""
        namespace, production, stage = context.place.namespace, self._production(context), self._stage(context)
        made = [] if self.adopt else [self._made(context, production, self.service_type, "production")]
        there = self._found(context) if self.adopt else None
        ports = self._ports(context) if there is None else found_ports(there)
        if stage:
            made.append(self._made(context, stage, self._preview_type, "stage", ports))
        previews = color_services(
            context,
            port=self.port,
            service_type=self._preview_type,
            node_ports=dict(self.node_ports or {}),
            more_ports=ports,
        )

        def url(service: Any, name: str, service_type: str) -> pulumi.Output[str]:
            return url_of(service, name, namespace, service_type=service_type, port=self.port, host=self.node_host)

        names = color_names(context)
        return EntryResources(
            url=found_url(there, production, namespace, self.node_host)
            if self.adopt
            else url(made[0], production, self.service_type),
            preview_urls={color: url(previews[color], names[color], self._preview_type) for color in COLORS},
            services=by_use(context, production=production, **({"stage": stage} if stage else {})),
            made=[*made, *previews.values()],
        )

    @property
    def _preview_type(self) -> str:
        fitting = "NodePort" if self.service_type == "NodePort" else "ClusterIP"
        return self.preview_type or fitting

    def _production(self, context: EntryContext) -> str:
        return self.service_name or context.name

    def _stage(self, context: EntryContext) -> str | None:
        return f"{self._production(context)}{self.stage_suffix}" if self.stage_suffix else None

    def _ports(self, context: EntryContext) -> list[dict[str, Any]]:
        """The ports of production."""
        spec = merged(service_manifest(context, "", port=self.port)["spec"], self.overrides or {})
        return list(spec.get("ports") or ())

    def _made(self, context: EntryContext, name: str, service_type: str, what: str, more_ports: MorePorts = ()) -> Any:
        manifest = service_manifest(
            context,
            name,
            port=self.port,
            service_type=service_type,
            node_port=(self.node_ports or {}).get(what) if service_type == "NodePort" else None,
            annotations=(self.annotations or {}) if what == "production" else None,
            more_ports=more_ports,
        )
        if what == "production":
            manifest["spec"] = merged(manifest["spec"], self.overrides or {})
        return declare(manifest, context.parent, set_once=SELECTOR)

    def _found(self, context: EntryContext) -> Any:
        from pulumi_kubernetes.core.v1 import Service  # noqa: PLC0415 - only what a stack uses

        name = self._production(context)
        options = pulumi.ResourceOptions(parent=context.parent)
        return Service.get(name, f"{context.place.namespace}/{name}", options)


# -- written by `python dev/public_functions.py` from the options above


@reporting
def service(
    *,
    service_name: str | None = None,
    stage_suffix: str | None = "-stage",
    service_type: str = "ClusterIP",
    preview_type: str | None = None,
    port: int = 80,
    node_ports: Mapping[str, int] | None = None,
    node_host: str = "127.0.0.1",
    adopt: bool = False,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> ServiceEntry:
    """A Service for production and one for the stage, whose selectors are exchanged whole: no steps, no pauses.

    Each color has a Service of its own beside them, with all of production's ports, which previews and gates use.
    Production is declared without a selector, which is the swap's. Use a route to split traffic.

    Args:
        service_name: the production Service's name; the component's when absent.
        stage_suffix: of the stage Service, which has the idle color; ``None``: there is none.
        service_type: production's, where it is made: ``ClusterIP``, ``NodePort`` or ``LoadBalancer``.
        preview_type: that of the stage and the colors' Services; ``NodePort`` where production is one, too, else
            ``ClusterIP``, which gates can call from within the cluster alone.
        port: of each Service (1 to 65535).
        node_ports: fixed node ports, by ``production``, ``stage``, ``blue``, ``green``; free ones when absent.
        node_host: a node's address, for the URLs of node ports.
        adopt: whether the production Service is there already, as no resource of this stack; its selector, one of the
            colors', is taken over as it is.
        annotations: of the production Service, as load balancers want them.
        overrides: laid over the production Service's ``spec``: ``{"externalTrafficPolicy": "Local"}``.
    """
    return ServiceEntry(
        service_name=service_name,
        stage_suffix=stage_suffix,
        service_type=service_type,
        preview_type=preview_type,
        port=port,
        node_ports=node_ports,
        node_host=node_host,
        adopt=adopt,
        annotations=annotations,
        overrides=overrides,
    )
