"""Packages while somebody else has them locked: waited for, and said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from localcloud.errors import LocalCloudError
from localcloud.progress import Silent
from localcloud.tools import apt, system

LISTS = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 42 (unattended-upgr)"
# As apt itself says it, again and again, while it waits.
DPKG = "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 42 (apt)..."
OLDER = "E: Could not get lock /var/lib/dpkg/lock - open (11: Resource temporarily unavailable)"


class Said(Silent):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def say(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is the whole PATH; while there is a file `held` in it, apt-get finds its lock held."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "held").touch()
    return tmp_path


def apt_that(place: Path, held: str) -> None:
    """apt-get as this test plays it; each start is noted, with its words."""
    script = f'#!/bin/sh\ncd {place}\necho "$LC_ALL $*" >> starts\n[ ! -e held ] || {{ {held}\n}}\necho done\n'
    (place / "apt-get").write_text(script)
    (place / "apt-get").chmod(0o755)


def run(place: Path, said: Said, *words: str) -> list[float]:
    """Run it; whoever holds the lock lets go of it after a minute of pauses, in which no time passes here."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if sum(pauses) >= 60:
            (place / "held").unlink(missing_ok=True)

    env = dict(os.environ)
    apt.apt_get(words, what="apt-get update", env=env, note=lambda _line: None, progress=said, pause=pause)
    return pauses


@pytest.mark.parametrize(
    ("line", "who"),
    [
        (LISTS, "process 42 (unattended-upgr), which has locked /var/lib/apt/lists/lock"),
        (OLDER, "another process, which has locked /var/lib/dpkg/lock"),
    ],
)
def test_a_lock_that_apt_does_not_wait_for_is_tried_again_until_it_is_free(place: Path, line: str, who: str) -> None:
    apt_that(place, f"echo '{line}'; echo 'E: Unable to lock directory'; exit 100")
    said = Said()
    pauses = run(place, said, "update")
    assert 60 <= sum(pauses) < 70
    assert said.texts == [f"apt-get update waits for {who} (for 900 s at most)"], "once, however long it takes"
    starts = (place / "starts").read_text().splitlines()
    assert len(starts) == len(pauses) + 1
    for start in starts:
        language, wait, *words = start.split()
        assert (language, words) == ("C.UTF-8", ["update"])
        assert 0 < int(wait.removeprefix("--option=DPkg::Lock::Timeout=")) <= apt.PATIENCE_SECONDS


def test_where_apt_waits_itself_it_is_started_once_and_what_it_says_is_told(place: Path) -> None:
    apt_that(place, f"echo '{DPKG}'; echo '{DPKG}'")
    said = Said()
    assert run(place, said, "install", "podman") == []
    assert len((place / "starts").read_text().splitlines()) == 1
    (text,) = said.texts
    assert "waits for process 42 (apt), which has locked /var/lib/dpkg/lock-frontend" in text


def test_a_lock_that_nobody_lets_go_of_ends_the_wait(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "PATIENCE_SECONDS", 0)
    apt_that(place, f"echo '{LISTS}'; exit 100")
    with pytest.raises(LocalCloudError, match="held by process 42"):
        run(place, Said(), "update")


def test_another_failure_is_not_tried_again(place: Path) -> None:
    apt_that(place, "echo 'E: Unable to locate package podman'; exit 100")
    with pytest.raises(LocalCloudError, match="Unable to locate package podman"):
        run(place, Said(), "install", "podman")
    assert len((place / "starts").read_text().splitlines()) == 1


def test_what_is_missing_is_installed_so(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_EXTRA", ())
    monkeypatch.setattr(os, "getuid", lambda: 0)
    apt_that(place, f"echo '{DPKG}'")
    said = Said()
    with pytest.raises(LocalCloudError, match="haproxy not found, although"):
        system.ensure(("haproxy",), said)
    update, install = (line.split()[2:] for line in (place / "starts").read_text().splitlines())
    assert update == ["update"]
    assert install[:2] == ["install", "--yes"]
    assert [text.partition(" waits")[0] for text in said.texts] == ["apt-get update", "apt-get install haproxy"]
