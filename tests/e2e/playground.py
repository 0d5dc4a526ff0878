"""A stack whose only resource is a swap in the memory world, driven by the real `pulumi`, without any cloud."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from localcloud.pulumi_home import PulumiHome
from tests.e2e import keeper, warm
from tests.e2e.shared_world.sitecustomize import WHERE, locked
from tests.e2e.stack import end_updates

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
LIMIT_SECONDS = 300
PROGRAM = """\
import json
import pulumi
from bluegreen.adapters import resource

config = pulumi.Config()
options = pulumi.ResourceOptions()
resource.declare("web", json.loads(config.require("inputs")), options, provider=config.require("adapter"))
"""
EMPTY: dict[str, Any] = {
    "weights": {"blue": 0, "green": 0},
    "desired": {"blue": 1, "green": 1},
    "broken": [],
    "retiring": {},
    "marks": {},
    "moves": [],
    "refused": [],
    "unverified": [],
}
STEPS = [{"weight_percent": share, "hold_seconds": 0.2} for share in (10, 50)]


class Playground:
    """One stack. Its `folder` and `env` are those of its `pulumi`.

    Args:
        home: prepared, with the CLI.
        folder: empty, its own.
        adapter: who does the swap.
        python_path: what comes before everything else, such as another SDK.
        spared: whether all its processes have a warm Python (see warm.py), and its key no passphrase (see keeper.py).
    """

    def __init__(self, home: PulumiHome, folder: Path, adapter: str, *python_path: Path, spared: bool = True) -> None:
        self.folder, self.adapter = folder, adapter
        self._file = folder / "world.json"
        self.gate = folder / "gate"
        (folder / "state").mkdir()
        (folder / "__main__.py").write_text(PROGRAM)
        (folder / "Pulumi.yaml").write_text("name: playground\nruntime: python\n")
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
        self.env = {
            **kept,
            **home.env(),
            **(warm.env() if spared else {}),
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_STACK": "test",
            "PATH": os.pathsep.join([*home.path, kept["PATH"]]),
            "PYTHONPATH": os.pathsep.join(
                map(str, [*python_path, HERE / "shared_world", REPO, REPO / "components"]),
            ),
            WHERE: str(self._file),
        }
        self.pulumi("stack", "init", "test", *(keeper.INIT if spared else ()))
        self._file.write_text(json.dumps(EMPTY))
        self.gate.write_text("exit 0")
        self.up("blue")
        kept_files = [*(folder / "state").rglob("*"), self._file, self.gate]
        self._begun = {path: path.read_bytes() for path in kept_files if path.is_file()}

    def reset(self) -> None:
        """As it was when blue had been started, whatever came after that."""
        end_updates(self.folder)
        shutil.rmtree(self.folder / "state")
        for path, content in self._begun.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    @contextlib.contextmanager
    def world(self) -> Iterator[dict[str, Any]]:
        """Everything that is there, to be looked at and to be changed by hand."""
        with locked(self._file) as world:
            yield world

    def set(self, color: str, **more: Any) -> None:
        """Set the color that the program declares from now on."""
        gate = {"kind": "command", "command": ["sh", str(self.gate)], "interval_seconds": 0.05}
        inputs = {
            "name": "web",
            "active_color": color,
            "releases": {"blue": "v1", "green": "v2"},
            "router": {"kind": "memory", "name": "web"},
            "capacity": {"kind": "memory", "name": "web"},
            "strategy": {"steps": STEPS},
            "bake_seconds": 0.2,
            "poll_interval_seconds": 0.05,
            "steady_state_timeout_seconds": 1,
            "converge_timeout_seconds": 1,
            "gates": [{**gate, "phases": ["confirm", "before", "increase", "hold", "promote", "bake"]}],
            **more,
        }
        config = {"playground:inputs": json.dumps(inputs), "playground:adapter": self.adapter}
        path = self.folder / "Pulumi.test.yaml"
        known = yaml.safe_load(path.read_text()) if path.exists() else {}
        path.write_text(yaml.safe_dump({**(known or {}), "config": config}))

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi`; what it says, from both streams, is the result's ``stdout``."""
        return self._run("pulumi", *words, "--non-interactive")

    def bluegreen(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The command, as it is typed in another terminal."""
        return self._run(sys.executable, "-m", "bluegreen.cli", *words)

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )

    def pulumi(self, *words: str) -> str:
        """Run `pulumi`, which must succeed."""
        done = self.command(*words)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def up(self, color: str, **more: Any) -> str:
        """`pulumi up`."""
        self.set(color, **more)
        return self.pulumi("up", "--yes", "--skip-preview")

    def up_fails(self, color: str, **more: Any) -> str:
        """The same, when it must fail."""
        self.set(color, **more)
        done = self.command("up", "--yes", "--skip-preview")
        assert done.returncode != 0, done.stdout
        return done.stdout

    @property
    def outputs(self) -> Mapping[str, Any]:
        """The swap's, as the state has them."""
        (state,) = (self.folder / "state" / ".pulumi" / "stacks").rglob("test.json")
        resources = json.loads(state.read_text())["checkpoint"]["latest"]["resources"]
        (swap,) = [one for one in resources if one["type"].endswith(":TrafficSwap")]
        outputs: Mapping[str, Any] = swap["outputs"]
        return outputs

    @property
    def urn(self) -> str:
        """The swap's."""
        (state,) = (self.folder / "state" / ".pulumi" / "stacks").rglob("test.json")
        resources = json.loads(state.read_text())["checkpoint"]["latest"]["resources"]
        return next(str(one["urn"]) for one in resources if one["type"].endswith(":TrafficSwap"))
