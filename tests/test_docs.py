"""Every Python example in the documentation runs, and every link within it leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.aws import mocked

REPO = Path(__file__).resolve().parents[1]
PAGES = [REPO / "README.md", REPO / "CONTRIBUTING.md", *sorted((REPO / "docs").glob("*.md"))]
EXAMPLES = [
    pytest.param(code, id=f"{page.name}-{number}")
    for page in PAGES
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL), 1)
]
CONFIG = {
    "activeColor": "blue",
    "blueImage": "app:v1",
    "greenImage": "app:v2",
    "vpcId": "vpc-1",
    "subnetIds": '["subnet-1", "subnet-2"]',
    "loadBalancerArn": "arn:lb",
    "clusterArn": "arn:cluster",
    "certificateArn": "arn:certificate",
}


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_runs(code):
    mocked.run(lambda: exec(compile(code, "example", "exec"), {}), CONFIG)


def test_there_are_examples():
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / link).exists(), link


def test_the_config_keys_in_the_readme_are_those_of_the_program():
    program = (REPO / "stacks" / "ecs.py").read_text()
    used = set(re.findall(r'config\.\w+\("(\w+)"\)', program))
    table = (REPO / "README.md").read_text().split("| config key |")[1].split("\n\n")[0]
    assert (
        set(
            re.findall(
                r"`([a-z]+[A-Za-z]*)`(?:,| \|)", "\n".join(row.split(" | ")[0] + " |" for row in table.splitlines())
            )
        )
        == used
    )
