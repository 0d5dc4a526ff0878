"""Azure as a process of its own, until it has to end; `local` starts it."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path

from localcloud.azure.cloud import Azure


def main(directory: Path) -> None:
    """Serve, and say where in `directory`."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with Azure() as azure:
        certificate = directory / "azure.pem"
        certificate.write_bytes(azure.certificate.read_bytes())
        scratch = directory / "where.new"
        scratch.write_text(json.dumps({"url": azure.url, "requests": azure.plane.url, "names": azure.names.url}))
        scratch.replace(directory / "where.json")
        ended.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
