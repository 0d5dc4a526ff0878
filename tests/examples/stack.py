"""One stack whose program may be written in any language: its state does not know in which."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import boto3
import yaml

from localcloud.cloud import LocalCloud
from localcloud.kubernetes.node import LocalNode
from localcloud.progress import Silent
from localcloud.tools import languages
from tests.e2e import keeper, warm
from tests.e2e.stack import Stack
from tests.examples import building

PLUGIN = "pulumi-resource-bluegreen"


class Example(Stack):
    """A project in a folder of its own, whose program is exchanged by `use`."""

    def __init__(self, place: LocalCloud | LocalNode, folder: Path, project: str = "web") -> None:
        self.folder = folder
        self._project = project
        (folder / "state").mkdir()
        self._config = folder / "Pulumi.test.yaml"
        programs = Path(sys.executable).parent
        assert (programs / PLUGIN).is_file(), f"{PLUGIN} is not installed in {programs}: run `make setup`"
        self.env = {**place.process_env(), **warm.env(), **building.GO, "PULUMI_BACKEND_URL": f"file://{folder}/state"}
        del self.env["PULUMI_IGNORE_AMBIENT_PLUGINS"]  # here the plugin is the program on PATH, as users have it
        self.env["PULUMI_STACK"] = "test"
        # The compiler has checked the types already, when the example was made ready.
        self.env["PULUMI_NODEJS_TRANSPILE_ONLY"] = "true"
        path = [str(languages.ensure(Silent())), str(programs), self.env["PATH"]]
        self.env["PATH"] = os.pathsep.join(path)

    def use(self, language: str) -> None:
        """Put the program of another language into the project's folder."""
        for path in self.folder.iterdir():
            if path.name not in {"state", self._config.name}:
                path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
        getattr(building, language.replace("-", "_"))(self.folder)
        if not self._config.exists():
            self.pulumi("stack", "init", "test", *keeper.INIT)

    def set(self, values: dict[str, Any]) -> None:
        """Change config keys."""
        content = yaml.safe_load(self._config.read_text()) or {}
        config = content.setdefault("config", {})
        config.update({key if ":" in key else f"{self._project}:{key}": value for key, value in values.items()})
        self._config.write_text(yaml.safe_dump(content))


def network() -> dict[str, Any]:
    """The default VPC and its subnets, as the examples' config has them."""
    ec2 = boto3.client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    return {"vpcId": vpc["VpcId"], "subnetIds": [subnet["SubnetId"] for subnet in subnets]}
