"""`python -m localcloud up | env | status | down`; `bootstrap` for the tools alone."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from pathlib import Path

from localcloud import cloud as clouds
from localcloud import emulator, images, progress
from localcloud.bootstrap import bootstrap
from localcloud.cloud import LocalCloud
from localcloud.errors import LocalCloudError


def _up(state_dir: Path | None) -> int:
    started = time.monotonic()
    cloud = LocalCloud.up(state_dir, progress.for_terminal())
    print(f"The local cloud is up ({time.monotonic() - started:.1f} s): AWS answers on {cloud.endpoint}")
    print('Now: eval "$(python -m localcloud env)" && pulumi stack select ecs')
    return 0


def _env(state_dir: Path | None) -> int:
    cloud = LocalCloud.current(state_dir)
    for name in clouds.unset(os.environ) or ["AWS_PROFILE"]:
        print(f"unset {name}")
    for name, value in (cloud.env() | clouds.no_proxy(os.environ)).items():
        print(f"export {name}={shlex.quote(value)}")
    # A second `eval` must not make PATH longer.
    old = [part for part in os.environ.get("PATH", "").split(os.pathsep) if part not in cloud.path]
    print(f"export PATH={shlex.quote(os.pathsep.join([*cloud.path, *old]))}")
    return 0


def _status(state_dir: Path | None) -> int:
    cloud = LocalCloud.current(state_dir)
    print(f"AWS emulator   {cloud.endpoint} (process {cloud.pid}, log {cloud.log})")
    for balancer in emulator.load_balancers(cloud.port):
        port = balancer.get("boundPort")
        print(f"load balancer  {balancer.get('name')}: " + (f"http://127.0.0.1:{port}" if port else "does not listen"))
    print(f"containers     {len(cloud.podman.containers())}")
    for tag in images.TAGS:
        print(f"image          {cloud.image(tag)}")
    print(f"pulumi         {cloud.path[0]}, state in {cloud.env()['PULUMI_BACKEND_URL']}")
    return 0


def _down(state_dir: Path | None) -> int:
    print("The local cloud is down" if clouds.down(state_dir) else "The local cloud was not up")
    return 0


def _bootstrap(_: Path | None) -> int:
    bootstrap(progress.for_terminal())
    return 0


COMMANDS = {
    "bootstrap": (_bootstrap, "find or build the pinned tools, and no more"),
    "up": (_up, "start it: tools, AWS emulator, sample images, Pulumi stacks"),
    "env": (_env, "print the shell commands that point pulumi and the AWS clients at it"),
    "status": (_status, "say what runs"),
    "down": (_down, "end everything and remove its state"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; errors meant for the user are one line, without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m localcloud", description="A cloud account on one machine.")
    parser.add_argument("--state-dir", type=Path, help="where its state is (default: a directory for this checkout)")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_function, description) in COMMANDS.items():
        commands.add_parser(name, help=description, description=description)
    options = parser.parse_args(arguments)
    try:
        return COMMANDS[options.command][0](options.state_dir)
    except LocalCloudError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
