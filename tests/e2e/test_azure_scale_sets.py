"""The program for scale sets under the real engine: a release that is not there, one that is promoted, a rollback."""

from __future__ import annotations

from localcloud.azure.cloud import SUBSCRIPTION
from localcloud.load import Load
from tests.e2e.azure_stack import Owner, Stack, azure
from tests.localcloud.azure_cases import colors_at

__all__ = ["azure"]

NETWORKS, COMPUTE = "2026-03-01", "2026-04-01"
GALLERY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.Compute/galleries/shop/images/app"


def image(version: int) -> str:
    return f"{GALLERY}/versions/{version}.0.0"


class Cli(Owner):
    """Looks at what was made as somebody with the CLI does."""

    def listed(self, kind: str, version: str) -> list[dict]:
        return self.http.get(f"{self.group()}/providers/{kind}", params={"api-version": version}).json()["value"]

    def capacities(self) -> dict[str, int]:
        found = self.listed("Microsoft.Compute/virtualMachineScaleSets", COMPUTE)
        return {one["name"].rpartition("-")[2]: one["sku"]["capacity"] for one in found}


def test_scale_sets_are_promoted_and_rolled_back_by_pulumi_up(azure, tmp_path):
    stack = Stack(azure, tmp_path / "project")
    first = {"blueImage": image(1), "greenImage": image(1), "desiredCount": "1", "bakeSeconds": "1"}
    stack.up(platform="azure_scale_sets", activeColor="blue", **first)
    cli = Cli(azure)
    (address,) = cli.listed("Microsoft.Network/publicIPAddresses", NETWORKS)
    host = address["properties"]["ipAddress"]
    assert cli.capacities() == {"blue": 1, "green": 0}
    with Load(f"{azure.requests}/", rate_per_second=50, host_header=host) as load:
        said = stack.up(activeColor="green", greenImage=image(7), fails=True)
        assert "GalleryImageNotFound" in said, said
        assert colors_at(azure.requests, host) == {"blue"}
        stack.up(greenImage=image(2))
        assert colors_at(azure.requests, host) == {"green"}
        stack.up(activeColor="blue", scaleDownDelaySeconds="0")
        assert colors_at(azure.requests, host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    assert cli.capacities() == {"blue": 1, "green": 0}
    (gateway,) = cli.listed("Microsoft.Network/applicationGateways", NETWORKS)
    assert "bluegreen:production:owner" in gateway["tags"]
    stack.run("destroy", "--yes", "--skip-preview")
