"""docs/azure.md and the stack program: what they declare, and the role that they name."""

from __future__ import annotations

import json
import re
import runpy
import sys
from pathlib import Path

import pytest
import yaml

from bluegreen.permissions import azure_role
from bluegreen.permissions.__main__ import main
from tests.aws import mocked

REPO = Path(__file__).resolve().parents[2]
PAGE = (REPO / "docs" / "azure.md").read_text()
PROGRAMS = [found for found in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "app.ManagedEnvironment" in found]
SWAP = "pulumi-python:dynamic/bluegreen:TrafficSwap"
ID = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.App/containerApps/web"
CONFIG = {
    "activeColor": "blue",
    "blueImage": "shop.azurecr.io/app:v1",
    "greenImage": "shop.azurecr.io/app:v2",
}
REVISIONS = {"blueRevision": "web--v1", "greenRevision": "web--v2"}


def declared(run, **more):
    recorder, _ = mocked.run(run, {**CONFIG, **more}, {"azure-native:app:ContainerApp": {"id": ID}})
    return {resource.type: resource.inputs for resource in recorder.resources}


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_each_program_of_the_page_declares_an_app_and_its_swap(number):
    found = declared(lambda: exec(PROGRAMS[number], {"__name__": "__main__"}), **REVISIONS)
    assert {"azure-native:app:ContainerApp", SWAP} <= set(found)
    router = found[SWAP]["router"]
    assert router["kind"] == "azure_container_app"
    assert ("templates" in router) is (number == 0)


def test_the_stack_program_declares_an_app_and_its_swap(monkeypatch):
    monkeypatch.syspath_prepend(REPO / "stacks")
    for name in ("keys", "settings", "azure_container_app"):  # which read the config of the project that is run now
        monkeypatch.delitem(sys.modules, name, raising=False)
    found = declared(lambda: runpy.run_path(str(REPO / "stacks" / "__main__.py")), platform="azure_container_app")
    for name in ("keys", "settings", "azure_container_app"):
        sys.modules.pop(name, None)
    template = found[SWAP]["router"]["templates"]["green"]
    assert template["containers"][0]["env"] == [{"name": "COLOR", "value": "green"}]
    assert found[SWAP]["plan"][0].startswith("10 % blue")


def test_the_role_of_the_page_has_just_the_declared_actions(capsys):
    role = json.loads(PAGE.split("```json\n")[1].split("```")[0])
    assert role == azure_role.definition(["azure_container_app"])
    assert main(["--azure", "azure_container_app", "--scope", "/subscriptions/s"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == {**role, "AssignableScopes": ["/subscriptions/s"]}


def test_a_role_of_nothing_that_calls_azure_is_refused_by_its_kinds(capsys):
    with pytest.raises(SystemExit):
        main(["--azure", "alb"])
    assert "alb: nothing of this calls Azure" in capsys.readouterr().err


def test_the_example_in_yaml_has_the_properties_of_the_schema():
    example = yaml.safe_load((REPO / "examples" / "yaml-azure" / "Pulumi.yaml").read_text())
    schema = json.loads((REPO / "components" / "schema.json").read_text())
    web = example["resources"]["web"]
    component = schema["resources"][web["type"]]
    assert set(component["requiredInputs"]) <= set(web["properties"]) <= set(component["inputProperties"])
    release = schema["types"][component["inputProperties"]["blue"]["$ref"].removeprefix("#/types/")]
    for color in ("blue", "green"):
        assert set(web["properties"][color]) <= set(release["properties"])
    outputs = {text.strip("${}").partition(".")[2] for text in example["outputs"].values()}
    assert outputs <= set(component["properties"])
