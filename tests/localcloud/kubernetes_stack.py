"""A stack of the tests' own with Kubernetes resources, driven by the real engine."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, ClassVar

import yaml

from localcloud.kubernetes.node import LocalNode
from localcloud.plugins.kubernetes.driver import WHICH
from tests import pulumis_plugin
from tests.e2e import keeper, warm

LIMIT_SECONDS = 240


class Stack:
    """A project in a folder, with its own state.

    Its program and plugins are run by the warm Python, but for those of a ``plain`` stack: see `warm_up`.

    Attributes:
        runs: how often `pulumi` was run by all of them.
    """

    runs: ClassVar[int] = 0

    def __init__(self, node: LocalNode, project: Path, program: str, *, plain: bool = False) -> None:
        self.project = project
        self.env = {**node.process_env(), "PULUMI_BACKEND_URL": f"file://{project}/state"}
        if not plain:
            self.warm_up()
        self.env["BLUEGREEN_KUBERNETES_SETTLE_SECONDS"] = "0.3"
        if WHICH == "real":
            pulumis_plugin.use(self.env, project)
        (project / "state").mkdir()
        (project / "Pulumi.yaml").write_text("name: kubernetesplugin\nruntime: python\n")
        (project / "__main__.py").write_text(program)
        self.run("stack", "init", "test", *([] if plain else keeper.INIT))

    def warm_up(self) -> None:
        """From now on by the warm Python."""
        self.env |= warm.env()

    def run(self, *words: str, fails: bool = False) -> str:
        Stack.runs += 1
        done = subprocess.run(
            ["pulumi", "--non-interactive", *words],
            cwd=self.project,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def set(self, **config: str) -> None:
        """Change config in the stack's file, as an editor does."""
        file = self.project / "Pulumi.test.yaml"
        content = (yaml.safe_load(file.read_text()) or {}) if file.exists() else {}
        content.setdefault("config", {}).update({f"kubernetesplugin:{key}": value for key, value in config.items()})
        file.write_text(yaml.safe_dump(content))

    def changes(self, *words: str) -> dict[str, int]:
        """The counts that the operation's summary ends with."""
        said = self.run(*words, "--yes", "--skip-preview")
        return {what: int(number) for number, what in re.findall(r"(\d+) (\w+)", said.split("Resources:", 1)[1])}

    def resources(self) -> dict[str, Any]:
        """Every resource in the state, by type and name."""
        file = self.project / "state" / ".pulumi" / "stacks" / "kubernetesplugin" / "test.json"
        resources = json.loads(file.read_text())["checkpoint"]["latest"]["resources"]
        return {f"{one['type'].rsplit(':', 1)[-1]} {one['urn'].rsplit('::', 1)[-1]}": one for one in resources}
