"""The changelog's text: its releases, and how what is unreleased becomes one. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

UNRELEASED = "## [Unreleased]"
_HEADING = re.compile(r"^## \[(?P<version>\d+\.\d+\.\d+)\] - (?P<day>\d{4}-\d{2}-\d{2})$", re.MULTILINE)
_DIGEST = re.compile(r"^Schema: SHA-256 `(?P<digest>[0-9a-f]{64})`\.$", re.MULTILINE)


class NoRelease(ValueError):
    """Nothing is released of this; the text says why."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release as the changelog has it.

    Attributes:
        version: its number, such as ``0.2.0``.
        day: when it was made.
        digest: SHA-256 of the file ``components/schema.json`` at its tag.
        notes: what changed.
    """

    version: str
    day: date
    digest: str
    notes: str

    @property
    def tag(self) -> str:
        """The tag in Git."""
        return f"v{self.version}"


def number(version: str) -> tuple[int, ...]:
    """A version that can be compared.

    Raises:
        NoRelease: it is none.
    """
    if re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version) is None:
        raise NoRelease(f"{version!r} is no version: three numbers with dots between them, such as 0.2.0")
    return tuple(map(int, version.split(".")))


def releases(text: str) -> list[Release]:
    """All of them, the newest first.

    Raises:
        NoRelease: one does not say what its schema was.
    """
    found = list(_HEADING.finditer(text))
    ends = [*(one.start() for one in found[1:]), len(text)]
    return [_release(one, text[one.end() : end]) for one, end in zip(found, ends, strict=False)]


def _release(heading: re.Match[str], body: str) -> Release:
    digest = _DIGEST.search(body)
    if digest is None:
        raise NoRelease(f"CHANGELOG.md: {heading['version']} has no line 'Schema: SHA-256 `…`.'")
    notes = _DIGEST.sub("", body).strip()
    return Release(heading["version"], date.fromisoformat(heading["day"]), digest["digest"], notes)


def unreleased(text: str) -> str:
    """The notes of what is not released yet; empty where nothing is."""
    _, found, rest = text.partition(f"{UNRELEASED}\n")
    following = re.search(r"^## ", rest, re.MULTILINE)
    return (rest[: following.start()] if following else rest).strip() if found else ""


def release(text: str, version: str, day: date, digest: str) -> str:
    """The changelog with what was unreleased as a release.

    Args:
        text: the changelog.
        version: the release's.
        day: when it is made.
        digest: SHA-256 of its schema.

    Raises:
        NoRelease: there is nothing to release, or the version is not newer than the last one.
    """
    number(version)
    notes, last = unreleased(text), next(iter(releases(text)), None)
    if not notes:
        raise NoRelease("CHANGELOG.md has nothing under [Unreleased]")
    if last is not None and number(version) <= number(last.version):
        raise NoRelease(f"{version} is not newer than {last.version}, which was released on {last.day}")
    heading = f"{UNRELEASED}\n\n## [{version}] - {day}\n\nSchema: SHA-256 `{digest}`.\n\n"
    before, _, rest = text.partition(f"{UNRELEASED}\n")
    return before + heading + rest.lstrip("\n")
