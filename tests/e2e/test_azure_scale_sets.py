"""The program for scale sets under the real engine: a release that is not there, one that is promoted, a rollback."""

from __future__ import annotations

from localcloud.azure.cloud import SUBSCRIPTION
from localcloud.load import Load
from tests.e2e.test_azure import Cli, Stack, azure  # noqa: F401 - the fixture
from tests.localcloud.azure_cases import colors_at

VERSIONS = "2026-03-01", "2026-04-01"
GALLERY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.Compute/galleries/shop/images/app"


def image(version: int) -> str:
    return f"{GALLERY}/versions/{version}.0.0"


class Looker(Cli):
    """Looks at what was made as somebody with the CLI does."""

    def one(self, kind: str, version: str) -> dict:
        groups = self.http.get(f"/subscriptions/{SUBSCRIPTION}/resourcegroups", params={"api-version": "2025-04-01"})
        path = f"{groups.json()['value'][0]['id']}/providers/{kind}"
        return self.http.get(path, params={"api-version": version}).json()["value"][0]

    def capacities(self) -> dict[str, int]:
        groups = self.http.get(f"/subscriptions/{SUBSCRIPTION}/resourcegroups", params={"api-version": "2025-04-01"})
        path = f"{groups.json()['value'][0]['id']}/providers/Microsoft.Compute/virtualMachineScaleSets"
        found = self.http.get(path, params={"api-version": VERSIONS[1]}).json()["value"]
        return {one["name"].rpartition("-")[2]: one["sku"]["capacity"] for one in found}


def test_scale_sets_are_promoted_and_rolled_back_by_pulumi_up(azure, tmp_path):  # noqa: F811
    stack = Stack(azure, tmp_path / "project")
    stack.up(
        platform="azure_scale_sets",
        activeColor="blue",
        blueImage=image(1),
        greenImage=image(1),
        desiredCount="1",
        bakeSeconds="1",
    )
    looker = Looker(azure)
    host = looker.one("Microsoft.Network/publicIPAddresses", VERSIONS[0])["properties"]["ipAddress"]
    assert looker.capacities() == {"blue": 1, "green": 0}
    with Load(f"{azure.requests}/", rate_per_second=50, host_header=host) as load:
        said = stack.up(activeColor="green", greenImage=image(7), fails=True)
        assert "GalleryImageNotFound" in said, said
        assert colors_at(azure.requests, host) == {"blue"}
        stack.up(greenImage=image(2))
        assert colors_at(azure.requests, host) == {"green"}
        stack.up(activeColor="blue", scaleDownDelaySeconds="0")
        assert colors_at(azure.requests, host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    assert looker.capacities() == {"blue": 1, "green": 0}
    tags = looker.one("Microsoft.Network/applicationGateways", VERSIONS[0])["tags"]
    assert "bluegreen:production:owner" in tags
    stack.run("destroy", "--yes", "--skip-preview")
