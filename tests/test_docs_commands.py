"""The commands in the documentation: a shell can read them, and what they name is there."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
from collections.abc import Iterator

import click
import pytest

from bluegreen.cli.main import group
from tests.test_docs import PAGES, REPO

TARGETS = set(re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text(), re.MULTILINE))
OUTSIDE = {"venv"}
"""Modules of Python itself."""


def blocks() -> Iterator[tuple[str, str]]:
    """Each block of commands with its page's name."""
    for page in PAGES:
        for block in re.findall(r"```(?:sh|bash)\n(.*?)```", page.read_text(), re.DOTALL):
            yield page.name, block


def commands(program: str) -> Iterator[tuple[str, list[str]]]:
    """The words of each command that begins with ``program``, in blocks and in sentences."""
    for page in PAGES:
        text = page.read_text().replace("\\\n", " ")
        inline = re.findall(rf"`({program} [^`\n]+)`", text)
        for line in [*inline, *(line for name, block in blocks() if name == page.name for line in block.splitlines())]:
            for part in re.split(r"&&|\|(?=\s)|;|\$\(", line.split(" #")[0]):
                command = part.strip().strip("\")'")
                if re.match(rf"{program} ", command) and "…" not in command:
                    yield page.name, words_of(command)


def words_of(command: str) -> list[str]:
    """The words as a shell has them; where the line was cut within quotes, as they are."""
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()


def test_a_shell_reads_every_block():
    wrong = []
    for page, block in blocks():
        read = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        wrong += [f"{page}: {read.stderr}\n{block}"] if read.returncode else []
    assert not wrong, "\n".join(wrong)


def test_each_command_of_ours_has_its_options():
    seen = 0
    for page, words in commands("bluegreen"):
        verb, rest = words[1], words[2:]
        if verb.startswith("-"):
            continue
        command = group.commands.get(verb)
        assert command is not None, f"{page}: {' '.join(words)}"
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
        for word in rest:
            if word.startswith("--"):
                assert word.split("=")[0] in known | {"--help"}, f"{page}: {' '.join(words)}"
        places = [option for option in command.params if isinstance(option, click.Argument)]
        assert places or not rest or rest[0].startswith("-"), f"{page}: {' '.join(words)}"
        seen += 1
    assert seen > 30


def test_each_target_of_make_is_there():
    named = {(page, words[1]) for page, words in commands("make") if re.fullmatch(r"[a-z-]+", words[1])}
    assert len(named) > 10
    assert not [f"{page}: make {target}" for page, target in named if target not in TARGETS]


@pytest.mark.parametrize("program", ["python", r"\.venv/bin/python"])
def test_each_module_that_is_run_is_there(program):
    for page, words in commands(program):
        if words[1:2] == ["-m"]:
            assert words[2] in OUTSIDE or importlib.util.find_spec(words[2]), f"{page}: {' '.join(words)}"
