"""A function in Google's stand-in whose deploys and promotions lose no request."""

from __future__ import annotations

import os
import time
from unittest import mock

import pytest

from bluegreen.clients import glances
from bluegreen.google.client import _session
from bluegreen.rollout.errors import SwapFailed
from bluegreen.swap.service import SwapService
from localcloud.google.bare import FUNCTIONS
from localcloud.google.cloud import Google
from localcloud.load import Load
from tests.localcloud.azure_cases import colors_at
from tests.localcloud.google_cases import PARENT, Client
from tests.routers.azure_workshop import Patient

FUNCTION = f"{PARENT}/functions/shop"


@pytest.fixture
def google(tmp_path):
    with Google() as made:
        environment = {**made.env(tmp_path / "credentials.json"), "SSL_CERT_FILE": str(made.certificate)}
        _session.cache_clear()
        with mock.patch.dict(os.environ, environment), mock.patch.object(glances, "LASTS_SECONDS", 0.0):
            yield made
        _session.cache_clear()


def body(color, version):
    source = {"storageSource": {"bucket": "sources", "object": f"shop/{version}.zip"}}
    config = {"environmentVariables": {"COLOR": color}, "allTrafficOnLatestRevision": False}
    return {"buildConfig": {"runtime": "go123", "source": source}, "serviceConfig": config}


def deployed(client, verb, path, given, **query):
    """A deploy by its owner's pipeline, to its end; the revision that came of it."""
    answer = client.ask(verb, f"/v2/{path}", given, FUNCTIONS, **query)
    assert answer.status_code == 200, answer.text
    while True:
        told = client.ask("GET", f"/v2/{FUNCTION}", None, FUNCTIONS).json()
        if told["state"] != "DEPLOYING":
            return told["serviceConfig"]["revision"]
        time.sleep(0.02)


def inputs(active, **revisions):
    return {
        "name": "shop",
        "active_color": active,
        "releases": revisions,
        "router": {
            "kind": "cloud_run",
            "service": f"{PARENT}/services/shop",
            "function": FUNCTION,
            "revisions": revisions,
            "owner": "project/stack/shop",
        },
        "strategy": {"steps": [{"weight_percent": 50, "hold_seconds": 1}]},
    }


def test_it_is_deployed_promoted_and_rolled_back_without_losing_a_request(google):
    client, service = Client(google), SwapService(clock=Patient())
    blue = deployed(client, "POST", f"{PARENT}/functions", body("blue", "v1"), functionId="shop")
    host = client.service("shop")["uri"].removeprefix("https://")
    _, outputs = service.create(inputs("blue", blue=blue, green="shop-none"))
    with Load(f"{google.plane.url}/", rate_per_second=50, host_header=host) as load:
        green = deployed(client, "PATCH", FUNCTION, body("green", "v2"), updateMask="buildConfig,serviceConfig")
        assert colors_at(google.plane.url, host) == {"blue"}
        no = {"kind": "command", "command": ["false"], "phases": ["hold"]}
        with pytest.raises(SwapFailed, match="gate command false failed"):
            service.update(outputs, {**inputs("green", blue=blue, green=green), "gates": [no]})
        assert colors_at(google.plane.url, host) == {"blue"}
        again = {**inputs("green", blue=blue, green=green), "retry": "1"}
        outputs = service.update(outputs, again)
        assert colors_at(google.plane.url, host) == {"green"}
        service.update(outputs, {**inputs("blue", blue=blue, green=green), "retry": "1"})
        assert colors_at(google.plane.url, host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
