"""`python -m dev.release`: number a release, print its notes, build what it hands out.

`number 0.2.0` writes the version, where it comes from, the schema and the changelog, and commits nothing; `notes`
prints what the newest release's entry says; `build dist` makes wheel, sources, plugin archives, schema and bill of
materials, and checks them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from datetime import date, datetime, timezone
from pathlib import Path

from dev.release import changelog, distribution, numbering, origin

REPO = Path(__file__).resolve().parents[2]


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    whole = argparse.ArgumentParser(prog="python -m dev.release", description=__doc__)
    commands = whole.add_subparsers(dest="command", required=True)
    numbered = commands.add_parser("number", help="give the checkout a release's number")
    numbered.add_argument("version", help="such as 0.2.0")
    today = datetime.now(timezone.utc).date()
    numbered.add_argument("--day", type=date.fromisoformat, default=today, help="of the release (default: today, UTC)")
    numbered.add_argument(
        "--repository",
        default="",
        metavar="URL",
        help="where it comes from (default: as for the last release, or else the remote `origin`)",
    )
    noted = commands.add_parser("notes", help="print the newest release's entry in the changelog")
    noted.add_argument("--tag", help="fail unless it is that release's, as a pipeline that a tag started has to")
    built = commands.add_parser("build", help="build everything that is handed out, and check it")
    built.add_argument("folder", type=Path)
    built.add_argument("--tag", help="fail unless it is that release's, and says where it comes from")
    built.add_argument(
        "--repository", default="", metavar="URL", help="where it comes from; fail where the checkout says another one"
    )
    return whole


def main(words: list[str] | None = None, repo: Path = REPO) -> int:
    """Do one of them; the exit status is 1 where it cannot be done."""
    options = parser().parse_args(words)
    try:
        if options.command == "number":
            _number(repo, options.version, options.day, options.repository)
        elif options.command == "notes":
            print(_notes(repo, options.tag))
        else:
            _build(repo, options.folder, options.tag, options.repository)
    except changelog.NoRelease as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _number(repo: Path, version: str, day: date, repository: str) -> None:
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=no"], cwd=repo, capture_output=True, text=True, check=True
    ).stdout
    if changed:
        raise changelog.NoRelease(f"the checkout has changes that are not committed:\n{changed.rstrip()}")
    files = " ".join(numbering.make(repo, version, day, repository))
    print(f"{version} is written. Read the changelog, then:\n")
    print(f"git add {files}\ngit commit -m 'Release {version}'\ngit tag v{version} && git push --follow-tags")


def _build(repo: Path, folder: Path, tag: str | None, repository: str) -> None:
    if tag is not None:
        _notes(repo, tag)
        origin.of_release(repo)
    print(*distribution.make(repo, folder, repository), sep="\n")
    if not origin.of_build(repo, repository):
        how = "with `--repository URL` (`make dist REPOSITORY=URL`) all of it does"
        print(
            f"note: no repository is known: neither wheel nor schema says where it comes from; {how}", file=sys.stderr
        )


def _notes(repo: Path, tag: str | None) -> str:
    found = changelog.releases((repo / "CHANGELOG.md").read_text())
    if not found:
        raise changelog.NoRelease("CHANGELOG.md has no release")
    if tag is not None and (tag != found[0].tag or found[0].version != numbering.current(repo)):
        said = f"{numbering.VERSION} {numbering.current(repo)}, CHANGELOG.md {found[0].version}"
        raise changelog.NoRelease(f"the tag is {tag}; {said}: all three are of one version")
    return found[0].notes


if __name__ == "__main__":
    sys.exit(main())
