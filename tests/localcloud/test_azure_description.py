"""Microsoft's client packages as a description of its API: what is read from them, and what is distinguished by it."""

import pytest

from localcloud.azure.description import PACKAGES, checking, load
from localcloud.azure.description.matching import Matcher, action
from localcloud.azure.errors import ArmError

SITE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/web"
APP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/web"


@pytest.fixture(scope="module")
def packages():
    return dict(zip(PACKAGES, load(PACKAGES), strict=True))


@pytest.mark.parametrize("name", PACKAGES)
def test_every_operation_of_every_package_is_read_whole(packages, name):
    package = packages[name]
    assert len(package.operations) > 15
    kinds = {"str", "int", "float", "bool", "datetime", "any"}

    def whole(kind):
        if kind[0] in ("list", "dict"):
            return whole(kind[1])
        if kind[0] in ("model", "enum"):
            return kind[1] in (package.models if kind[0] == "model" else package.enums)
        return kind[0] in kinds

    for one in package.operations:
        assert one.verb in ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"), one
        assert one.url.startswith("/"), one
        assert one.statuses, one
        assert one.body is None or whole(one.body), one
        assert one.answer in ("", *package.models), one
    for model_name, model in package.models.items():
        for field, told in model.fields.items():
            assert whole(told.type), (model_name, field)
        assert set(model.kinds.values()) <= set(package.models), model_name


def test_long_operations_bodies_and_queries_are_told(packages):
    operations = {one.name: one for package in packages.values() for one in package.operations}
    swap = operations["WebApps.swap_slot_with_production"]
    assert (swap.verb, swap.body, swap.statuses, swap.long) == ("POST", ("model", "CsmSlotEntity"), (200, 202), True)
    assert not operations["WebApps.apply_slot_config_to_production"].long
    assert operations["VirtualMachineScaleSets.create_or_update"].headers == ("if-match", "if-none-match")
    assert [one.name for one in operations["WebApps.list_by_resource_group"].query] == ["includeSlots"]
    assert operations["WebApps.list_by_resource_group"].answer == "Site"
    ramp = packages["azure-mgmt-web"].models["RampUpRule"].fields
    assert (ramp["reroutePercentage"].type, ramp["actionHostName"].type) == (("float",), ("str",))


def test_what_says_more_of_a_path_is_taken(packages):
    matcher = Matcher(packages.values())

    def name(verb, path, version="2025-05-01"):
        return matcher.find(verb, path, {"api-version": version}).operation.name

    assert name("GET", f"{SITE}/config/web") == "WebApps.get_configuration"
    assert name("GET", f"{SITE}/slots/green/config/web") == "WebApps.get_configuration_slot"
    assert name("POST", f"{SITE}/config/appsettings/list") == "WebApps.list_application_settings"
    assert name("PATCH", f"{SITE}/providers/Microsoft.Resources/tags/default", "2025-04-01") == "Tags.update_at_scope"
    found = matcher.find("GET", f"{SITE}/slots/blue%20one", {"api-version": "2025-05-01"})
    assert (found.operation.name, found.places["slot"]) == ("WebApps.get_slot", "blue one")
    with pytest.raises(ArmError, match="405"):
        matcher.find("DELETE", f"{SITE}/slotsswap", {"api-version": "2025-05-01"})


@pytest.mark.parametrize(
    ("verb", "path", "expected"),
    [
        ("PATCH", SITE, "Microsoft.Web/sites/write"),
        ("POST", f"{SITE}/slotsswap", "Microsoft.Web/sites/slotsswap/action"),
        ("POST", f"{SITE}/slots/blue/slotsswap", "Microsoft.Web/sites/slots/slotsswap/action"),
        ("PUT", f"{SITE}/config/appsettings", "Microsoft.Web/sites/config/write"),
        ("POST", f"{SITE}/config/appsettings/list", "Microsoft.Web/sites/config/list/action"),
        ("GET", f"{APP}/revisions", "Microsoft.App/containerApps/revisions/read"),
        ("POST", f"{APP}/revisions/r/deactivate", "Microsoft.App/containerApps/revisions/deactivate/action"),
        ("PATCH", f"{APP}/providers/Microsoft.Resources/tags/default", "Microsoft.Resources/tags/write"),
        ("PUT", "/subscriptions/s/resourceGroups/g", "Microsoft.Resources/subscriptions/resourceGroups/write"),
    ],
)
def test_a_calls_action_is_what_roles_are_written_in(verb, path, expected):
    assert action(verb, path) == expected


def test_a_kind_that_a_discriminator_tells_has_fields_of_its_own(packages):
    package = packages["azure-mgmt-appcontainers"]
    component = {"properties": {"componentType": "SpringBootAdmin", "nothing": 1}}
    wrong = checking.problems(package, ("model", "JavaComponent"), component, partial=False)
    assert wrong == ["properties.nothing is not known"]


def test_only_what_may_be_changed_counts_in_a_change(packages):
    package, kind = packages["azure-mgmt-appcontainers"], ("model", "ContainerApp")
    body = {"location": "w", "kind": "functionapp", "tags": {"a": "b"}, "properties": {"runningStatus": "Running"}}
    assert checking.writable(package, kind, body) == {**body, "properties": {}}
    assert checking.writable(package, kind, body, creating=False) == {"tags": {"a": "b"}, "properties": {}}
