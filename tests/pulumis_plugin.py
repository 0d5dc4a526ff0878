"""A stack of the tests' whose Kubernetes objects Pulumi's own plugin makes, in the stand-in's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.pulumi_home import PulumiHome
from localcloud.tools import kubernetes_plugin


def use(env: dict[str, str], folder: Path) -> None:
    """Give a stack a home of Pulumi's of its own with that plugin in it.

    It cannot be had everywhere: where it is not built this skips the test, also in CI.
    """
    built = kubernetes_plugin.cached()
    if built is None:
        pytest.skip("Pulumi's Kubernetes plugin is not built: `make scenarios-kubernetes-plugin` builds it")
    home = PulumiHome(folder / "home")
    home.install_plugins(built)
    env["PULUMI_HOME"] = str(home.home)
