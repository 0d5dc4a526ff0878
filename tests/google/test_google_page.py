"""docs/google.md and the stack program for Cloud Run: what they declare, and the role that the page shows."""

from __future__ import annotations

import json
import re
import runpy
import sys
from pathlib import Path

import pytest
import yaml

from bluegreen.permissions import google_role
from bluegreen.permissions.__main__ import main
from tests.aws import mocked

REPO = Path(__file__).resolve().parents[2]
PAGE = (REPO / "docs" / "google.md").read_text()
PROGRAMS = [
    found
    for found in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    if "Revision" in found or "CloudRunService" in found
]
(FUNCTION_PROGRAM,) = [
    found for found in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "CloudFunction" in found
]
SWAP = "pulumi-python:dynamic/bluegreen:TrafficSwap"
OUTPUTS = {
    "gcp:cloudfunctionsv2/function:Function": {
        "serviceConfig": {"uri": "https://checkout-ab12cd-ew.a.run.app"},
        "url": "https://europe-west1-shop.cloudfunctions.net/checkout",
    },
    "gcp:cloudrunv2/service:Service": {
        "id": "projects/shop/locations/europe-west1/services/web",
        "uri": "https://web-ab12cd-ew.a.run.app",
    },
}
CONFIG = {
    "activeColor": "blue",
    "blueImage": "europe-docker.pkg.dev/shop/web/app:v1",
    "greenImage": "europe-docker.pkg.dev/shop/web/app:v2",
}
REVISIONS = {"blueRevision": "web-00001-abc", "greenRevision": "web-00002-abc"}


def declared(run, **more):
    given = {name: value for name, value in {**CONFIG, **more}.items() if value is not None}
    recorder, _ = mocked.run(run, given, OUTPUTS)
    return {resource.type: resource.inputs for resource in recorder.resources}


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_each_program_about_cloud_run_declares_a_swap(number):
    found = declared(lambda: exec(PROGRAMS[number], {"__name__": "__main__"}), **REVISIONS)
    router = found[SWAP]["router"]
    assert router["kind"] == "cloud_run"
    assert ("templates" in router) is ("gcp:cloudrunv2/service:Service" in found) is (number == 0)


def test_there_are_two():
    assert len(PROGRAMS) == 2


SOURCES = {"blueSource": "checkout-v1.zip", "greenSource": "checkout-v2.zip"}


def test_the_program_about_functions_declares_a_function_and_a_swap():
    found = declared(lambda: exec(FUNCTION_PROGRAM, {"__name__": "__main__"}), **SOURCES)
    router = found[SWAP]["router"]
    assert router["kind"] == "cloud_function"
    assert router["templates"]["green"]["buildConfig"]["source"]["storageSource"]["object"] == "checkout-v2.zip"
    assert found["gcp:cloudfunctionsv2/function:Function"]["name"] == "checkout"
    assert found[SWAP]["plan"][0].startswith("10 % blue")


def test_the_page_names_every_permission_for_functions():
    part = PAGE.split("## Cloud Functions (2nd gen)")[1].split("### A function whose deploys others make")[0]
    named = set(re.findall(r"`([a-z]+\.[A-Za-z]+\.[A-Za-z]+)`", part))
    assert set(google_role.permissions(["cloud_function"])) <= named


def stack(monkeypatch, platform, **more):
    """What the program in `stacks` declares."""
    monkeypatch.syspath_prepend(REPO / "stacks")
    mine = ("keys", "settings", platform)  # which read the config of the project that is run now
    for name in mine:
        monkeypatch.delitem(sys.modules, name, raising=False)
    found = declared(lambda: runpy.run_path(str(REPO / "stacks" / "__main__.py")), platform=platform, **more)
    for name in mine:
        sys.modules.pop(name, None)
    return found


def test_the_stack_program_for_functions_declares_a_function_and_its_swap(monkeypatch):
    unread = {"blueImage": None, "greenImage": None}
    found = stack(monkeypatch, "google_function", **SOURCES, **unread)
    service = found[SWAP]["router"]["templates"]["green"]["serviceConfig"]
    assert service["environmentVariables"] == {"COLOR": "green"}
    assert (service["minInstanceCount"], service["maxInstanceCount"]) == (1, 10)
    assert found[SWAP]["plan"][0].startswith("10 % blue")


def test_the_stack_program_declares_a_service_and_its_swap(monkeypatch):
    found = stack(monkeypatch, "google_cloud_run")
    template = found[SWAP]["router"]["templates"]["green"]
    assert template["containers"][0]["env"] == [{"name": "COLOR", "value": "green"}]
    assert found[SWAP]["plan"][0].startswith("10 % blue")


def test_the_role_of_the_page_has_just_the_declared_permissions(capsys):
    role = PAGE.split("```yaml\n")[1].split("```")[0]
    assert role == google_role.definition(["cloud_run"])
    assert yaml.safe_load(role)["includedPermissions"] == google_role.permissions(["cloud_run"])
    assert main(["--google", "cloud_run"]) == 0
    assert capsys.readouterr().out == role


def test_a_role_of_nothing_that_calls_google_is_refused_by_its_kinds(capsys):
    with pytest.raises(SystemExit):
        main(["--google", "alb"])
    assert "alb: nothing of this calls Google Cloud" in capsys.readouterr().err


def test_permissions_of_other_platforms_are_in_no_role():
    every = google_role.permissions(["alb", "cloud_run", "azure_slots", "gateway_http_route", "url_map"])
    assert {one.partition(".")[0] for one in every} == {"cloudfunctions", "compute", "run"}


@pytest.mark.parametrize("folder", ["yaml-google", "yaml-google-function", "yaml-google-groups", "yaml-google-pair"])
def test_the_example_in_yaml_has_the_properties_of_the_schema(folder):
    example = yaml.safe_load((REPO / "examples" / folder / "Pulumi.yaml").read_text())
    schema = json.loads((REPO / "components" / "schema.json").read_text())
    (web,) = example["resources"].values()
    component = schema["resources"][web["type"]]
    assert set(component["requiredInputs"]) <= set(web["properties"]) <= set(component["inputProperties"])
    release = schema["types"][component["inputProperties"]["blue"]["$ref"].removeprefix("#/types/")]
    for color in ("blue", "green"):
        assert set(web["properties"][color]) <= set(release["properties"])
    outputs = {text.strip("${}").partition(".")[2] for text in example["outputs"].values()}
    assert outputs <= set(component["properties"])
