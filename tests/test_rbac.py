"""The Role that kinds need: exactly the declared rules, by name where Kubernetes can."""

from __future__ import annotations

import pytest
import yaml

from bluegreen.permissions import declared, needed, policy_document, rbac
from bluegreen.permissions.__main__ import main

SERVICE = ["kubernetes_service"]


def actions_in(rules):
    """The rules as actions again."""
    found = set()
    for rule in rules:
        (group,), (resource,) = rule["apiGroups"], rule["resources"]
        plural, slash, subresource = resource.partition("/")
        named = f"{plural}.{group}" if group else plural
        found |= {f"{verb} {named}{slash}{subresource}" for verb in rule["verbs"]}
    return found


@pytest.mark.parametrize(
    "kinds", [SERVICE, ["kubernetes"], [*SERVICE, "kubernetes"], ["kubernetes_service", "alb", "ecs"]]
)
def test_a_role_has_exactly_what_is_declared(kinds):
    wanted = {permission.action for permission in needed(kinds) if rbac.ACTION.fullmatch(permission.action)}
    assert wanted
    assert actions_in(rbac.rules(kinds)) == wanted


def test_every_kubernetes_kind_declares_actions_that_a_role_can_have():
    for kind, cls, found in declared():
        on_kubernetes = [permission for permission in found if " " in permission.action]
        if "kubernetes" in kind:
            assert on_kubernetes, f"{kind} ({cls.__name__}) declares nothing"
        for permission in on_kubernetes:
            assert rbac.ACTION.fullmatch(permission.action), f"{kind}: {permission.action}"
            assert permission.resource == "*" or permission.action.split()[0] in rbac.BY_NAME, f"{kind}: {permission}"


def test_what_can_be_restricted_to_names_is_and_the_rest_is_not():
    found = {rule["resources"][0]: rule for rule in rbac.rules(SERVICE, {"services": ["web", "web-stage"]})}
    assert found["services"] == {
        "apiGroups": [""],
        "resources": ["services"],
        "verbs": ["get", "patch"],
        "resourceNames": ["web", "web-stage"],
    }
    assert found["pods"] == {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}
    assert found["endpointslices"]["apiGroups"] == ["discovery.k8s.io"]


def test_creating_is_never_by_name_since_kubernetes_could_not_allow_it():
    jobs = [rule for rule in rbac.rules(["kubernetes"], {"cronjobs.batch": ["a"]}) if rule["resources"] == ["cronjobs"]]
    by_name = {verb: "resourceNames" in rule for rule in jobs for verb in rule["verbs"]}
    assert by_name == {"create": False, "delete": True, "get": True, "patch": True}


@pytest.mark.parametrize("resource", ["pods", "service", "deployments"])
def test_a_name_that_would_restrict_nothing_is_refused(resource):
    with pytest.raises(ValueError, match=f"name: {resource} is not allowed; allowed: services"):
        rbac.rules(SERVICE, {resource: ["web"]})


def test_an_iam_policy_has_nothing_of_kubernetes_and_a_role_nothing_of_aws():
    assert policy_document(["alb", *SERVICE]) == policy_document(["alb"])
    assert policy_document([*SERVICE, "kubernetes"])["Statement"] == []
    assert rbac.rules(["alb", "ecs"]) == []


def test_the_command_prints_an_account_a_role_and_the_two_bound(capsys):
    names = ["--name", "services=web", "--name", "services=web-stage"]
    arguments = ["--kubernetes", *SERVICE, "--namespace", "shop", "--service-account", "swap", *names]
    assert main(arguments) == 0
    account, role, binding = yaml.safe_load_all(capsys.readouterr().out)
    assert [document["kind"] for document in (account, role, binding)] == ["ServiceAccount", "Role", "RoleBinding"]
    assert all(document["metadata"] == {"name": "swap", "namespace": "shop"} for document in (account, role, binding))
    assert role["rules"] == rbac.rules(SERVICE, {"services": ["web", "web-stage"]})
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "swap", "namespace": "shop"}]
    assert binding["roleRef"]["name"] == "swap"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--kubernetes", "alb"], "alb: nothing of this calls Kubernetes"),
        (["--kubernetes", "kubernetes_servise"], "kubernetes_servise is not allowed; allowed: alb, "),
        (["--kubernetes", *SERVICE, "--name", "services"], "'services' is not allowed; allowed: RESOURCE=NAME"),
        (["--kubernetes", *SERVICE, "--name", "pods=web"], "name: pods is not allowed; allowed: services"),
        (SERVICE, "kubernetes_service: nothing of this calls AWS"),
    ],
)
def test_the_command_says_what_is_wrong(capsys, arguments, message):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
