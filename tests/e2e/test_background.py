"""An update that a failed test left running does not keep its stack from being destroyed."""

from __future__ import annotations

import os
from types import SimpleNamespace

from tests.e2e.stack import Background, Stack, end_updates

PULUMI = """#!/bin/sh
echo "$*" >> called
[ "$1" != up ] || { echo begun; exec sleep 600; }
"""


def stack_in(folder):
    (folder / "pulumi").write_text(PULUMI)
    (folder / "pulumi").chmod(0o755)
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    made = Stack.__new__(Stack)
    made.folder, made.env = folder, {**os.environ, "PATH": path}
    return made


def test_one_that_goes_on_is_ended_and_its_lock_with_it(tmp_path, monkeypatch):
    stack = stack_in(tmp_path)
    monkeypatch.setenv("PATH", stack.env["PATH"])
    up = Background(stack)
    up.wait_for("begun")
    stack.destroy()
    assert up.finish() == -9
    commands = [line.split()[0] for line in (tmp_path / "called").read_text().splitlines()]
    assert commands == ["up", "cancel", "destroy"]
    assert not end_updates(tmp_path), "there is none any more"


def test_where_none_goes_on_nothing_is_cancelled(tmp_path, monkeypatch):
    stack = stack_in(tmp_path)
    monkeypatch.setenv("PATH", stack.env["PATH"])
    up = Background(stack)
    up.wait_for("begun")
    up.process.kill()
    up.finish()
    stack.destroy()
    commands = [line.split()[0] for line in (tmp_path / "called").read_text().splitlines()]
    assert commands == ["up", "destroy"]
    assert not end_updates(tmp_path)


def test_another_stacks_update_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / "one").mkdir()
    stack = stack_in(tmp_path / "one")
    monkeypatch.setenv("PATH", stack.env["PATH"])
    up = Background(SimpleNamespace(folder=stack.folder, env=stack.env))
    assert not end_updates(tmp_path / "other")
    assert up.process.poll() is None
    assert end_updates(stack.folder)
