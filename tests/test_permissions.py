"""The declared permissions are the calls in the code, and the documented ones are the declared."""

from __future__ import annotations

import json
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import botocore.session
import pytest

from bluegreen import permissions
from bluegreen.permissions import Permission, declared, needed, policy_document, with_table
from bluegreen.permissions.__main__ import main

REPO = Path(__file__).resolve().parents[1]
PAGE = REPO / "docs" / "permissions.md"
SOURCE = REPO / "components" / "bluegreen"
CALL = re.compile(r'called\("([a-z0-9-]+:[A-Z]\w+)"\)')
# What AWS itself asks for, for a call of another name: a tag given with a registration, a first use in an account, and
# what botocore calls.
IMPLIED = {
    "application-autoscaling:TagResource",
    "codedeploy:GetApplicationRevision",
    "elasticbeanstalk:AddTags",
    "elasticbeanstalk:RemoveTags",
    "codedeploy:GetDeploymentConfig",
    "codedeploy:RegisterApplicationRevision",
    "cognito-idp:DescribeUserPoolClient",
    "iam:CreateServiceLinkedRole",
    "sts:AssumeRole",
}


def actions_of(found):
    return {permission.action for permission in found}


def aws_actions_of(found):
    """Kubernetes' own, which have a space in them, are held by `test_rbac.py` and by the routers' contract.

    Azure's, which have a slash, and Google's, which have dots alone, are held by their stand-ins, which enforce them:
    `routers/test_azure_….py`, `routers/test_cloud_run.py`.
    """
    return {action for action in actions_of(found) if " " not in action and "/" not in action and ":" in action}


def called_in(*paths):
    return {call for path in paths for call in CALL.findall(path.read_text())}


def test_what_is_declared_is_what_is_called():
    everywhere = set().union(*(aws_actions_of(found) for _, _, found in declared()))
    calls = called_in(*SOURCE.rglob("*.py"))
    assert everywhere - calls <= IMPLIED
    assert calls - everywhere == set()


def test_a_class_declares_what_its_module_calls():
    for kind, cls, found in declared():
        module = Path(str(sys.modules[cls.__module__].__file__))
        assert called_in(module) <= actions_of(found), kind
        assert len(actions_of(found)) == len(found), f"{kind} declares an action twice"


def test_every_service_that_is_called_is_declared_by_somebody():
    assert {"alb", "ecs", "cloudwatch", "cloudwatch_alarms"} <= {kind for kind, _, _ in declared()}


def test_the_page_is_up_to_date():
    page = PAGE.read_text()
    assert page == with_table(page), "run `python -m bluegreen.permissions --markdown docs/permissions.md`"


def test_the_needs_of_kinds_are_brought_together_and_sorted():
    found = needed(["ecs", "alb", "alb", "http"])
    assert actions_of(found) == actions_of(needed(["alb"])) | actions_of(needed(["ecs"]))
    assert [permission.action for permission in found] == sorted(permission.action for permission in found)
    assert needed(["memory", "http"]) == []


def test_a_role_to_assume_is_no_part_of_what_the_role_may_do():
    assert "sts:AssumeRole" not in actions_of(needed(permissions.kinds()))


def test_an_unknown_kind_is_told_with_those_that_there_are():
    with pytest.raises(ValueError, match=r"kinds: asl is not allowed; allowed: alb, "):
        needed(["asl"])


def test_a_policy_has_a_statement_for_each_service_and_resource():
    policy = policy_document(["alb"])
    assert policy["Version"] == "2012-10-17"
    by_resource = {statement["Resource"]: statement["Action"] for statement in policy["Statement"]}
    assert len(by_resource) == len(policy["Statement"]) == 6
    assert by_resource["arn:aws:secretsmanager:*:*:secret:bluegreen/*"] == ["secretsmanager:GetSecretValue"]
    assert by_resource["*"] == [
        "elasticloadbalancing:DescribeAccountLimits",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetHealth",
    ]
    assert by_resource["arn:aws:elasticloadbalancing:*:*:listener/app/*"] == [
        "elasticloadbalancing:CreateRule",
        "elasticloadbalancing:ModifyListener",
    ]
    assert by_resource["arn:aws:elasticloadbalancing:*:*:listener*/app/*"] == [
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:RemoveTags",
    ]
    granted = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert granted == actions_of(needed(["alb"]))
    assert all(statement["Effect"] == "Allow" for statement in policy["Statement"])


def test_permissions_of_other_platforms_are_no_part_of_an_iam_policy(monkeypatch):
    found = [Permission("compute.urlMaps.update", "every shift"), Permission("sns:Publish", "never", "arn:topic")]
    monkeypatch.setattr(permissions, "needed", lambda _: found)
    statements = policy_document(["any"])["Statement"]
    assert statements == [{"Effect": "Allow", "Action": ["sns:Publish"], "Resource": "arn:topic"}]


def test_a_page_without_its_markers_is_refused():
    for page in ("", "<!-- permissions:begin -->", "<!-- permissions:end --> <!-- permissions:begin -->"):
        with pytest.raises(ValueError, match="permissions:begin"):
            with_table(page)


def test_the_command_prints_the_policy(capsys):
    assert main(["alb", "ecs"]) == 0
    assert json.loads(capsys.readouterr().out) == policy_document(["alb", "ecs"])


def test_the_command_without_kinds_prints_that_of_all(capsys):
    assert main([]) == 0
    assert json.loads(capsys.readouterr().out) == policy_document(permissions.kinds())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["asl"], "asl is not allowed"),
        (["memory", "http"], "memory, http: nothing of this calls AWS"),
        (["--markdown", "/nowhere/page.md"], "No such file"),
    ],
)
def test_the_command_says_what_is_wrong(capsys, arguments, message):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_the_command_renews_a_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- permissions:begin -->\nthe former table\n<!-- permissions:end -->\nafter\n")
    assert main(["--markdown", str(page)]) == 0
    assert page.read_text().startswith("before\n<!-- permissions:begin -->\n\n| kind |")
    assert page.read_text().endswith("\n<!-- permissions:end -->\nafter\n")
    assert "the former table" not in page.read_text()


BALANCED = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
LISTENER, RULE = f"{BALANCED}:listener/app/web/50dc/f2f7", f"{BALANCED}:listener-rule/app/web/50dc/f2f7/9683"
NETWORK_LISTENER = f"{BALANCED}:listener/net/web/50dc/f2f7"
STAGE_TAGS = "arn:aws:apigateway:eu-west-1::/tags/arn%3Aaws%3Aapigateway"
TAGGING = ("elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags")


def allowed(kind, action, arn):
    return any(
        action in statement["Action"] and fnmatchcase(arn, statement["Resource"])
        for statement in policy_document([kind])["Statement"]
    )


@pytest.mark.parametrize(
    ("kind", "arn", "actions"),
    [
        *((kind, LISTENER, (*TAGGING, "elasticloadbalancing:ModifyListener")) for kind in ("alb", "alb_listeners")),
        *((kind, RULE, (*TAGGING, "elasticloadbalancing:ModifyRule")) for kind in ("alb", "alb_listeners")),
        *((kind, LISTENER, ("elasticloadbalancing:CreateRule",)) for kind in ("alb", "alb_listeners")),
        *((kind, RULE, ("elasticloadbalancing:DeleteRule",)) for kind in ("alb", "alb_listeners")),
        ("nlb", NETWORK_LISTENER, (*TAGGING, "elasticloadbalancing:ModifyListener")),
        *((kind, LISTENER, (*TAGGING, "elasticloadbalancing:ModifyListener")) for kind in ("codedeploy", "ecs_native")),
        *((kind, RULE, (*TAGGING, "elasticloadbalancing:ModifyRule")) for kind in ("codedeploy", "ecs_native")),
        ("http_api_stage", STAGE_TAGS, ("apigateway:GET", "apigateway:POST", "apigateway:DELETE")),
        ("rest_api_canary", STAGE_TAGS, ("apigateway:GET", "apigateway:PUT", "apigateway:DELETE")),
        ("http_api_stage", "arn:aws:apigateway:eu-west-1::/apis/a1/stages/$default", ("apigateway:PATCH",)),
        ("rest_api_canary", "arn:aws:apigateway:eu-west-1::/restapis/a1/stages/prod", ("apigateway:PATCH",)),
    ],
)
def test_the_policy_allows_the_writes_on_whatever_is_handed_in(kind, arn, actions):
    assert [action for action in actions if not allowed(kind, action, arn)] == []


def test_the_methods_of_api_gateway_are_the_actions_that_its_policies_name():
    session = botocore.session.get_session()
    for service, kind in (("apigateway", "rest_api_canary"), ("apigatewayv2", "http_api_stage")):
        model = session.get_service_model(service)
        for operation in ("TagResource", "UntagResource", "GetTags"):
            action = f"apigateway:{model.operation_model(operation).http['method']}"
            assert allowed(kind, action, STAGE_TAGS), f"{kind}: {operation} is {action}"
