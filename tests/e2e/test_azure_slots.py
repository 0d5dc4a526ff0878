"""The program for an app with slots under the real engine: one that does not start, one that does, and back."""

from __future__ import annotations

import shutil

from localcloud.load import Load
from tests.e2e.azure_stack import STACKS, Owner, Stack, azure
from tests.localcloud.azure_cases import WEB, colors_at

__all__ = ["azure"]
HOST, SLOT_HOST = "orders.azurewebsites.net", "orders-staging.azurewebsites.net"
GATES = [{"kind": "target_health"}]
STEPS = {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 1}]}


def image(tag: str) -> str:
    return f"shop.azurecr.io/app:{tag}"


def test_slots_are_promoted_and_rolled_back_by_pulumi_up(azure, tmp_path):
    project = tmp_path / "project"
    (project / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    shutil.copy(STACKS / "azure_slots.py", project / "__main__.py")
    shutil.copy(STACKS / "settings.py", project)
    stack = Stack(azure, project)
    stack.env |= azure.by_name()
    stack.env.pop("https_proxy", None)
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
        restartSeconds=1,
        steadyStateTimeoutSeconds=20,
    )
    with Load(f"{azure.requests}/", rate_per_second=100, host_header=HOST) as load:
        said = stack.up(activeColor="green", greenImage=image("broken"), fails=True)
        assert "install green: image app:broken in slot staging" in said, said
        assert colors_at(azure.requests, HOST) == {"blue"}
        said = stack.up(greenImage=image("v3"))
        assert "install green: image app:v3 in slot staging" in said, said
        assert colors_at(azure.requests, HOST) == {"green"}
        assert colors_at(azure.requests, SLOT_HOST) == {"blue"}
        stack.up(activeColor="blue")
        assert colors_at(azure.requests, HOST) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    owner = Owner(azure)
    app = f"{owner.group()}/providers/Microsoft.Web/sites/orders"
    assert "bluegreen:owner" in owner.http.get(app, params={"api-version": WEB}).json()["tags"]
    stack.run("destroy", "--yes", "--skip-preview")
