"""Google Cloud as a process of its own, until it has to end; `local` starts it."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path

from localcloud.google.cloud import Google


def main(directory: Path) -> None:
    """Serve, and say where in `directory`."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with Google() as google:
        (directory / "google.pem").write_bytes(google.certificate.read_bytes())
        (directory / "credentials.json").write_text(json.dumps(google.credentials()))
        scratch = directory / "where.new"
        scratch.write_text(json.dumps({"url": google.url, "requests": google.plane.url, "names": google.names.url}))
        scratch.replace(directory / "where.json")
        ended.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
