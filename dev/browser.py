"""A Chromium without a window, and without a network."""

from __future__ import annotations

import os
import shutil


class NoBrowser(Exception):
    """There is none on PATH."""


def command() -> list[str]:
    """The words that begin a command of it.

    Raises:
        NoBrowser: with the package that has one.
    """
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        raise NoBrowser("there is no Chromium on PATH: `apt-get install chromium` brings one")
    # Root may only run it without its sandbox; a page of our own needs none.
    rights = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
    return [program, "--headless", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND", *rights]
