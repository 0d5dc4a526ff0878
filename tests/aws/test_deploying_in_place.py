"""Another version in an environment of Elastic Beanstalk with production's name is stopped before Pulumi brings it."""

from __future__ import annotations

import asyncio
from unittest import mock

import pytest
from pulumi import ResourceHookArgs

from bluegreen.aws.beanstalk import in_place
from bluegreen.aws.client import AwsConnection
from bluegreen.component import guarding
from bluegreen.rollout.model import Weights
from bluegreen.swap import contract, releases
from tests.swap.bench import Swap

LIVE = "Shop.eu-central-1.elasticbeanstalk.com"
IDLE = "shop-idle.eu-central-1.elasticbeanstalk.com"


def describing(cname):
    """Beanstalk, where the environment has this name."""
    told = {
        "EnvironmentName": "web-blue-1a2b3c4",
        "EnvironmentArn": "arn:aws:elasticbeanstalk:eu-central-1:1:environment/shop/web-blue-1a2b3c4",
        "CNAME": cname,
        "Status": "Ready",
    }
    client = mock.Mock()
    client.describe_environments.return_value = {"Environments": [told] if cname else []}
    return client


@pytest.fixture
def hook(monkeypatch):
    """The hook of blue's environment, as the engine calls it."""
    made = []
    monkeypatch.setattr(guarding, "is_called", lambda: True)
    monkeypatch.setattr(guarding, "binding", lambda _what, before_update: made.append(before_update))
    in_place.guard("web-blue", "blue", "shop", {})

    def calling(client, old, new, **more):
        monkeypatch.setattr(AwsConnection, "client", lambda *_: client)
        sides = {"old_inputs": {"version": old}, "new_inputs": {"version": new, **more}}
        given = {**sides, "old_outputs": {"name": "web-blue-1a2b3c4"}, "new_outputs": None}
        asyncio.run(made[0](ResourceHookArgs("urn", "id", "web-blue", "Environment", **given)))

    return calling


def test_an_environment_with_productions_name_keeps_its_version_and_the_other_one_gets_any(hook):
    with pytest.raises(RuntimeError) as refused:
        hook(describing(LIVE), "v1", "v2")
    said = str(refused.value)
    assert said.startswith("web-blue was not updated: blue has 100 % of production traffic")
    assert "(version v1 -> v2)" in said
    assert "Deploy it to green" in said
    hook(describing(IDLE), "v1", "v2")
    hook(describing(""), "v1", "v2")


def test_what_both_colors_share_is_no_release_and_nobody_is_asked(hook):
    client = describing(LIVE)
    hook(client, "v1", "v1", settings=[{"name": "MinSize", "value": "2"}])
    assert not client.describe_environments.called


def test_where_nobody_can_see_it_the_update_goes_on_and_says_so(hook, monkeypatch):
    said = []
    monkeypatch.setattr(guarding.pulumi.log, "warn", said.append)
    client = mock.Mock()
    client.describe_environments.side_effect = OSError("no network")
    hook(client, "v1", "v2")
    assert "whether blue is live and gets another release in place" in said[0]
    assert "no network" in said[0]


def declared(blue, green="v2", digests=True):
    """Those inputs of the component's swap that say which release a color has."""
    versions = {"blue": blue, "green": green}
    environments = {color: f"web-{color}" for color in versions}
    return {
        "active_color": "blue",
        "releases": versions,
        **({"digests": {color: f"sha256:{label}" for color, label in versions.items()}} if digests else {}),
        "router": {
            "kind": "beanstalk",
            "cname_prefix": "shop",
            "environments": environments,
            "versions": versions,
            "owner": "project/stack/web",
        },
    }


@pytest.mark.parametrize("digests", [True, False])
def test_the_preview_warns_and_the_check_leaves_it_to_policy_and_hook(digests):
    """The version is a resource beside the swap: a check that refuses it would refuse after it was brought."""
    olds, news = {**declared("v1", digests=digests), "live_color": "blue"}, declared("v3", digests=digests)
    assert contract.live_release_change(olds, news) == "blue: v1 -> v3"
    (change,) = releases.live_changes(olds, news)
    assert "blue has production traffic and gets another release in place" in releases.warning(change)
    assert releases.refused(olds, news) == []
    assert contract.live_release_change(olds, declared("v1", "v3", digests=digests)) is None


@pytest.mark.parametrize("adapter", ["dynamic", "native"])
def test_the_way_back_is_forgotten_then(adapter, monkeypatch):
    """As the component declares it: digests alone tell the release."""
    monkeypatch.setattr(Swap, "adapter", adapter)

    def told(blue, green="v2"):
        return {"digests": {"blue": f"sha256:{blue}", "green": f"sha256:{green}"}}

    swap = Swap("in-place", **told("v1"))
    swap.up("green", **told("v1"))
    assert swap.outputs["previous"]
    outputs = swap.up("green", **told("v1", "v3"))
    assert not outputs["previous"]
    assert swap.here.weights == Weights.all_on("green")
