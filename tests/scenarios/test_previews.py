"""The first `pulumi preview` of each stack program needs no AWS: no valid credentials, and nobody who answers.

A preview asks AWS for what a program looks up. The swap's own first look comes with an update, but for what is handed
in: whether a load balancer, a function, a stage has room for what a first start adds.
No program looks anything up once the network is given, and one of them is previewed by the real engine. The provider
wants a key, whichever: with its validation switched off it asks nobody whether the key is good.
"""

from __future__ import annotations

import json
import runpy
import socket
import sys

import pytest

from tests.aws import mocked
from tests.e2e.stack import REPO, Stack
from tests.scenarios.variants import VARIANTS, variant

NETWORK = {"vpcId": "vpc-0a1b2c3d", "subnetIds": ["subnet-1a2b3c4d", "subnet-5e6f7a8b"]}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_program_looks_nothing_up(name, request, cloud, aws_env, monkeypatch):
    made = variant(name)
    made.prepare(request)
    config = {**NETWORK, **made.config(cloud), "activeColor": "blue"}
    monkeypatch.syspath_prepend(REPO / "stacks")
    monkeypatch.delitem(sys.modules, "settings", raising=False)
    keys = runpy.run_path(str(REPO / "stacks" / "keys.py"))
    own = {key for key in made.config(cloud) if ":" not in key} | {"activeColor"}
    assert not list(keys["unread"](own, keys["keys_of"](made.platform)))
    sys.modules.pop("settings")  # it reads the config of the project that there was when it was imported
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    asked = []
    monkeypatch.setattr(mocked.Recorder, "call", lambda _, arguments: asked.append(arguments.token) or {})
    recorder, _ = mocked.run(
        lambda: runpy.run_path(str(REPO / "stacks" / f"{made.platform}.py")),
        {key: value for key, value in texts.items() if value != "null"},
    )
    known = {"aws:index/getPartition:getPartition", "pulumi:pulumi:readStackResourceOutputs"}
    assert set(asked) <= known, "which the provider and the engine know without asking AWS"
    (swap,) = [found for found in recorder.resources if found.type.endswith("bluegreen:TrafficSwap")]
    assert swap.inputs["active_color"] == "blue"


@pytest.fixture
def closed_port():
    """A port at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_first_preview_asks_aws_nothing(cloud, tmp_path, closed_port):
    made = variant("ecs")
    stack = Stack(cloud, tmp_path, made.platform)
    stack.env = {key: value for key, value in stack.env.items() if not key.startswith("AWS_")}
    stack.env |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{closed_port}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_CONFIG_FILE": "none",
        "AWS_SHARED_CREDENTIALS_FILE": "none",
    }
    stack.set({"aws:skipCredentialsValidation": "true", **NETWORK, **made.config(cloud), "activeColor": "blue"})
    preview = stack.pulumi("preview", "--diff")
    assert "bluegreen:TrafficSwap: (create)" in preview
    assert "100 % blue" in preview
