"""The first service on hosts of one's own: each command of the page is typed as it stands there, on other ports."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from localcloud import progress
from localcloud.hosts.processes import free_ports
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import pulumi as pulumi_tool

REPO = Path(__file__).resolve().parents[2]
PAGE = REPO / "docs" / "start-hosts.md"
PORTS = ("8080", "8081", "8082", "9901")
ENDED = "kill $BLUE $GREEN $ENVOY 2>/dev/null || true"
LISTENS = "until curl --silent --output /dev/null http://127.0.0.1:$PORT/; do sleep 0.1; done"


def script(ports):
    """The page's blocks one after the other, each command shown; a block that has to fail says so."""
    lines = ["set -ex", f'trap "{ENDED}" EXIT']
    for kind, block in re.findall(r"<!-- walk:(\w+) -->\n```sh\n(.*?)```", PAGE.read_text(), re.DOTALL):
        if kind == "fails":
            lines.append(f"if {block.strip()}; then exit 9; fi")
        elif kind == "run":
            lines += [*block.strip().splitlines(), *waits(block)]
    return on_ports("\n".join(lines), ports)


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
    done = subprocess.run(
        ["bash", "-c", script(ports)],
        cwd=project,
        env={**os.environ, **home.env(), "PATH": os.pathsep.join(here), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    for line in promised(ports):
        assert line in closely(said), f"{line}\n{said}"
    answers = re.findall(r"^(v1|v2|broken-v2)$", done.stdout, re.MULTILINE)
    assert answers == ["v1", "v2", "v1"], said


def closely(text):
    """Without the blanks that Pulumi puts names below each other with."""
    return " ".join(text.split()).replace(" :", ":")


def promised(ports):
    """The page's lines of output without times of day and durations."""
    listed = []
    for block in re.findall(r"```text\n(.*?)```", on_ports(PAGE.read_text(), ports), re.DOTALL):
        for line in block.splitlines():
            text = re.sub(r"^web: \d\d:\d\d:\d\d ", "", line.strip())
            listed.append(closely(re.sub(r"(, slowest| after) .*", "", text)))
    assert len(listed) > 15
    return listed
