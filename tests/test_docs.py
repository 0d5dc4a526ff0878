"""Every Python example in the documentation runs, every link within it leads somewhere, and its names are real."""

from __future__ import annotations

import inspect
import json
import re
import time
from pathlib import Path

import pytest

from bluegreen import gates
from bluegreen.gates.registry import GATES
from bluegreen.gates.webhook_gate import HOOKS
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.rollout.model import Outcome, Phase
from bluegreen.rollout.presets import PRESETS
from bluegreen.signing import SIGNATURE_HEADER, signature_header
from bluegreen.swap import contract
from dev import config_keys
from tests.aws import mocked
from tests.scenarios.variants import VARIANTS, variant

REPO = Path(__file__).resolve().parents[1]
DOCS = REPO / "docs"
PAGES = [REPO / "README.md", REPO / "CONTRIBUTING.md", REPO / "examples" / "README.md", *sorted(DOCS.glob("*.md"))]
EXAMPLES = [
    pytest.param(code, id=f"{page.name}-{number}")
    for page in PAGES
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL), 1)
]
CONFIG = {
    "activeColor": "blue",
    "blueImage": "app:v1",
    "greenImage": "app:v2",
    "blueSource": "checkout-v1.zip",
    "greenSource": "checkout-v2.zip",
    "blueImageId": "canonical:ubuntu-24_04-lts:server:24.04.1",
    "greenImageId": "canonical:ubuntu-24_04-lts:server:24.04.2",
    "blueMachineImage": "projects/shop/global/images/app-v1",
    "greenMachineImage": "projects/shop/global/images/app-v2",
    "nodeHost": "192.0.2.10",
    "vpcId": "vpc-1",
    "subnetIds": '["subnet-1", "subnet-2"]',
    "loadBalancerArn": "arn:lb",
    "clusterArn": "arn:cluster",
    "certificateArn": "arn:certificate",
    "ruleArn": "arn:aws:elasticloadbalancing:eu-central-1:1:listener-rule/app/web/50dc6c49/f2f7dc8e/9683b2d0",
    "serviceArn": "arn:aws:ecs:eu-central-1:1:service/shared/legacy",
    "targetGroupArn": "arn:group",
    "taskDefinitionArn": "arn:legacy:7",
    "greenTaskDefinition": "arn:aws:ecs:eu-central-1:123456789012:task-definition/web:7",
    "databaseClients": "sg-1",
    "fileSystem": "fs-1",
    "functionArn": "arn:aws:lambda:eu-central-1:123456789012:function:orders",
    "blueVersion": "3",
    "blueRelease": "v1",
    "greenRelease": "v2",
    "greenVersion": "4",
    "blueRevision": "web--v1",
    "greenRevision": "web--v2",
    "listenerArn": "arn:aws:elasticloadbalancing:eu-central-1:1:listener/app/shared/50dc6c49/f2f7dc8e",
    "services": '{"web": {"activeColor": "blue", "blueImage": "web:v1", "greenImage": "web:v2", "priority": 100}}',
}
# A swap in which every gate runs at some time.
SWAP = {
    "active_color": "green",
    "releases": {"blue": "app:v1", "green": "app:v2"},
    "router": {"kind": "memory", "name": "docs"},
    "previews": {color: {"url": f"http://{color}.example.com", "headers": {}} for color in ("blue", "green")},
    "strategy": {"name": "canary", "steps": [{"weight_percent": 10, "hold_seconds": 300}]},
    "bake_seconds": 60,
}


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_runs(code):
    names = {}
    mocked.run(lambda: exec(compile(code, "example", "exec"), names), CONFIG)
    declared = {key: names[key] for key in ("gates", "notifications") if isinstance(names.get(key), list)}
    assert not contract.problems_in({**SWAP, **declared})
    for strategy in names.get("strategies", []):
        steps = [{"weight_percent": step.weight_percent, "hold_seconds": step.hold_seconds} for step in strategy.steps]
        assert not contract.problems_in({**SWAP, "strategy": {"name": strategy.name, "steps": steps}, "gates": []})


def test_there_are_examples():
    assert len(EXAMPLES) >= 15


def test_json_in_commands_is_what_the_swap_takes():
    found = [
        (key, json.loads(value))
        for page in PAGES
        for key, value in re.findall(r"pulumi config set (\w+) '(.*?)'", page.read_text())
    ]
    assert found
    assert not contract.problems_in({**SWAP, **dict(found)})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", page.read_text()):
        target = page.parent / link if link else page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, anchor


def cells(page, first_cell_of_header):
    """The code in the first cells of one table."""
    table = page.read_text().split(f"| {first_cell_of_header} |")[1].split("\n\n")[0]
    rows = table.splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])}


def test_every_gate_is_documented():
    declaring = {name for name, found in inspect.getmembers(gates, inspect.isfunction) if not name.startswith("_")}
    declaring -= {"metric", "prometheus_source", "cloudwatch_source"}
    assert cells(DOCS / "gates.md", "gate") == declaring
    assert set(GATES.entries) - {"metric"} <= declaring


def test_the_phases_and_the_hooks_are_those_of_the_code():
    page = DOCS / "gates.md"
    assert cells(page, "phase") == {phase.value for phase in Phase}
    assert cells(page, "`type` | phase") == set(HOOKS)


def test_the_outcomes_and_the_notifiers_are_those_of_the_code():
    page = DOCS / "notifications.md"
    assert cells(page, "how it ended") == {outcome.value for outcome in Outcome}
    assert cells(page, "kind") == set(NOTIFIERS.entries)


def test_every_preset_is_documented():
    named = cells(DOCS / "deploy.md", "preset")
    assert {name for name in PRESETS if "." not in name} == named


def test_the_environment_of_a_command_is_documented():
    source = (REPO / "components" / "bluegreen" / "gates" / "command_gate.py").read_text()
    assert cells(DOCS / "gates.md", "variable") == set(re.findall(r'"(BLUEGREEN_\w+)"', source))


def test_the_documented_check_of_a_signature_takes_ours_and_no_other():
    names = {}
    (code,) = [example.values[0] for example in EXAMPLES if "def is_from_bluegreen" in example.values[0]]
    exec(code, names)
    verify, body = names["is_from_bluegreen"], b'{"color": "green"}'
    ours = signature_header("key", body, time.time())[SIGNATURE_HEADER]
    assert verify(b"key", body, ours)
    assert not verify(b"another", body, ours)
    assert not verify(b"key", body + b" ", ours)
    assert not verify(b"key", body, signature_header("key", body, time.time() - 3600)[SIGNATURE_HEADER])


def test_the_place_for_the_matrix_is_there():
    page = (DOCS / "safety.md").read_text()
    assert page.count("<!-- matrix:begin -->") == page.count("<!-- matrix:end -->") == 1


def test_every_platform_says_what_carries_its_requests():
    page = (DOCS / "safety.md").read_text()
    for name in VARIANTS:
        found = variant(name)
        figures = f"{found.promotion_calls} | {found.rollback_calls}"
        row = f"| [{name}](../stacks/{found.platform}.py) | {found.data_plane} | {figures} |"
        assert row in page, f"docs/safety.md: {row}"


def test_every_stack_program_is_in_the_table_of_platforms():
    programs = {path.stem for path in (REPO / "stacks").glob("*.py")} - {"__main__", "settings", "keys"}
    rows = [line for line in (DOCS / "choose.md").read_text().splitlines() if "](../stacks/" in line]
    assert {name for row in rows for name in re.findall(r"\(\.\./stacks/(\w+)\.py\)", row)} == programs
    for row in rows:
        if row.startswith("|"):
            assert row.split(" | ")[3] in {"real", "emulated", "played", "records"}, row
    for program in programs:
        assert len((REPO / "stacks" / f"{program}.py").read_text().splitlines()) < 60


def test_the_readme_is_read_in_one_sitting():
    assert len((REPO / "README.md").read_text().splitlines()) <= 120


def test_the_typescript_in_the_readme_is_that_of_the_example():
    (code,) = re.findall(r"```typescript\n(.*?)```", (REPO / "README.md").read_text(), re.DOTALL)
    example = (REPO / "examples" / "typescript" / "index.ts").read_text().splitlines()
    assert not [line for line in code.splitlines() if line not in example]


def test_every_page_is_in_the_index():
    linked = set(re.findall(r"\]\((\S+?\.md)\)", (DOCS / "index.md").read_text()))
    # Two are for Pulumi's registry alone.
    of_others = {"index.md", "_index.md", "installation-configuration.md"}
    assert {page.name for page in DOCS.glob("*.md")} - of_others <= linked


def test_the_keys_of_the_programs_are_those_of_the_page():
    text = config_keys.PAGE.read_text()
    assert config_keys.page(text) == text, "python -m dev.config_keys"


def test_the_texts_of_errors_are_those_of_the_code():
    """What stands in the reference is said by the package, word for word; `…` is what differs from case to case."""
    ours = (DOCS / "errors.md").read_text().split("## Pulumi's own")[0]
    said = "\n".join(
        path.read_text()
        for folder in (REPO / "components" / "bluegreen", REPO / "stacks")
        for path in sorted(folder.rglob("*.py"))
    )
    texts = [row.split("`")[1] for row in ours.splitlines() if row.startswith("| `")]
    assert len(texts) >= 15
    for text in texts:
        for words in (part.strip() for part in text.split("…")):
            assert not words or words in said, text
