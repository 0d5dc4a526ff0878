"""The node for programs: start it, ask it, end it.

node = LocalNode.up()
node.apply("manifests.yaml")
httpx.get(node.node_port_url(30080))
node.down()
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from localcloud import cache, paths
from localcloud import state as states
from localcloud.bootstrap import NodeTools, for_node
from localcloud.cache import locked
from localcloud.errors import LocalCloudError
from localcloud.kubernetes import cleaning, extras, images, knative, machine, network, record, starting
from localcloud.kubernetes.crds import crds
from localcloud.kubernetes.layout import Layout
from localcloud.kubernetes.record import Record
from localcloud.kubernetes.sandbox import Sandbox
from localcloud.kubernetes.waiting import until
from localcloud.processes import no_proxy, run
from localcloud.progress import Progress, Silent
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import app, helm


class LocalNode:
    """One node that is up."""

    def __init__(self, state_dir: Path, node_record: Record, progress: Progress | None = None) -> None:
        self.state_dir = state_dir
        self.layout = Layout.of(state_dir)
        self._record = node_record
        self._progress = progress or Silent()

    @classmethod
    def up(
        cls, state_dir: Path | None = None, progress: Progress | None = None, project_dir: Path = paths.CHECKOUT
    ) -> LocalNode:
        """Start it, or find it running. Stacks are made for the config files of the project in `project_dir`."""
        state, progress = states.directory(state_dir), progress or Silent()
        _require_root()
        with machine.lock():
            _refuse_if_taken(state)  # before the minutes that it may take to build it
        with states.lock(state):
            tools = for_node(progress)
            home = PulumiHome(state)
            if home.prepared():
                home.install_plugins()
            else:
                home.prepare(tools.pulumi)
            with machine.lock():
                _refuse_if_taken(state)
                node = cls(state, _find_or_start(state, tools, progress), progress)
            home.init_stacks(project_dir, node.process_env())
            return node

    @classmethod
    def current(cls, state_dir: Path | None = None, progress: Progress | None = None) -> LocalNode:
        """The one that is up; an error if it is not."""
        state = states.directory(state_dir)
        node_record = record.read(Layout.of(state))
        if node_record is None or not node_record.alive():
            raise LocalCloudError(
                "the Kubernetes node is not running: start it with `python -m localcloud up kubernetes`"
            )
        return cls(state, node_record, progress)

    @classmethod
    def running(
        cls, state_dir: Path | None = None, progress: Progress | None = None, project_dir: Path = paths.CHECKOUT
    ) -> contextlib.AbstractContextManager[LocalNode]:
        """One that is up is used, else one is started, and ended in the end, also half-way."""
        return states.used(
            lambda: cls.current(state_dir),
            lambda: cls.up(state_dir, progress, project_dir),
            lambda: down(state_dir),
        )

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.layout.kubeconfig

    @property
    def path(self) -> list[str]:
        """The directories that PATH begins with for commands that use this node."""
        helm_there = cache.cached(helm.NAME, helm.VERSION)
        directories = [self._record.programs, *([str(helm_there / "bin")] if helm_there else [])]
        return [*directories, *PulumiHome(self.state_dir).path, str(Path(sys.executable).parent)]

    @property
    def pid(self) -> int:
        """The process that all others end with."""
        return self._record.sandbox.pid

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return f"https://127.0.0.1:{self._record.ports.api}"

    def env(self) -> dict[str, str]:
        """The environment of commands that use this node, beside their PATH (see `path`)."""
        return PulumiHome(self.state_dir).env() | {"KUBECONFIG": str(self.kubeconfig)}

    def process_env(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """A whole environment for a child process: `base` (else this one's), led to this node."""
        base = os.environ if base is None else base
        path = os.pathsep.join([*self.path, base.get("PATH", os.defpath)])
        return {**base, **self.env(), "PATH": path, **no_proxy(base)}

    @staticmethod
    def image(tag: str) -> str:
        """The name of one of the sample app's images: v1, v2, v3, or broken (never healthy)."""
        return images.name(tag)

    kubectl_image = images.KUBECTL

    @staticmethod
    def node_port_url(port: int) -> str:
        """The URL of a NodePort."""
        return f"http://127.0.0.1:{port}"

    def kubectl(self, *arguments: str | Path, stdin: str = "") -> str:
        """Run kubectl as the administrator; returns what it says."""
        command = [Path(self._record.programs) / "kubectl", f"--kubeconfig={self.kubeconfig}", *arguments]
        with tempfile.TemporaryFile("w+") as given:
            given.write(stdin)
            given.seek(0)
            return run(command, what=f"kubectl {arguments[0]}", env=self.process_env(), stdin=given)

    def apply(self, manifests: str | Path) -> str:
        """Apply YAML, given as text or as the path of a file or directory, server-side."""
        if isinstance(manifests, Path):
            return self.kubectl("apply", "--server-side", "--filename", manifests)
        return self.kubectl("apply", "--server-side", "--filename", "-", stdin=manifests)

    @contextlib.contextmanager
    def namespace(self, name: str) -> Iterator[str]:
        """A namespace for a while: one of that name that is still being deleted is waited for (two minutes at most)."""
        self.kubectl("wait", "--for=delete", f"namespace/{name}", "--timeout=120s")
        self.kubectl("create", "namespace", name)
        try:
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false")

    def install_crds(self, *names: str) -> None:
        """Install the resource definitions of these projects (see `crds.SOURCES`), and wait until they are served."""
        for name in names:
            files = crds(name, self._progress)
            with locked(self.layout.directory / f".crds-{name}.lock"):
                done = self.layout.directory / f"crds-{name}.installed"
                if done.exists():
                    continue
                chosen = [part for file in files for part in ("--filename", file)]
                self.kubectl("apply", "--server-side", *chosen)
                # A definition that nobody has looked at yet has no conditions at all, and kubectl gives up on that.
                until(partial(self._established, chosen), f"the resource definitions of {name} are served")
                done.touch()

    def _established(self, chosen: list[str | Path]) -> bool:
        self.kubectl("wait", "--for=condition=Established", "--timeout=60s", *chosen)
        return True

    def traefik(self) -> extras.Traefik:
        """Traefik beside the node, for Gateway API routes and resources of its own; started if it does not run.

        As a context it is ended in the end, if it was started for it; so is `argo_rollouts`.
        """
        self.install_crds("gateway-api", "traefik")
        return extras.traefik(self, self._progress)

    def argo_rollouts(self) -> extras.ArgoRollouts:
        """Argo Rollouts' controller beside the node; started if it does not run."""
        self.install_crds("argo-rollouts")
        return extras.argo_rollouts(self, self._progress)

    def knative(self) -> knative.Knative:
        """Knative Serving on the node, behind a gateway of its own: `traefik` does not run at the same time."""

        def load(archives: list[Path]) -> None:
            images.load(Sandbox(self.layout.directory, self._record.sandbox), archives)

        return knative.start(self, load, self._progress)

    def beside(self) -> dict[str, str]:
        """The programs that run beside the node, with their logs."""
        running = (name for name, daemon in extras.read(self).extras.items() if daemon.alive())
        return {name: str(self.layout.log(name)) for name in running}

    def down(self) -> None:
        """End it, and whatever was started beside it."""
        down(self.state_dir)


def down(state_dir: Path | None = None) -> bool:
    """End a node, whole or half started; returns whether there was one."""
    state = states.directory(state_dir)
    if not states.has_node(state) and os.getuid() != 0:
        return False  # nobody else can have started one
    _require_root()
    with states.lock(state), machine.lock():
        claim = machine.read()
        there = states.has_node(state)
        if claim is not None and claim.state_dir == str(state):
            there = True
            cleaning.clean(claim)
        elif there and claim is None:
            cleaning.clean(machine.Claim(str(state), {}, []))
        elif there:  # the machine is another node's by now
            cleaning.end(state)
        if there:
            if states.has_aws(state):
                PulumiHome(state).forget("kubernetes")
            else:
                states.remove(state)
        states.lock_file(state).unlink()
        return there


def _require_root() -> None:
    if os.getuid() != 0:
        raise LocalCloudError("a Kubernetes node needs root: run this again with `sudo`")


def _find_or_start(state: Path, tools: NodeTools, progress: Progress) -> Record:
    layout = Layout.of(state)
    node_record = record.read(layout)
    if node_record is not None and node_record.alive() and machine.read() is not None:
        if node_record.app == app.version():
            return node_record
        archive = images.app_archive(tools.app, app.version())
        images.load(Sandbox(layout.directory, node_record.sandbox), [archive])
        return record.write(layout, dataclasses.replace(node_record, app=app.version()))
    if node_record is not None:
        progress.say("The Kubernetes node had ended. What was in it is gone, so its Pulumi state is dropped")
        PulumiHome(state).forget("kubernetes" if states.has_aws(state) else None)
    # What is left of the machine's last node, wherever its state is, and of one in this directory.
    if claim := machine.read():
        cleaning.clean(claim)
    if states.has_node(state):
        cleaning.clean(machine.Claim(str(state), {}, []))
    if reason := network.conflict():
        raise LocalCloudError(f"no Kubernetes node can be started here: {reason}")
    return starting.start(state, tools, progress)


def _refuse_if_taken(state: Path) -> None:
    claim = machine.read()
    if claim is None or claim.state_dir == str(state):
        return
    if Sandbox(Layout.of(Path(claim.state_dir)).directory).processes():
        raise LocalCloudError(
            f"this machine's Kubernetes node is up already, with its state in {claim.state_dir}: "
            f"end it with `python -m localcloud --state-dir {claim.state_dir} down`"
        )
