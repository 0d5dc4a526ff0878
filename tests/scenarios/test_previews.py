"""The first `pulumi preview` of each stack program needs no AWS: no valid credentials, and nobody who answers.

The provider wants a key, whichever: with its validation switched off it asks nobody whether the key is good.
"""

from __future__ import annotations

import socket

import pytest

from tests.e2e.stack import Stack
from tests.scenarios.variants import VARIANTS, variant

NETWORK = {"vpcId": "vpc-0a1b2c3d", "subnetIds": ["subnet-1a2b3c4d", "subnet-5e6f7a8b"]}


@pytest.fixture
def closed_port():
    """A port at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_first_preview_asks_aws_nothing(name, cloud, aws_env, tmp_path, closed_port):
    made = variant(name)
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
    assert "blue 100 %" in preview
