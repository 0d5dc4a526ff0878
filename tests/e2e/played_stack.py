"""A stack on a cloud that is played, driven by the real `pulumi`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import yaml

from localcloud.played import Played
from tests.e2e import keeper, warm

STACKS = Path(__file__).resolve().parents[2] / "stacks"
LIMIT_SECONDS = 240


class Stack:
    """One stack of a project, named as the folder around it.

    Args:
        cloud: where its `pulumi` works.
        project: the project's folder; where it has none, that of `stacks` is taken.
        name: the project's name.
    """

    def __init__(self, cloud: Played, project: Path, name: str = "shop") -> None:
        self.project, self._name = project, name
        if not (project / "Pulumi.yaml").exists():
            (project / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\nmain: {STACKS}\n")
        path = os.pathsep.join([*cloud.path, os.environ["PATH"]])
        self.env = {**os.environ, **cloud.env(), **warm.env(), "PATH": path}
        self._file = project / f"Pulumi.{project.parent.name}.yaml"
        self.run("stack", "init", project.parent.name, *keeper.INIT)

    def run(self, *words: str, fails: bool = False) -> str:
        """Run `pulumi`, which must do as expected; returns all that it said."""
        command = ["pulumi", "--non-interactive", *words]
        done = subprocess.run(
            command, cwd=self.project, env=self.env, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self, *, fails: bool = False, **config: object) -> str:
        """`pulumi up` with this config beside what there was; what is no text or number is a text of JSON."""
        content = yaml.safe_load(self._file.read_text())
        told = content.setdefault("config", {})
        for key, value in config.items():
            told[f"{self._name}:{key}"] = value if isinstance(value, str | int) else json.dumps(value)
        self._file.write_text(yaml.safe_dump(content))
        return self.run("up", "--yes", "--skip-preview", fails=fails)
