"""A Cloud Run service whose colors are revisions, which the swap itself installs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_gcp import cloudrunv2

from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.component.installed_releases import without_secrets
from bluegreen.fields import UNKNOWN
from bluegreen.google.cloud_run.release import CloudRunRelease, as_declared, label_of, problems_in, template_of
from bluegreen.google.cloud_run.releases import LONGEST_NAME, revision_name
from bluegreen.google.cloud_run.rules import LONGEST_TAGGED_NAME, REVISION
from bluegreen.google.cloud_run.settings import INGRESS
from bluegreen.google.component import SwapSettings, connection_of, draft, warn_of_the_provider
from bluegreen.plain import plain
from bluegreen.platforms.templates import DIGITS
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?\Z")
_LONGEST = min(LONGEST_TAGGED_NAME - len("green"), LONGEST_NAME - len("-green-") - DIGITS)
_HTTPS = "https://"


class CloudRunService(SwappedComponent):
    """A service, a revision of it for each color, and the swap between them.

    Pulumi makes the service once. Who may reach it and its labels the swap keeps as they are declared. Each release
    becomes a revision that the swap installs in the color without traffic, named after the color and a digest of the
    release; a tag leads to each color, so that it can be looked at before anybody else does.

    Attributes:
        url: where production requests go.
        preview_urls: each color's own address, by its tag, live or idle and whatever its release is.
        service_id: the service's full name: ``projects/…/locations/…/services/…``.
        revisions: the name of each color's revision.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    service_id: pulumi.Output[str]
    revisions: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        location: pulumi.Input[str],
        blue: CloudRunRelease,
        green: CloudRunRelease,
        container_port: int = 8080,
        ingress: str = "INGRESS_TRAFFIC_ALL",
        public: bool = False,
        service_name: str | None = None,
        project: pulumi.Input[str] | None = None,
        labels: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare the service and the swap.

        Args:
            name: the service's name.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            location: Google's region, such as ``europe-west1``.
            blue: blue's release.
            green: green's release. Before there is a second one, both may be the same.
            container_port: the port that the containers listen on (1 to 65535, default 8080).
            ingress: from where requests are taken: ``INGRESS_TRAFFIC_ALL``, ``INGRESS_TRAFFIC_INTERNAL_ONLY`` or
                ``INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER``.
            public: whether anybody may call it (``gcloud run deploy --no-invoker-iam-check``); otherwise who has the
                role Cloud Run Invoker.
            service_name: the service's name in Google, at most 41 characters; the component's by default.
            project: Google's project; the provider's by default.
            labels: the service's; those that others add stay.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:google:CloudRunService", name, {}, opts)
        called = service_name or name
        given: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        found = [
            *problems_of_a_service(called, container_port, ingress),
            *(one for color in COLORS for one in problems_in(known(given[color]), color)),
        ]
        templates = {color: template_of(given[color], container_port) for color in COLORS} if not found else {}
        around = {"ingress": ingress, "invokerIamDisabled": public, "location": location, "name": called}
        around |= {"project": project} if project else {}
        around |= {"labels": dict(labels)} if labels else {}
        section = {"kind": "cloud_run", "service": UNKNOWN, "google": connection_of(settings)}
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
        names = {color: whole[color].apply(_namer(called, color)) for color in COLORS}
        # Of the color that is to be live when the service is made; later it is whatever the swap has installed.
        first: Color = "green" if active_color == "green" else "blue"
        made = cloudrunv2.Service(
            name,
            name=called,
            location=location,
            project=project,
            ingress=ingress,
            invoker_iam_disabled=public,
            labels=labels,
            # The state's alone, and no update reaches it here: Pulumi's own `protect` is what guards the service.
            deletion_protection=False,
            template=whole[first].apply(_first(called, first)),
            # By its name: what goes to the latest revision would go to each release at once.
            traffics=[{"type": REVISION, "revision": names[first], "percent": 100, "tag": first}],
            # An update would send the whole object: the state's template and traffic, which are the first ones.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["*"]),
        )
        urls = {color: made.uri.apply(_url_of(color)) for color in COLORS}
        swap = swapping.declare(
            self,
            router={**section, **owned, "service": made.id, "templates": whole, "settings": around},
            releases={color: pulumi.Output.from_input(label_of(given[color])) for color in COLORS},
            preview_urls=urls,
        )
        self._show(
            swap,
            # With the swap's id: whoever uses it comes after the swap, in an update as well as in a destroy.
            url=pulumi.Output.all(made.uri, swap.id).apply(lambda values: str(values[0])),
            preview_urls=pulumi.Output.all(**urls),
            service_id=made.id,
            revisions=pulumi.Output.all(**names),
        )


def problems_of_a_service(called: object, port: object, ingress: object) -> list[Problem]:
    """The problems with a service's own settings."""
    found = []
    if not isinstance(called, str) or not _NAME.match(called) or len(called) > _LONGEST:
        allowed = f"1 to {_LONGEST} lower-case letters, digits and dashes, the first one a letter, the last one no dash"
        found.append(Problem("service_name", called, allowed))
    if not isinstance(port, (int, float)) or isinstance(port, bool) or not 1 <= port <= 65535 or int(port) != port:
        found.append(Problem("container_port", port, "a whole number, 1 to 65535"))
    if ingress not in INGRESS:
        found.append(Problem("ingress", ingress, ", ".join(INGRESS)))
    return found


def _plain(template: Any) -> Any:
    return plain(template)


def _namer(called: str, color: Color) -> Any:
    return lambda template: revision_name(called, color, template)


def _first(called: str, color: Color) -> Any:
    return lambda template: {**as_declared(template), "revision": revision_name(called, color, template)}


def _url_of(color: Color) -> Any:
    """By the tag, which has a host name of its own: ``https://green---web-….a.run.app``."""
    return lambda uri: f"{_HTTPS}{color}---{uri.removeprefix(_HTTPS)}" if uri else ""
