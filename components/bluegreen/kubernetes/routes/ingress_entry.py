"""Ingresses in front of the colors: ingress-nginx' canary, the AWS Load Balancer Controller's weighted actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi

from bluegreen.arguments.reporting import reporting
from bluegreen.component.bounds import problems_of_bounds
from bluegreen.component.declaration import known, listed
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.routes import given_rules as given
from bluegreen.kubernetes.routes import rules
from bluegreen.kubernetes.routes.keeping import keeper
from bluegreen.kubernetes.routes.weighted_entry import (
    LiveColorField,
    RouteContext,
    RouteObject,
    RouteOptions,
    RoutePlatform,
    WeightedEntry,
    host_url,
    weighted,
)
from bluegreen.options.declared import declared, option
from bluegreen.options.functions import Function, Rest
from bluegreen.options.kinds import Anything, Flag, Number, Text
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from typing_extensions import Unpack

_API = "networking.k8s.io/v1"
_ACTION = "production"
_NGINX = "nginx.ingress.kubernetes.io/"
_ALB = "alb.ingress.kubernetes.io/"


@declared
class Nginx(RoutePlatform):
    """ingress-nginx with a canary's weight: promotions may go in steps.

    Until the first swap ends, ingress-nginx itself sends everything to blue. Its header for previews is
    ``X-Bluegreen-Green`` with the stack's own token behind it: ``always`` is green, ``never`` is blue.
    """

    kind: ClassVar[str] = "nginx_canary"
    function: ClassVar[Function] = Function(
        "nginx",
        returns="WeightedEntry",
        by="weighted",
        rest=Rest("options", "RouteOptions", "see ``RouteOptions``; the ``cookie`` has the same words as the header"),
    )

    host: pulumi.Input[str] | None = option(
        "the host that requests come by; all when absent",
        Text(later=True),
        default=None,
    )
    ingress_class: str = option(
        "which controller",
        Text(),
        default="nginx",
    )
    tls_secret: pulumi.Input[str] | None = option(
        "the Secret with the certificate",
        Text(later=True),
        default=None,
    )

    def is_open(self, rule: Mapping[str, Any]) -> bool:
        """Whether a rule of the user's own leads nowhere yet."""
        return given.is_open_ingress(rule)

    def url(self, asked: RouteContext) -> pulumi.Input[str] | None:  # noqa: ARG002 - the host says it
        """The first host's URL."""
        return host_url("http" if self.tls_secret is None else "https", [self.host])

    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """The canary's own header, with the words that ingress-nginx has for it."""
        return {color: rules.nginx_preview_headers(color) for color in COLORS}

    def problems(self) -> list[Problem]:
        """The problems with the options."""
        return _problems(self.host, self.ingress_class)

    def annotation_problems(self, annotations: Mapping[str, Any]) -> list[Problem]:
        """The problem with session affinity, which keeps a client where it was at any weight, also at 0 and 100 %."""
        affinity, behavior = (annotations.get(f"{_NGINX}{name}") for name in ("affinity", "affinity-canary-behavior"))
        if affinity is None or affinity is UNKNOWN or behavior in ("legacy", UNKNOWN):
            return []
        allowed = f"none, or {_NGINX}affinity-canary-behavior: legacy beside it: else clients stay with their color"
        return [Problem(f"annotations.{_NGINX}affinity", affinity, allowed)]

    def section(self, asked: RouteContext) -> dict[str, Any]:  # noqa: ARG002 - the weight is all there is
        """Empty: the weight is the only field."""
        return {}

    def live_color_field(self, asked: RouteContext) -> LiveColorField:  # noqa: ARG002 - the weight is green's, whoever that is
        """The weight."""
        path = r"{.metadata.annotations.nginx\.ingress\.kubernetes\.io/canary-weight}"
        return LiveColorField("ingresses.networking.k8s.io", path, {"blue": "0", "green": "100"})

    def objects(self, asked: RouteContext) -> list[RouteObject]:
        """The canary without its weight, and the Ingress beside which it stands."""
        services, wanted = asked.wanted.services, asked.wanted
        canary = self._ingress(asked, asked.name, services["green"])
        canary["metadata"]["annotations"] = rules.nginx_canary_annotations(
            rules.NGINX_HEADER + wanted.suffix, wanted.cookie and wanted.cookie + wanted.suffix
        )
        return [
            RouteObject(canary, of_route=True, hooks=keeper(asked.context.place, asked.name, f"{_NGINX}canary-weight")),
            RouteObject(self._ingress(asked, f"{asked.name}-main", services["blue"]), of_route=True),
        ]

    def _ingress(self, asked: RouteContext, name: str, service: str) -> dict[str, Any]:
        backend = {"service": {"name": service, "port": {"number": asked.wanted.port}}}
        paths = [{"path": path, "pathType": "Prefix", "backend": backend} for path in asked.wanted.paths]
        own = given.ingress_rules(asked.wanted.rules, [backend], open_alone=name == asked.name)
        spec: dict[str, Any] = {"ingressClassName": self.ingress_class, "rules": own or [_rule(self.host, paths)]}
        if self.tls_secret is not None:
            spec["tls"] = [{"secretName": self.tls_secret, **({} if self.host is None else {"hosts": [self.host]})}]
        return asked.object(_API, "Ingress", name, spec)


@declared
class AwsLoadBalancer(RoutePlatform):
    """An Ingress of the AWS Load Balancer Controller with weighted actions: promotions may go in steps."""

    kind: ClassVar[str] = "aws_load_balancer_ingress"
    function: ClassVar[Function] = Function(
        "aws_load_balancer",
        returns="WeightedEntry",
        by="weighted",
        rest=Rest("options", "RouteOptions", "see ``RouteOptions``; ``cookie`` means nothing here"),
    )

    host: pulumi.Input[str] | None = option(
        "the host that requests come by; all when absent, and then ``url`` is needed",
        Text(later=True),
        default=None,
    )
    ingress_class: str = option(
        "the controller's",
        Text(),
        default="alb",
    )
    target_type: str = option(
        "``ip`` (pods) or ``instance`` (node ports)",
        Text(choices=("ip", "instance"), any_text=True),
        default="ip",
    )
    internal: bool = option(
        "whether the load balancer is internal",
        Flag(),
        default=False,
    )
    certificate_arns: Sequence[pulumi.Input[str]] = option(
        "make the listener HTTPS",
        Anything("Sequence[pulumi.Input[str]]"),
        default=(),
    )
    stickiness_seconds: int = option(
        "how long a client stays with its color while traffic is split; 0 is off",
        Number(0, 604_800, whole=True),
        default=0,
    )

    def is_open(self, rule: Mapping[str, Any]) -> bool:
        """Whether a rule of the user's own leads nowhere yet."""
        return given.is_open_ingress(rule)

    def url(self, asked: RouteContext) -> pulumi.Input[str] | None:  # noqa: ARG002 - the host says it
        """The first host's URL."""
        return host_url("https" if self.certificate_arns else "http", [self.host])

    def problems(self) -> list[Problem]:
        """The problems with the options."""
        return [*_problems(self.host, self.ingress_class), *problems_of_bounds(self)]

    def usual_options(self) -> RouteOptions:
        """Nodes are registered by a node port."""
        return {"service_type": "NodePort"} if self.target_type == "instance" else {}

    def section(self, asked: RouteContext) -> dict[str, Any]:
        """The action, in which the swap fills the weights in."""
        forward = rules.alb_forward(asked.wanted)
        if self.stickiness_seconds:
            sticky = {"enabled": True, "durationSeconds": self.stickiness_seconds}
            forward = {**forward, "targetGroupStickinessConfig": sticky}
        return {"action": _ACTION, "forward": forward}

    def live_color_field(self, asked: RouteContext) -> LiveColorField:  # noqa: ARG002 - the router reads the action
        """The action, which is an annotation."""
        return LiveColorField("ingresses.networking.k8s.io")

    def objects(self, asked: RouteContext) -> list[RouteObject]:
        """The Ingress without the action that has the weights, with each color's own."""
        annotations: dict[str, Any] = {
            f"{_ALB}scheme": "internal" if self.internal else "internet-facing",
            f"{_ALB}target-type": self.target_type,
            **{key: rules.as_json(value) for key, value in rules.alb_preview_actions(asked.wanted, _ACTION).items()},
        }
        if self.certificate_arns:
            annotations[f"{_ALB}listen-ports"] = '[{"HTTPS":443}]'
            annotations[f"{_ALB}certificate-arn"] = pulumi.Output.all(*self.certificate_arns).apply(",".join)
        paths = rules.alb_paths(asked.wanted, _ACTION)
        by_action = [path["backend"] for path in rules.alb_paths(replace(asked.wanted, paths=("/",)), _ACTION)]
        own = given.ingress_rules(asked.wanted.rules, by_action)
        spec = {"ingressClassName": self.ingress_class, "rules": own or [_rule(self.host, paths)]}
        ingress = asked.object(_API, "Ingress", asked.name, spec)
        ingress["metadata"]["annotations"] = annotations
        kept = keeper(asked.context.place, asked.name, f"{_ALB}actions.{_ACTION}")
        return [RouteObject(ingress, of_route=True, hooks=kept)]


def _rule(host: Any, paths: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {**({} if host is None else {"host": host}), "http": {"paths": list(paths)}}


def _problems(host: Any, ingress_class: str) -> list[Problem]:
    fields = Fields(known({"host": host, "ingress_class": ingress_class}))
    fields.text("host", None)
    fields.text("ingress_class")
    return fields.problems


# -- written by `python dev/public_functions.py` from the options above


@reporting
def nginx(
    *,
    host: pulumi.Input[str] | None = None,
    ingress_class: str = "nginx",
    tls_secret: pulumi.Input[str] | None = None,
    **options: Unpack[RouteOptions],
) -> WeightedEntry:
    """ingress-nginx with a canary's weight: promotions may go in steps.

    Until the first swap ends, ingress-nginx itself sends everything to blue. Its header for previews is
    ``X-Bluegreen-Green`` with the stack's own token behind it: ``always`` is green, ``never`` is blue.

    Args:
        host: the host that requests come by; all when absent.
        ingress_class: which controller.
        tls_secret: the Secret with the certificate.
        **options: see ``RouteOptions``; the ``cookie`` has the same words as the header.
    """
    return weighted(Nginx(host=host, ingress_class=ingress_class, tls_secret=tls_secret), options)


@reporting
def aws_load_balancer(
    *,
    host: pulumi.Input[str] | None = None,
    ingress_class: str = "alb",
    target_type: str = "ip",
    internal: bool = False,
    certificate_arns: Sequence[pulumi.Input[str]] = (),
    stickiness_seconds: int = 0,
    **options: Unpack[RouteOptions],
) -> WeightedEntry:
    """An Ingress of the AWS Load Balancer Controller with weighted actions: promotions may go in steps.

    Args:
        host: the host that requests come by; all when absent, and then ``url`` is needed.
        ingress_class: the controller's.
        target_type: ``ip`` (pods) or ``instance`` (node ports).
        internal: whether the load balancer is internal.
        certificate_arns: make the listener HTTPS.
        stickiness_seconds: how long a client stays with its color while traffic is split; 0 is off (0 to 604800).
        **options: see ``RouteOptions``; ``cookie`` means nothing here.
    """
    return weighted(
        AwsLoadBalancer(
            host=host,
            ingress_class=ingress_class,
            target_type=target_type,
            internal=internal,
            certificate_arns=listed(certificate_arns),
            stickiness_seconds=stickiness_seconds,
        ),
        options,
    )
