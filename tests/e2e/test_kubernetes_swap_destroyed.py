"""A swap that is destroyed by itself leaves production where it is, and so does every later change of the Service."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bluegreen.kubernetes.client import MANAGER
from bluegreen.kubernetes.managed_fields import managers_of
from localcloud.cloud import LocalCloud
from tests import pulumis_plugin
from tests.e2e.stack import Stack
from tests.scenarios.kubernetes_service import KubernetesService

SELECTOR = ("spec", "selector")


class World:
    """A stack with blue live, and the Service that production reaches."""

    def __init__(self, stack: Stack, variant: KubernetesService) -> None:
        self.stack, self.variant = stack, variant

    @property
    def live(self) -> dict[str, int]:
        return self.variant.live(self.stack)

    @property
    def owners(self) -> set[str]:
        """The managers of the selector; those of the provider all begin alike."""
        words = (
            "get",
            "service/web",
            "--namespace",
            self.variant.namespace,
            "--show-managed-fields",
            "--output",
            "json",
        )
        found = managers_of(json.loads(self.variant.node.kubectl(*words)), SELECTOR)
        return {"pulumi" if name.startswith("pulumi-kubernetes") else name for name in found}

    def change_the_service(self, team: str) -> None:
        resources = self.stack.state()["resources"]
        (urn,) = [one["urn"] for one in resources if one["urn"].endswith("core/v1:Service::web")]
        self.stack.set({"scenario:team": team})
        self.stack.pulumi("up", "--yes", "--skip-preview", "--target", urn)
        assert self.variant.get()["metadata"]["labels"]["team"] == team


@pytest.fixture(params=["the stand-in", "Pulumi's plugin"])
def world(request: pytest.FixtureRequest, cloud: LocalCloud, aws_env: None, tmp_path: Path) -> Iterator[World]:
    variant = KubernetesService()
    variant.prepare(request)
    with variant.proxy(cloud) as proxy:
        stack = Stack(cloud, tmp_path, variant.platform)
        if request.param != "the stand-in":
            pulumis_plugin.use(stack.env, tmp_path)
        variant.through(stack, proxy)
        with variant.around(cloud, stack):
            try:
                stack.up(activeColor="blue", swapProvider="native", **variant.config(cloud))
                yield World(stack, variant)
            finally:
                stack.destroy()


@contextlib.contextmanager
def undisturbed(world: World) -> Iterator[None]:
    with world.variant.requests(world.stack) as found:
        yield
    assert found is not None
    assert found.failed == 0, found.errors
    assert found.made > 0


def test_the_selector_is_nobodys_then_the_stacks_and_no_other_swap_takes_it_by_itself(world: World) -> None:
    assert world.owners == {MANAGER}
    with undisturbed(world):
        world.stack.pulumi("destroy", "--yes", "--skip-preview", "--target", world.stack.swap()["urn"])
        assert (world.live, world.owners) == ({"blue": 100}, set()), "nobody's"
        world.change_the_service("shop")
        assert (world.live, world.owners) == ({"blue": 100}, {"pulumi"}), "an ignored field is applied as it is"
        world.variant.drift(world.stack)
        world.change_the_service("fish")
        assert world.live == {"green": 100}, "without a swap nobody puts it back, and nobody takes it away"
        said = world.stack.up_fails()
        assert "already, set by pulumi-kubernetes" in said, "another swap takes nothing that is somebody's"
        assert world.live == {"green": 100}
