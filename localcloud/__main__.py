"""`python -m localcloud up | env | status | down`; `bootstrap` for the tools alone."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import sys
import time
from pathlib import Path

from localcloud import bootstrap as tools
from localcloud import cloud as clouds
from localcloud import emulator, images, progress
from localcloud.cloud import LocalCloud
from localcloud.errors import LocalCloudError
from localcloud.kubernetes import node as nodes
from localcloud.kubernetes.node import LocalNode
from localcloud.played import Played
from localcloud.played_clouds import PLAYED
from localcloud.processes import cpu_seconds_of_children, no_proxy
from localcloud.pulumi_home import PulumiHome


def _up(options: argparse.Namespace) -> int:
    started = time.monotonic()
    if options.what == "kubernetes":
        node = LocalNode.up(options.state_dir, progress.for_terminal())
        print(
            f"The Kubernetes node is up ({time.monotonic() - started:.1f} s): its API server answers on {node.server}"
        )
        print('Now: eval "$(python -m localcloud env)" && kubectl get nodes')
    elif options.what in PLAYED:
        played = PLAYED[options.what].up(options.state_dir, progress.for_terminal())
        print(f"{played.called} is up ({time.monotonic() - started:.1f} s): its API and tokens on {played.url}")
        print(f"Its apps answer on {played.requests}, by their host names; that is also an HTTP proxy for them")
        print('Now: eval "$(python -m localcloud env)"')
    else:
        cloud = LocalCloud.up(options.state_dir, progress.for_terminal())
        print(f"The local cloud is up ({time.monotonic() - started:.1f} s): AWS answers on {cloud.endpoint}")
        print('Now: eval "$(python -m localcloud env)" && pulumi stack select ecs')
    return 0


def _running(state_dir: Path | None) -> list[LocalCloud | LocalNode | Played]:
    """Everything that is up; an error if nothing is."""
    running: list[LocalCloud | LocalNode | Played] = []
    kinds: list[type[Played] | type[LocalCloud] | type[LocalNode]] = [*PLAYED.values(), LocalCloud, LocalNode]
    for kind in kinds:
        with contextlib.suppress(LocalCloudError):
            running.append(kind.current(state_dir))
    return running or [LocalCloud.current(state_dir)]


def _env(options: argparse.Namespace) -> int:
    there = _running(options.state_dir)
    for name in clouds.unset(os.environ) or ["AWS_PROFILE"]:
        print(f"unset {name}")
    values = {name: value for one in there for name, value in one.env().items()}
    for name, value in (values | no_proxy(os.environ)).items():
        print(f"export {name}={shlex.quote(value)}")
    # A second `eval` must not make PATH longer.
    path = list(dict.fromkeys(part for one in there for part in one.path))
    old = [part for part in os.environ.get("PATH", "").split(os.pathsep) if part not in path]
    print(f"export PATH={shlex.quote(os.pathsep.join([*path, *old]))}")
    return 0


def _status(options: argparse.Namespace) -> int:
    there = _running(options.state_dir)
    for one in there:
        if isinstance(one, LocalCloud):
            _aws_status(one)
        elif isinstance(one, LocalNode):
            _node_status(one)
        else:
            _played_status(one)
    home = PulumiHome(there[-1].state_dir)
    print(f"pulumi         {home.path[0]}, state in {home.env()['PULUMI_BACKEND_URL']}")
    return 0


def _aws_status(cloud: LocalCloud) -> None:
    print(f"AWS emulator   {cloud.endpoint} (process {cloud.pid}, log {cloud.log})")
    for balancer in emulator.load_balancers(cloud.port):
        port = balancer.get("boundPort")
        print(f"load balancer  {balancer.get('name')}: " + (f"http://127.0.0.1:{port}" if port else "does not listen"))
    print(f"containers     {len(cloud.podman.containers())}")
    for tag in images.TAGS:
        print(f"image          {cloud.image(tag)}")


def _played_status(played: Played) -> None:
    print(f"{played.called:<14} {played.url} (process {played.pid}, log {played.log})")
    print(f"its apps       {played.requests}, by their host names")


def _node_status(node: LocalNode) -> None:
    print(f"Kubernetes     {node.server} (process {node.pid}, logs in {node.layout.logs})")
    for name, where in node.beside().items():
        print(f"beside it      {name}: {where}")
    for kind in ("pods", "services"):
        print(f"{kind:<14} {len(node.kubectl('get', kind, '--all-namespaces', '--output=name').split())}")
    for tag in images.TAGS:
        print(f"image          {node.image(tag)}")
    print(f"image          {node.kubectl_image}")


def _down(options: argparse.Namespace) -> int:
    played = [one.down(options.state_dir) for one in PLAYED.values()]
    ended = [*played, nodes.down(options.state_dir), clouds.down(options.state_dir)]
    print("The local cloud is down" if any(ended) else "The local cloud was not up")
    return 0


def _bootstrap(options: argparse.Namespace) -> int:
    tools.MAKERS[options.what](progress.for_terminal())
    if (spent := cpu_seconds_of_children()) >= tools.WORTH_SAYING_SECONDS:
        print(f"Making the tools took {spent / 60:.1f} minutes of CPU")
    return 0


COMMANDS = {
    "bootstrap": (_bootstrap, "find or build the pinned tools, and no more"),
    "up": (_up, "start it: tools, AWS emulator, Kubernetes node or another cloud, sample images, Pulumi stacks"),
    "env": (_env, "print the shell commands that point pulumi, kubectl and the AWS clients at what is up"),
    "status": (_status, "say what runs"),
    "down": (_down, "end everything and remove its state"),
}
WHAT = {
    "up": (
        ("aws", "kubernetes", *PLAYED),
        "aws",
        "the AWS emulator, a Kubernetes node, Azure, Google Cloud or Cloud Foundry (all can be up; default: aws)",
    ),
    "bootstrap": (tuple(tools.MAKERS), "all", "the tools for one of them alone (default: all, and those of the tests)"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; errors meant for the user are one line, without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m localcloud", description="A cloud account on one machine.")
    parser.add_argument("--state-dir", type=Path, help="where its state is (default: a directory for this checkout)")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_function, description) in COMMANDS.items():
        command = commands.add_parser(name, help=description, description=description)
        if name in WHAT:
            choices, default, meaning = WHAT[name]
            command.add_argument("what", nargs="?", choices=choices, default=default, help=meaning)
    options = parser.parse_args(arguments)
    try:
        return COMMANDS[options.command][0](options)
    except LocalCloudError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
