"""A color's release, where the swap itself brings it: a droplet that is there, or a Docker image that is staged.

An app keeps its release apart from the route, so that bringing one moves no traffic. It is stopped before it gets
another droplet, and started after it: a process that ends in between leaves no app that runs one and says another.

https://v3-apidocs.cloudfoundry.org/#set-current-droplet
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.cloudfoundry.client import Session
from bluegreen.cloudfoundry.places import App
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.declared import declared, option, read_options
from bluegreen.options.kinds import Nested, Text
from bluegreen.permissions import Permission
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import PlatformError
from bluegreen.secrets import refuse_credentials

DROPLET = "GET:/v3/apps/:guid/droplets/current"
SET, PACKAGE, STAGE, STAGED = (
    "PATCH:/v3/apps/:guid/relationships/current_droplet",
    "POST:/v3/packages",
    "POST:/v3/builds",
    "GET:/v3/builds/:guid",
)
START, STOP = "POST:/v3/apps/:guid/actions/start", "POST:/v3/apps/:guid/actions/stop"
_STAGING_SECONDS, _LOOK_SECONDS = 900.0, 3.0

PERMISSIONS = (
    Permission(DROPLET, "with releases every preview and update"),
    Permission(STOP, "with releases every release of an app that runs"),
    Permission(SET, "with releases every release"),
    Permission(PACKAGE, "with releases every Docker image"),
    Permission(STAGE, "with releases every Docker image"),
    Permission(STAGED, "with releases every Docker image"),
    Permission(START, "with releases every release of an app that ran"),
)
"""What bringing releases takes."""


@declared
class Release:
    """A color's release: one of both."""

    droplet: str = option("the guid of a droplet of the color's own app", Text(), default="")
    image: str = option("a Docker image, which is staged for the color's app", Text(), default="")

    @classmethod
    def parse(cls, fields: Fields) -> Any:
        """The release itself; unknown where only an update knows."""
        values = read_options(cls, fields)
        if fields.unknown or UNKNOWN in values.values():
            return UNKNOWN
        if bool(values["droplet"]) == bool(values["image"]):
            fields.problem("", {name: value for name, value in values.items() if value}, "one of droplet and image")
            return UNKNOWN
        if refuse_credentials(fields, "image", values["image"].partition("@sha256:")[0]):
            return UNKNOWN
        return {name: value for name, value in values.items() if value}


RELEASE = Nested(Release)
"""Its kind."""


def text_of(release: Mapping[str, str]) -> str:
    """For people: ``image app:v2`` or ``droplet 1cb006ee``."""
    if "image" in release:
        return f"image {release['image'].rpartition('/')[2]}"
    return f"droplet {release['droplet'][:8]}"


def droplet_of(session: Session, app: App) -> Mapping[str, Any]:
    """The droplet that an app runs, or will when it is started: one call; empty where it has none."""
    return session.get(f"/v3/apps/{app.guid}/droplets/current", DROPLET) or {}


def is_it(droplet: Mapping[str, Any], release: Mapping[str, str]) -> bool:
    """Whether a droplet is a release."""
    if "image" in release:
        return str(droplet.get("image") or "") == release["image"]
    return str(droplet.get("guid") or "") == release["droplet"]


def bring(session: Session, app: App, release: Mapping[str, str]) -> None:
    """Make a release what an app runs: it is staged if need be, the app stopped, and started if it ran.

    Args:
        session: who calls.
        app: one that gets no requests.
        release: what it is to run.

    Raises:
        PlatformError: it could not be staged, or is no droplet of this app.
    """
    guid = release.get("droplet") or _staged(session, app, release["image"])
    if app.started:
        session.change("POST", f"/v3/apps/{app.guid}/actions/stop", STOP)
    session.change("PATCH", f"/v3/apps/{app.guid}/relationships/current_droplet", SET, {"data": {"guid": guid}})
    if app.started:
        session.change("POST", f"/v3/apps/{app.guid}/actions/start", START)


def _staged(session: Session, app: App, image: str) -> str:
    """The guid of the droplet that an image becomes."""
    related = {"app": {"data": {"guid": app.guid}}}
    body = {"type": "docker", "data": {"image": image}, "relationships": related}
    package = session.change("POST", "/v3/packages", PACKAGE, body)
    build = session.change("POST", "/v3/builds", STAGE, {"package": {"guid": package.get("guid")}})
    waited = 0.0
    while str(build.get("state")) == "STAGING":
        if waited >= _STAGING_SECONDS:
            raise PlatformError(STAGED, f"{image} is not staged for {app.name} after {_STAGING_SECONDS:g} s")
        pause(_LOOK_SECONDS)
        waited += _LOOK_SECONDS
        build = session.get(f"/v3/builds/{build.get('guid')}", STAGED) or {"state": "FAILED", "error": "it is gone"}
    if str(build.get("state")) != "STAGED":
        raise PlatformError(
            STAGED, f"{image} cannot be staged for {app.name}: {build.get('error') or 'no reason given'}"
        )
    return str((build.get("droplet") or {}).get("guid") or "")
