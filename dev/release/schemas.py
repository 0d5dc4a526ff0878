"""The schema of the last release, which Git has: what breaks programs is found by comparing with it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from dev.release.changelog import NoRelease, Release, releases

SCHEMA = "components/schema.json"


def last(repo: Path) -> dict[str, Any] | None:
    """The schema at the last release's tag; ``None`` where nothing was released.

    Raises:
        NoRelease: the tag is not there, or has another schema than the changelog says.
    """
    found = releases((repo / "CHANGELOG.md").read_text())
    if not found:
        return None
    own = (repo / SCHEMA).read_bytes()
    # The commit of a release has no tag yet while its tests run.
    return dict(json.loads(own if digest_of(own) == found[0].digest else _at(repo, found[0])))


def _at(repo: Path, release: Release) -> bytes:
    words = ["git", "-C", str(repo), "show", f"{release.tag}:{SCHEMA}"]
    done = subprocess.run(words, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode().strip()
        raise NoRelease(f"there is no {release.tag} here (`git fetch --tags` brings it): {said}")
    digest = digest_of(done.stdout)
    if digest != release.digest:
        raise NoRelease(f"{release.tag} has a schema of SHA-256 {digest}; CHANGELOG.md says {release.digest}")
    return done.stdout


def digest_of(schema: bytes) -> str:
    """The SHA-256 of a schema's file."""
    return hashlib.sha256(schema).hexdigest()
