"""The program for an app with slots under the real engine: a release that is not there, one that is, the way back."""

from __future__ import annotations

import shutil
import time

import httpx
import pytest

from localcloud.azure.local import LocalAzure
from localcloud.load import Load
from tests.e2e.azure_stack import STACKS, Owner, Stack, azure
from tests.localcloud.azure_cases import WEB, colors_at

__all__ = ["azure"]
HOST, SLOT_HOST = "orders.azurewebsites.net", "orders-staging.azurewebsites.net"
GATES = [{"kind": "target_health"}]
STEPS = {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 1}]}


class Pipeline(Owner):
    """What `az webapp config container set --slot staging` sends."""

    def __init__(self, azure: LocalAzure) -> None:
        super().__init__(azure)
        self.app = f"{self.group()}/providers/Microsoft.Web/sites/orders"

    def deploy(self, azure: LocalAzure, tag: str) -> None:
        body = {"properties": {"linuxFxVersion": f"DOCKER|shop.azurecr.io/app:{tag}"}}
        url = f"{self.app}/slots/staging/config/web"
        assert self.http.patch(url, params={"api-version": WEB}, json=body).is_success
        for _ in range(1200):
            answer = httpx.get(azure.requests, headers={"Host": SLOT_HOST}, trust_env=False)
            if answer.status_code == 200 and answer.json().get("version") == tag:
                return
            time.sleep(0.05)
        pytest.fail(f"{tag} does not run in the slot: {answer.status_code} {answer.text}")

    def tags(self) -> dict[str, str]:
        return self.http.get(self.app, params={"api-version": WEB}).json().get("tags") or {}


def image(tag: str) -> str:
    return f"shop.azurecr.io/app:{tag}"


def test_slots_are_promoted_and_rolled_back_by_pulumi_up(azure, tmp_path):
    project = tmp_path / "project"
    (project / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    shutil.copy(STACKS / "azure_slots.py", project / "__main__.py")
    shutil.copy(STACKS / "settings.py", project)
    stack = Stack(azure, project)
    stack.up(
        activeColor="blue",
        blueImage=image("v1"),
        greenImage=image("v2"),
        blueSettings={"COLOR": "blue"},
        greenSettings={"COLOR": "green"},
        productionSettings={"WHERE": "production"},
        slotSettings={"WHERE": "slot"},
        strategy=STEPS,
        gates=GATES,
        bakeSeconds=1,
    )
    pipeline = Pipeline(azure)
    with Load(f"{azure.requests}/", rate_per_second=100, host_header=HOST) as load:
        said = stack.up(activeColor="green", greenImage=image("v3"), fails=True)
        assert "staging runs DOCKER|shop.azurecr.io/app:v2, and green is declared as" in said
        pipeline.deploy(azure, "v3")
        stack.up()  # what was not there is no verdict
        assert colors_at(azure.requests, HOST) == {"green"}
        assert colors_at(azure.requests, SLOT_HOST) == {"blue"}
        stack.up(activeColor="blue")
        assert colors_at(azure.requests, HOST) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    assert "bluegreen:owner" in pipeline.tags()
    stack.run("destroy", "--yes", "--skip-preview")
