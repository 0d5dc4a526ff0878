"""The files of a proxy on another host: read and replaced there by a shell, as ``LocalFiles`` does it here.

The host needs a POSIX shell with ``flock``, ``base64``, ``stat`` and ``sync``, as each Linux has them. The lock is the
same file, so that a writer on that host and one from elsewhere keep out of each other's way.
"""

from __future__ import annotations

import base64
import binascii
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from bluegreen.hosts.files import READ, WRITE, Contents
from bluegreen.hosts.ssh_connection import SshConnection
from bluegreen.rollout.calls import before_write, note
from bluegreen.rollout.errors import PlatformError

_ABSENT, _LINK = "-", "link"
_CONTENT = """content() {
  if [ -L "$1" ]; then echo link
  elif [ -e "$1" ]; then [ -r "$1" ] || { echo "$1: Permission denied" >&2; exit 1; }
    printf =; base64 < "$1" | tr -d '\\n'; echo
  elif [ -d "$(dirname "$1")" ]; then echo -
  else echo "$1: No such directory" >&2; exit 1; fi
}
"""
_READ_THEM = f'{_CONTENT}for path; do content "$path" || exit 1; done'
_REPLACE_THEM = f"""set -e
{_CONTENT}lock=$1; count=$2; shift 2
exec 9>>"$lock"
flock -w 10 9 || {{ echo locked; exit 0; }}
while [ "$count" -gt 0 ]; do
  read -r wanted
  there=$(content "$1")
  [ "$there" = "$wanted" ] || {{ echo changed; exit 0; }}
  shift; count=$((count - 1))
done
scratch=
trap '[ -z "$scratch" ] || rm -f "$scratch"' EXIT
for path; do
  read -r wanted
  folder=$(dirname "$path")
  if [ "$wanted" = - ]; then rm -f "$path"
  else
    scratch=$(mktemp "$folder/.bluegreen.XXXXXX")
    printf %s "${{wanted#=}}" | base64 -d > "$scratch"
    if [ -e "$path" ]; then
      chmod "$(stat -c %a "$path")" "$scratch"
      owner=$(stat -c %u:%g "$path")
      [ "$owner" = "$(stat -c %u:%g "$scratch")" ] || chown "$owner" "$scratch"
    else chmod 644 "$scratch"; fi
    sync "$scratch"
    mv -f "$scratch" "$path"
    scratch=
  fi
  sync "$folder"
done
echo done"""


@dataclass(frozen=True, slots=True)
class SshFiles:
    """Files of another host."""

    ssh: SshConnection

    def read(self, *paths: str) -> dict[str, bytes | None]:
        """Each file's content: one call."""
        note(READ)
        lines = self._run(_READ_THEM, paths, b"", READ, again=True)
        if len(lines) != len(paths):
            raise PlatformError(READ, f"{self.ssh.place} lists {len(lines)} files instead of {len(paths)}")
        return {path: self._parsed(path, line) for path, line in zip(paths, lines, strict=True)}

    def replace(self, changes: Contents, seen: Contents) -> bool:
        """Replace them: one call."""
        before_write()
        note(WRITE)
        paths = [f"{next(iter(seen))}.lock", str(len(seen)), *seen, *changes]
        content = "".join(f"{_line(one)}\n" for one in (*seen.values(), *changes.values()))
        (said,) = self._run(_REPLACE_THEM, paths, content.encode(), WRITE, again=False) or [""]
        if said == "locked":
            raise PlatformError(WRITE, f"another process has had the lock {paths[0]} of {self.ssh.host} for 10 s")
        if said not in ("done", "changed"):
            raise PlatformError(WRITE, f"{self.ssh.place} says {said!r}")
        return said == "done"

    def _run(self, script: str, arguments: Sequence[str], content: bytes, call: str, *, again: bool) -> list[str]:
        # Of a shell of its own: a login shell may be another one.
        command = " ".join(["sh", "-c", shlex.quote(script), "bluegreen", *map(shlex.quote, arguments)])
        return self.ssh.run(command, content, call, again=again).decode("ascii", "replace").splitlines()

    def _parsed(self, path: str, line: str) -> bytes | None:
        if line == _ABSENT:
            return None
        if line == _LINK:
            raise PlatformError(READ, f"{path} is a symbolic link, which cannot be replaced in one step: name its file")
        try:
            return base64.b64decode(line.removeprefix("="), validate=True)
        except (binascii.Error, ValueError) as error:
            raise PlatformError(READ, f"what {self.ssh.place} sends of {path} is not its content: {error}") from error


def _line(content: bytes | None) -> str:
    return _ABSENT if content is None else f"={base64.b64encode(content).decode()}"


def place_of(section: object) -> object:
    """The part of an ``ssh`` section that says which host it is, for comparisons."""
    if not isinstance(section, dict) or not section:
        return None
    port = section.get("port") or 22  # a number of either kind, or what is still to be refused
    return section.get("host"), int(port) if isinstance(port, float) and port.is_integer() else port
