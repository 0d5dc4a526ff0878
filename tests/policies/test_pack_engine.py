"""The pack as a user runs it: the real engine, the real command line, the local cloud."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.cloud import LocalCloud
from tests.e2e import keeper, warm

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
PACK = REPO / "policies"
PASSED = "✅ bluegreen@v"
LIMIT_SECONDS = 120

SWAP = """
import pulumi
from bluegreen.swap.dynamic import TrafficSwap

config = pulumi.Config()
TrafficSwap(
    "shop-swap",
    {
        "active_color": config.require("active"),
        "releases": {"blue": config.require("blue"), "green": config.require("green")},
        "digests": {color: config.get(f"{color}Digest") or "sha256:0" for color in ("blue", "green")},
        "router": {"kind": "memory", "name": "policies"},
    },
)
"""


class Project:
    """A Pulumi project with one stack in a folder of its own, with its own state."""

    def __init__(self, cloud: LocalCloud, folder: Path, program: str) -> None:
        self.folder = folder
        self.env = {**cloud.process_env(), **warm.env(), "PULUMI_BACKEND_URL": f"file://{folder}/state"}
        (folder / "state").mkdir()
        (folder / "__main__.py").write_text(program)
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        self.run("stack", "init", "test", *keeper.INIT)
        self._key = yaml.safe_load((folder / "Pulumi.test.yaml").read_text())

    def set(self, **config: Any) -> None:
        """The stack's whole config, beside its key."""
        named = {"aws:region": "us-east-1", **{f"shop:{key}": value for key, value in config.items()}}
        (self.folder / "Pulumi.test.yaml").write_text(yaml.safe_dump({**self._key, "config": named}))

    def run(self, *words: str, fails: bool = False) -> str:
        """Run `pulumi`, which must do as expected; returns all that it said."""
        return pulumi(self.folder, self.env, *words, fails=fails)

    def check(self, config: Mapping[str, Any] | None = None, *, fails: bool = False) -> str:
        """`pulumi preview` with the pack, and with a config for it."""
        words = ["--policy-pack", str(PACK)]
        if config is not None:
            file = self.folder / "policies.json"
            file.write_text(json.dumps(config))
            words += ["--policy-pack-config", str(file)]
        return self.run("preview", *words, fails=fails)


def pulumi(folder: Path, env: Mapping[str, str], *words: str, fails: bool = False) -> str:
    done = subprocess.run(
        ["pulumi", *words, "--non-interactive"],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert (done.returncode != 0) == fails, f"pulumi {' '.join(words)}: {done.returncode}\n{done.stdout}"
    return done.stdout


def reported(output: str) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """The engine's report: level and message of each violation, by policy and resource."""
    heading = re.compile(r"- \[(\w+)\]  (\S+)  \((?:\S+): (\S+)\)")
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    lines = output.splitlines()
    for index, line in enumerate(lines):
        if match := heading.search(line):
            level, policy, resource = match.groups()
            # The policy's description comes first, then the message.
            found.setdefault((policy, resource), []).append((level, lines[index + 2].strip()))
    return found


@pytest.fixture(scope="module")
def shop(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Target groups and task definitions of two colors."""
    return Project(cloud, tmp_path_factory.mktemp("shop"), (HERE / "program.py").read_text())


ALL_WRONG = {"image": "app:latest", "health_check": None, "cpu": "512", "missing": "blue"}


def test_the_repos_own_stack_passes_as_a_user_runs_it(cloud: LocalCloud) -> None:
    words = ("preview", "--stack", "ecs", "--policy-pack", "policies")
    output = pulumi(REPO, cloud.process_env(), *words)
    assert PASSED in output
    assert reported(output) == {}
    assert "warning" not in output.lower()


def test_a_good_service_passes_and_what_is_not_known_yet_stops_no_rule(shop: Project) -> None:
    shop.set()
    output = shop.check()
    assert PASSED in output
    assert "can't run policy" not in output
    assert reported(output) == {}


def test_each_violation_is_told_with_the_resource_the_value_and_what_to_do(shop: Project) -> None:
    shop.set(wrong=ALL_WRONG)
    found = reported(shop.check(fails=True))
    assert {key: [level for level, _ in told] for key, told in found.items()} == {
        ("images", "shop-blue"): ["mandatory"],
        ("health-checks", "shop-green"): ["mandatory"],
        ("both-colors", "shop-green"): ["mandatory"],
        ("parity", "shop-green"): ["advisory"],
    }
    texts = {policy: told[0][1] for (policy, _), told in found.items()}
    assert 'shop-blue: containerDefinitions[app].image is "app:latest"' in texts["images"]
    assert "shop-green: the health check of green's target group is not declared" in texts["health-checks"]
    assert "has this TargetGroup for green, but none for blue. Declare blue's" in texts["both-colors"]
    assert 'cpu is "256" in blue and "512" in green. Make both the same' in texts["parity"]


def test_rules_are_advisory_or_off_and_take_options_by_the_packs_config(shop: Project) -> None:
    shop.set(wrong=ALL_WRONG)
    config = {
        "health-checks": "advisory",
        "both-colors": "disabled",
        "images": {"forbiddenTags": ["nightly"]},
        "parity": {"enforcementLevel": "mandatory", "exempt": ["cpu"]},
    }
    found = reported(shop.check(config))
    assert {key: [level for level, _ in told] for key, told in found.items()} == {
        ("health-checks", "shop-green"): ["advisory"]
    }


def test_a_wrong_option_is_refused(shop: Project) -> None:
    assert "exempt" in shop.check({"parity": {"exempt": "cpu"}}, fails=True)


def test_the_live_colors_release_is_not_changed_in_place(cloud: LocalCloud, tmp_path: Path) -> None:
    swap = Project(cloud, tmp_path, SWAP)
    swap.set(active="blue", blue="app:v1", green="app:v1")
    swap.run("up", "--yes", "--skip-preview")

    swap.set(active="blue", blue="app:v1", green="app:v2")
    assert PASSED in swap.check()

    swap.set(active="blue", blue="app:v1", green="app:v1", blueDigest="sha256:9")
    ((level, message),) = reported(swap.check(fails=True))["live-release", "shop-swap"]
    assert level == "mandatory", "another thing of the same name"
    assert "blue: app:v1 (digest sha256:0) -> app:v1 (digest sha256:9)" in message

    swap.set(active="blue", blue="app:v2", green="app:v1", blueDigest="sha256:2")
    ((level, message),) = reported(swap.check(fails=True))["live-release", "shop-swap"]
    assert level == "mandatory"
    assert 'shop-swap: live_release_change is "blue: app:v1 -> app:v2"' in message
    assert "deploy the new one to green, the idle color" in message
    # Refused before it is written, also without a preview.
    swap.run("up", "--yes", "--skip-preview", "--policy-pack", str(PACK), fails=True)
    state = json.loads((swap.folder / "state/.pulumi/stacks/shop/test.json").read_text())
    (found,) = (one for one in state["checkpoint"]["latest"]["resources"] if one["urn"].endswith("::shop-swap"))
    assert found["inputs"]["releases"]["blue"] == "app:v1"
