"""What `WebAppSlots` declares, and what it refuses before it declares anything."""

from __future__ import annotations

import re
from pathlib import Path

import pulumi
import pytest

from bluegreen.azure import WebAppSlots
from bluegreen.azure.web_apps.names import COLOR_SETTING, WARM_UP_PATH, WARM_UP_STATUSES
from tests.aws import mocked
from tests.kubernetes.declared import whole

APP, SLOT = "azure-native:web:WebApp", "azure-native:web:WebAppSlot"
NAMES, SWAP = "azure-native:web:WebAppSlotConfigurationNames", "pulumi-python:dynamic/bluegreen:TrafficSwap"
PLAN = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.Web/serverfarms/shop"
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "azure.md").read_text()
SHORTEST = {
    "active_color": "blue",
    "resource_group_name": "shop",
    "plan_id": PLAN,
    "warm_up_path": "/healthz",
    "blue": {"image": "shop.azurecr.io/app:v1"},
    "green": {"image": "shop.azurecr.io/app:v2"},
}
OUTPUTS = {
    APP: {"name": "web", "defaultHostName": "web.azurewebsites.net"},
    SLOT: {"name": "web/staging", "defaultHostName": "web-staging.azurewebsites.net"},
}


def declared(**more):
    recorder, made = mocked.run(lambda: WebAppSlots("web", **{**SHORTEST, **more}), None, OUTPUTS)
    return {resource.type: whole(resource.inputs) for resource in recorder.resources}, made


def test_the_program_of_the_page_declares_an_app_its_slot_and_a_swap():
    (program,) = [found for found in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "WebAppSlots" in found]
    config = {"activeColor": "blue", "blueImage": "app:v1", "greenImage": "app:v2"}
    recorder, _ = mocked.run(lambda: exec(program, {"__name__": "__main__"}), config, OUTPUTS)
    found = {resource.type: resource.inputs for resource in recorder.resources}
    assert {APP, SLOT, NAMES, SWAP} <= set(found)
    assert found[SWAP]["router"]["kind"] == "azure_slots"


def settings(resource):
    return {one["name"]: one["value"] for one in resource["siteConfig"]["appSettings"]}


def test_the_shortest_program_is_an_app_a_slot_and_a_swap():
    found, _ = declared()
    assert set(found) == {"bluegreen:azure:WebAppSlots", APP, SLOT, NAMES, SWAP}
    warm_up = {WARM_UP_PATH: "/healthz", WARM_UP_STATUSES: "200"}
    for kind, color, image in ((APP, "blue", "app:v1"), (SLOT, "green", "app:v2")):
        assert settings(found[kind]) == {COLOR_SETTING: color, **warm_up}
        assert found[kind]["siteConfig"]["linuxFxVersion"] == f"DOCKER|shop.azurecr.io/{image}"
        assert (found[kind]["kind"], found[kind]["httpsOnly"], found[kind]["serverFarmId"]) == ("app,linux", True, PLAN)
    swap = found[SWAP]
    assert swap["router"] == {
        "kind": "azure_slots",
        "app_id": "web-id",
        "owner": "shop/test/web",
        "slot": "staging",
        "contents": {
            "blue": {"runs": "DOCKER|shop.azurecr.io/app:v1", "settings": {}},
            "green": {"runs": "DOCKER|shop.azurecr.io/app:v2", "settings": {}},
        },
        "reached_from_here": True,
        "restart_seconds": 30,
        "with_preview": False,
        "swap_timeout_seconds": 1200,
        "made_with_it": True,
        "azure": {},
    }
    assert swap["releases"] == {"blue": "shop.azurecr.io/app:v1", "green": "shop.azurecr.io/app:v2"}
    assert {one["url"] for one in swap["previews"].values()} == {"https://web-staging.azurewebsites.net"}


def test_the_first_content_of_production_is_the_active_colors():
    found, _ = declared(active_color="green")
    assert (settings(found[APP])[COLOR_SETTING], settings(found[SLOT])[COLOR_SETTING]) == ("green", "blue")


def test_what_belongs_to_a_slot_stays_there_by_its_name_and_the_rest_moves():
    found, _ = declared(
        app_settings={"LEVEL": "info"},
        production_settings={"DB": "production"},
        slot_settings={"DB": "test", "DEBUG": "1"},
        green={"image": "shop.azurecr.io/app:v2", "settings": {"LEVEL": "debug"}, "release": "the new one"},
    )
    assert found[NAMES]["appSettingNames"] == ["DB", "DEBUG"]
    assert COLOR_SETTING not in found[NAMES]["appSettingNames"]
    assert {name: settings(found[APP]).get(name) for name in ("DB", "DEBUG", "LEVEL")} == {
        "DB": "production",
        "DEBUG": None,
        "LEVEL": "info",
    }
    assert {name: settings(found[SLOT]).get(name) for name in ("DB", "DEBUG", "LEVEL")} == {
        "DB": "test",
        "DEBUG": "1",
        "LEVEL": "debug",
    }
    assert found[SWAP]["releases"]["green"] == "the new one"
    assert "DB" not in str(found[SWAP])


def test_a_runtime_is_for_code_and_functions_have_slots_as_well():
    code = {"runtime": "PYTHON|3.12", "release": "2026.11.1"}
    found, _ = declared(functions=True, slot="next", blue=code, green={**code, "release": "2026.12.1"})
    assert (found[APP]["kind"], found[SLOT]["slot"]) == ("functionapp,linux", "next")
    assert found[APP]["siteConfig"]["linuxFxVersion"] == "PYTHON|3.12"
    assert found[SWAP]["router"]["slot"] == "next"
    assert found[SWAP]["releases"] == {"blue": "2026.11.1", "green": "2026.12.1"}


def test_a_package_is_brought_by_its_address_and_code_without_one_by_a_pipeline():
    package = {"runtime": "PYTHON|3.12", "package_url": "https://s.blob.core.windows.net/c/1.zip", "release": "1"}
    found, _ = declared(functions=True, blue=package, green={**package, "settings": {"LEVEL": "debug"}})
    contents = found[SWAP]["router"]["contents"]
    assert contents["green"] == {
        "runs": "PYTHON|3.12",
        "settings": {"LEVEL": "debug", "WEBSITE_RUN_FROM_PACKAGE": "https://s.blob.core.windows.net/c/1.zip"},
    }
    assert settings(found[APP])["WEBSITE_RUN_FROM_PACKAGE"] == "https://s.blob.core.windows.net/c/1.zip"
    for more in (
        {"blue": package, "green": {"runtime": "PYTHON|3.12", "release": "2"}},
        {"deployed_by_pipeline": True},
    ):
        found, _ = declared(**more)
        assert "contents" not in found[SWAP]["router"]
        assert set(found[SWAP]["router"]["images"]) == {"blue", "green"}


def test_a_release_with_a_secret_of_pulumis_is_refused_as_the_swap_keeps_what_it_brings():
    def program(**more):
        green = {"image": "app:v2", "settings": {"DB": pulumi.Output.secret("hunter2")}}
        WebAppSlots("web", **{**SHORTEST, "green": green, **more})

    with pytest.raises(pulumi.RunError, match=r"reference to Key Vault") as refused:
        mocked.run(program, None, OUTPUTS)
    assert "hunter2" not in str(refused.value)
    mocked.run(lambda: program(deployed_by_pipeline=True), None, OUTPUTS)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"green": {"image": "a:1", "package_url": "https://x/1.zip"}},
            "green.package_url: 'https://x/1.zip' is not allowed; allowed: absent beside an image",
        ),
        (
            {"green": {"runtime": "PYTHON|3.12", "release": "1", "package_url": "https://x/1.zip?sig=abc"}},
            "green.package_url: '***' is not allowed",
        ),
        ({"green": {"image": "a:1", "settings": {"BLUEGREEN_RELEASE": "x"}}}, "green.settings.BLUEGREEN_RELEASE"),
        ({"warm_up_path": "healthz"}, "warm_up_path: 'healthz' is not allowed"),
        ({"warm_up_statuses": "ok"}, "warm_up_statuses: 'ok' is not allowed"),
        ({"warm_up_statuses": ""}, "warm_up_statuses: '' is not allowed"),
        ({"slot": "production"}, "slot: 'production' is not allowed"),
        ({"web_app_name": "-x"}, "web_app_name: '-x' is not allowed"),
        ({"app_settings": {COLOR_SETTING: "blue"}}, f"app_settings.{COLOR_SETTING}"),
        ({"app_settings": {"LEVEL": 3}}, "app_settings.LEVEL: 3 is not allowed; allowed: a text"),
        ({"green": {"image": "a:1", "settings": {"X": ["a"]}}}, "green.settings.X: ['a'] is not allowed"),
        ({"slot_settings": {WARM_UP_PATH: "/"}}, f"slot_settings.{WARM_UP_PATH}"),
        ({"production_settings": {COLOR_SETTING: "x"}}, f"production_settings.{COLOR_SETTING}"),
        ({"green": {"image": "a:1", "settings": {COLOR_SETTING: "x"}}}, f"green.settings.{COLOR_SETTING}"),
        (
            {"green": {"image": "a:1", "runtime": "PYTHON|3.12"}},
            "green.image: 'a:1' is not allowed; allowed: an image, or",
        ),
        ({"green": {"release": "x"}}, "green.image: None is not allowed"),
        ({"green": {"runtime": "PYTHON|3.12"}}, "green.release: None is not allowed"),
        ({"green": {"runtime": "PYTHON", "release": "x"}}, "green.runtime: 'PYTHON' is not allowed"),
        ({"swap_timeout_seconds": 5}, "swap_timeout_seconds: 5"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(wrong, said):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**wrong)
    assert said in str(refused.value)
