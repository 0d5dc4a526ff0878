"""The first service on hosts of one's own: each command of the page is typed as it stands there, on other ports."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from localcloud import progress
from localcloud.hosts.processes import free_ports
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import pulumi as pulumi_tool
from tests.e2e import walk

REPO = Path(__file__).resolve().parents[2]
PAGE = walk.DOCS / "start-hosts.md"
PORTS = ("8080", "8081", "8082", "9901")
ENDED = 'trap "kill $BLUE $GREEN $ENVOY 2>/dev/null || true" EXIT'
LISTENS = "until curl --silent --output /dev/null http://127.0.0.1:$PORT/; do sleep 0.1; done"


def waits(block):
    """A person types slower than a process needs to listen."""
    started = [*re.findall(r"release\.py (\d+)", block), *(["8080"] if "envoy -c" in block else [])]
    return [LISTENS.replace("$PORT", port) for port in started]


def on_ports(text, ports):
    for port, free in zip(PORTS, ports, strict=True):
        text = re.sub(rf"\b{port}\b", str(free), text)
    return text


def test_every_command_of_the_page_does_what_it_says(tmp_path):
    project = tmp_path / "hosts"
    shutil.copytree(REPO / "examples" / "hosts", project)
    ports = free_ports(len(PORTS))
    for file in ("__main__.py", "envoy.yaml"):
        (project / file).write_text(on_ports((project / file).read_text(), ports))
    home = PulumiHome(tmp_path / "home")
    path = home.prepare(pulumi_tool.ensure(progress.for_terminal()))
    here = [*map(str, path), str(Path(sys.executable).parent), os.environ["PATH"]]
    env = {**os.environ, **home.env(), "PATH": os.pathsep.join(here), "NO_PROXY": "127.0.0.1"}
    page = PAGE.read_text()
    commands = on_ports(f"{ENDED}\n{walk.script(page, waits)}", ports)
    said = walk.follow(commands, project, env)
    page = on_ports(page, ports)
    assert len(walk.promised(page)) > 15
    assert not walk.missing(page, said), said
    assert re.findall(r"^(v1|v2|broken-v2)$", said, re.MULTILINE) == ["v1", "v2", "v1"], said
