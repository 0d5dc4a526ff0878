"""A function of Cloud Functions (2nd gen) whose colors are releases, which the swap itself deploys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_gcp import cloudfunctionsv2

from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.component.installed_releases import without_secrets
from bluegreen.fields import UNKNOWN
from bluegreen.google.component import SwapSettings, connection_of, draft, warn_of_the_provider
from bluegreen.google.functions.release import CloudFunctionRelease, as_declared, label_of, problems_in, template_of
from bluegreen.google.functions.releases import BUILD, SERVICE, marked, service_of
from bluegreen.plain import plain
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?\Z")
_LONGEST = 49
_HTTPS = "https://"


class CloudFunction(SwappedComponent):
    """A function, a revision of its Cloud Run service for each color, and the swap between them.

    Pulumi makes the function once. Each release is deployed by the swap, without traffic: Cloud Functions builds it and
    makes a revision of the function's service, which the swap marks; a tag leads to each color, so that it can be
    looked at before anybody else does. A promotion moves the service's traffic and builds nothing.

    Attributes:
        url: where production requests go: the address of the function's Cloud Run service.
        function_url: the function's own address, ``https://…cloudfunctions.net/…``, which leads to the same.
        preview_urls: each color's own address, by its tag, live or idle and whatever its release is.
        function_id: the function's full name: ``projects/…/locations/…/functions/…``.
        service_id: that of its Cloud Run service.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    url: pulumi.Output[str]
    function_url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    function_id: pulumi.Output[str]
    service_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        location: pulumi.Input[str],
        blue: CloudFunctionRelease,
        green: CloudFunctionRelease,
        public: bool = False,
        function_name: str | None = None,
        project: pulumi.Input[str] | None = None,
        labels: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare the function and the swap.

        Args:
            name: the function's name.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            location: Google's region, such as ``europe-west1``.
            blue: blue's release.
            green: green's release. Before there is a second one, both may be the same.
            public: whether anybody may call it: the check of callers is off at its Cloud Run service; otherwise who has
                the role Cloud Run Invoker.
            function_name: the function's name in Google, at most 49 characters; the component's by default.
            project: Google's project; the provider's by default.
            labels: those of its Cloud Run service; those that others add stay.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:google:CloudFunction", name, {}, opts)
        called = function_name or name
        given: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        found = [*_problems(called), *(one for color in COLORS for one in problems_in(known(given[color]), color))]
        templates = {color: template_of(given[color]) for color in COLORS} if not found else {}
        around: dict[str, Any] = {"invokerIamDisabled": public, "location": location, "name": called}
        around |= {"project": project} if project else {}
        around |= {"labels": dict(labels)} if labels else {}
        section = {"kind": "cloud_function", "function": UNKNOWN, "service": UNKNOWN, "google": connection_of(settings)}
        owned = {"owner": owner_of(name), "made_with_it": True, "tags": {color: color for color in COLORS}}
        swapping = draft(
            name,
            active_color,
            settings,
            router={
                **section,
                **owned,
                "templates": known(templates) if templates else UNKNOWN,
                "settings": known(around) if not found else UNKNOWN,
            },
            preview_headers={color: {} for color in COLORS},
            problems=found,
        )
        warn_of_the_provider(name, self)
        whole = {
            color: without_secrets(
                name,
                color,
                pulumi.Output.from_input(templates[color]).apply(_plain),
                "no secret of Pulumi's: name one of Secret Manager in secret_env",
            )
            for color in COLORS
        }
        # Of the color that is to be live when the function is made; later it is whatever the swap has deployed.
        first: Color = "green" if active_color == "green" else "blue"
        declared = whole[first].apply(_first(first))
        made = cloudfunctionsv2.Function(
            name,
            name=called,
            location=location,
            project=project,
            labels=labels,
            build_config=declared[BUILD],
            service_config=declared[SERVICE],
            # An update would send the whole function, with the first release: a deploy by itself.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["*"]),
        )
        service_id = made.id.apply(service_of)
        # With the id, which is known as soon as Google has reported the address.
        uri = pulumi.Output.all(made.id, made.service_config).apply(_uri)
        urls = {color: uri.apply(_url_of(color)) for color in COLORS}
        swap = swapping.declare(
            self,
            router={
                **section,
                **owned,
                "function": made.id,
                "service": service_id,
                "templates": whole,
                "settings": around,
            },
            releases={color: _label(given[color]) for color in COLORS},
            preview_urls=urls,
        )
        self._show(
            swap,
            # With the swap's id: whoever uses it comes after the swap, in an update as well as in a destroy.
            url=pulumi.Output.all(uri, swap.id).apply(lambda values: str(values[0])),
            function_url=pulumi.Output.all(made.url, swap.id).apply(lambda values: str(values[0])),
            preview_urls=pulumi.Output.all(**urls),
            function_id=made.id,
            service_id=service_id,
        )


def _problems(called: object) -> list[Problem]:
    if isinstance(called, str) and _NAME.match(called) and len(called) <= _LONGEST:
        return []
    allowed = f"1 to {_LONGEST} lower-case letters, digits and dashes, the first one a letter, the last one no dash"
    return [Problem("function_name", called, allowed)]


def _label(given: Mapping[str, Any]) -> pulumi.Output[str]:
    """The name of a release for people: by default its source."""
    if given.get("release"):
        return pulumi.Output.from_input(given["release"])
    source = pulumi.Output.all(given.get("object"), given.get("generation"))
    return source.apply(lambda values: label_of(*values))


def _plain(template: Any) -> Any:
    return plain(template)


def _first(color: Color) -> Any:
    return lambda template: as_declared(marked(color, template))


def _uri(told: Any) -> str:
    return str((told[1] or {}).get("uri") or "")


def _url_of(color: Color) -> Any:
    """By the tag, which has a host name of its own: ``https://green---shop-….a.run.app``."""
    return lambda uri: f"{_HTTPS}{color}---{uri.removeprefix(_HTTPS)}" if uri else ""
