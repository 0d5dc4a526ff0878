"""A function of Cloud Functions (2nd gen), whose requests go through a Cloud Run service of its own.

Whoever deploys the function makes a revision of that service. With ``allTrafficOnLatestRevision``, which Google's
Terraform and Pulumi providers send by default, the deploy then gives all requests to it, whatever the service's traffic
says. Without it the traffic stays as it is, and a swap names revisions in it. What Google tells of the field is only
who has the requests now, so the next deploy cannot be judged from it.

https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions#ServiceConfig
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bluegreen.google.client import GoogleConnection
from bluegreen.options.kinds import Text
from bluegreen.rollout.errors import PlatformError

HOST = "cloudfunctions.googleapis.com"
READ = "cloudfunctions.functions.get"
_NAME = re.compile(r"projects/[^/]+/locations/[^/]+/functions/[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")
FUNCTION = Text(fits=_NAME.match, allowed="projects/PROJECT/locations/REGION/functions/NAME")
"""What a function's name has to be."""
_AT_WORK = {"DEPLOYING": "it is being deployed", "DELETING": "it is being deleted", "DETACHING": "it is being detached"}
HOW = (
    "deploy it with allTrafficOnLatestRevision false (Pulumi: all_traffic_on_latest_revision=False; "
    "gcloud: without --serve-all-traffic-latest-revision)"
)
"""What a deploy has to be so that it moves no requests."""


def read(google: GoogleConnection, function: str) -> Mapping[str, Any]:
    """The function as Google tells it: one call.

    Raises:
        PlatformError: there is none.
    """
    # An address of Cloud Run's own is not that of Cloud Functions.
    found = GoogleConnection(impersonate=google.impersonate).session(HOST).get(f"/v2/{function}", READ)
    if found is None:
        raise PlatformError(READ, f"there is no function {function}")
    return found


def unfit(function: Mapping[str, Any], service: str) -> str:
    """Why a function's requests are not those of a service; empty where they are."""
    if function.get("environment") == "GEN_1":
        return "it is one of the 1st generation, which has no revisions"
    found = str((function.get("serviceConfig") or {}).get("service") or "")
    return "" if found == service else f"its service is {found or 'not there yet'}, not {service}"


def at_work(function: Mapping[str, Any]) -> str:
    """Google's work on a function, in words; empty where there is none."""
    return _AT_WORK.get(str(function.get("state") or ""), "")
