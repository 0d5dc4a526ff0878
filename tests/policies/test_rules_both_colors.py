"""Whatever one color has, the other has too."""

import pytest
from policy_resources import TARGET_GROUP, resource, stack

from rules import both_colors
from rules.values import ECS_SERVICE, TASK_DEFINITION


def colored(name, color, type_token=TARGET_GROUP):
    return resource(type_token, name, {"tags": {"bluegreen:service": "web", "bluegreen:color": color}})


def test_a_service_with_both_colors_passes():
    assert both_colors.violations(stack()) == []


def test_a_missing_color_is_named_with_how_to_declare_it():
    (found,) = both_colors.violations([colored("web-blue", "blue")])
    assert found.urn.endswith("::web-blue")
    assert found.message == (
        "web-blue: the service 'web' has this TargetGroup for blue, but none for green. Declare green's, tagged "
        "bluegreen:service = web and bluegreen:color = green."
    )


@pytest.mark.parametrize("type_token", [TARGET_GROUP, TASK_DEFINITION, ECS_SERVICE])
def test_either_color_and_each_kind_can_be_missing(type_token):
    (found,) = both_colors.violations([colored("x", "green", type_token)])
    assert "for green, but none for blue" in found.message


def test_a_color_may_run_a_task_definition_that_was_made_elsewhere():
    tags = {"bluegreen:service": "web", "bluegreen:color": "green"}
    made_elsewhere = {"tags": tags, "taskDefinition": "arn:aws:ecs:eu-central-1:1:task-definition/shop:7"}
    found = [colored("web-blue", "blue", TASK_DEFINITION), colored("web-blue", "blue", ECS_SERVICE)]
    assert both_colors.violations([*found, resource(ECS_SERVICE, "web-green", made_elsewhere)]) == []
    (missing,) = both_colors.violations([found[0], colored("web-green", "green", TARGET_GROUP), found[1]])[:1]
    assert "none for green" in missing.message


def test_names_do_not_matter_where_each_color_has_one():
    assert both_colors.violations([colored("first", "blue"), colored("second", "green")]) == []


def test_where_a_color_has_several_the_names_decide():
    stack = [colored(f"web-{color}-{end}", color) for color in ("blue", "green") for end in ("http", "grpc")]
    assert both_colors.violations(stack) == []
    (found,) = both_colors.violations(stack[:3])
    assert found.message.startswith("web-blue-grpc: ")


def test_other_resources_are_not_looked_at():
    assert both_colors.violations([resource(TARGET_GROUP, "x", {}), colored("y", "blue", "aws:iam/role:Role")]) == []
