"""The Pulumi CLI: one on PATH that will do, else the official release, else built from its Go module.

What was built lacks the Python language host, which is no Go module at this version: `bin/` then has no
`pulumi-language-python`, and the local cloud puts its stand-in there (see `localcloud.pulumi_home`).
"""

from __future__ import annotations

import json
import os
import platform
import queue
import re
import shutil
import subprocess
import tarfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from localcloud import cache
from localcloud.errors import LocalCloudError
from localcloud.processes import run
from localcloud.progress import Note, Progress
from localcloud.tools import go

VERSION = "3.276.0"
"""The newest that can be had as a module: what is got where none is installed."""
OLDEST = "3.250.0"
"""The oldest that is allowed, on PATH as well. A few tests run with it, too: see `ensure_oldest`."""
LANGUAGE_HOST = "pulumi-language-python"
LAUNCHERS = ("python/dist/pulumi-resource-pulumi-python", "python/cmd/pulumi-language-python-exec")
GIVE_UP_SECONDS = 5.0

_MODULE = "github.com/pulumi/pulumi"
_COMMAND = f"{_MODULE}/pkg/v3/cmd/pulumi"


def ensure(progress: Progress) -> Path:
    """The directory with `pulumi` and the launchers in it."""
    if directory := cache.cached("pulumi", VERSION):
        return directory / "bin"
    return find_on_path() or _ensure(VERSION, progress)


def ensure_oldest(progress: Progress) -> Path:
    """The directory with the oldest CLI that is allowed. Tests alone need it, so `make setup` does not get it."""
    return _ensure(OLDEST, progress)


def oldest() -> Path | None:
    """The directory with the oldest CLI, if it is there."""
    directory = cache.cached("pulumi", OLDEST)
    return directory / "bin" if directory else None


def _ensure(version: str, progress: Progress) -> Path:
    def waiting() -> None:
        progress.say(f"Waiting for another process that is installing Pulumi {version}")

    return cache.ensure("pulumi", version, lambda target: _make(target, version, progress), waiting) / "bin"


def find_on_path() -> Path | None:
    """An install that will do: new enough, and with its own Python language host beside it."""
    program = shutil.which("pulumi")
    if program is None:
        return None
    directory = Path(program).resolve().parent
    if not (directory / LANGUAGE_HOST).is_file():
        return None
    env = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "1"}
    output = subprocess.run([program, "version"], capture_output=True, text=True, check=False, env=env).stdout
    match = re.match(r"v(\d+)\.(\d+)\.", output)
    minimum = int(OLDEST.split(".")[1])
    return directory if match and int(match[1]) == 3 and int(match[2]) >= minimum else None


def _make(target: Path, version: str, progress: Progress) -> None:
    (target / "bin").mkdir()
    url = release_url(version)
    host = urlsplit(url).hostname
    try:
        with progress.step(f"Downloading Pulumi {version} from {host}") as note:
            download(url, target, note)
    except UnavailableError as error:
        progress.say(f"Pulumi {version} cannot be had from {host} ({error}): building it from source, some 6 minutes")
        build(target, version, progress)


class UnavailableError(LocalCloudError):
    """The official release cannot be had."""


def release_url(version: str) -> str:
    """The official release for this machine."""
    base = os.environ.get("BLUEGREEN_PULUMI_RELEASES", "https://get.pulumi.com/releases/sdk")
    system = platform.system().lower()
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine().lower())
    return f"{base}/pulumi-v{version}-{system}-{machine or platform.machine()}.tar.gz"


def download(url: str, target: Path, note: Note) -> None:
    """Fetch and unpack a release into `target/bin`.

    The download runs in a thread of its own, watched from here: name resolution and connecting have no time limit that
    can be set on them.
    """
    scratch = target / "download"
    scratch.mkdir()
    events: queue.Queue[tuple[str, str]] = queue.Queue()
    given_up = threading.Event()
    archive = scratch / "release.tar.gz"
    threading.Thread(target=_fetch, args=(url, archive, events, given_up), daemon=True).start()
    try:
        while True:
            kind, text = events.get(timeout=GIVE_UP_SECONDS)
            if kind == "failed":
                raise UnavailableError(text)
            if kind == "done":
                break
            note(text)
        with tarfile.open(archive) as release:
            release.extractall(scratch, filter="data")
        os.replace(scratch / "pulumi", target / "bin")
    except queue.Empty:
        raise UnavailableError(f"no answer within {GIVE_UP_SECONDS:.0f} s") from None
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UnavailableError(f"what came is not a Pulumi release: {error}") from error
    finally:
        given_up.set()
        shutil.rmtree(scratch)


def _fetch(url: str, archive: Path, events: queue.Queue[tuple[str, str]], given_up: threading.Event) -> None:
    try:
        with httpx.stream("GET", url, timeout=GIVE_UP_SECONDS, follow_redirects=True) as response:
            response.raise_for_status()
            done = 0
            reported = 0.0
            with archive.open("wb") as file:
                for block in response.iter_bytes():
                    if given_up.is_set():
                        return
                    file.write(block)
                    done += len(block)
                    if time.monotonic() - reported > 0.2:
                        reported = time.monotonic()
                        events.put(("progress", f"{done / 1e6:.0f} MB"))
    except httpx.HTTPStatusError as error:
        events.put(("failed", f"HTTP status {error.response.status_code}"))
    except (httpx.HTTPError, OSError) as error:
        events.put(("failed", str(error) or type(error).__name__))
    else:
        events.put(("done", ""))


def build(target: Path, version: str, progress: Progress) -> None:
    """Build the CLI from its Go module, and take the launchers from the SDK's."""
    command = go.require(
        f"Pulumi {version}", f"put Pulumi {OLDEST} or newer, below 4, on PATH (https://www.pulumi.com/docs/install/)"
    )
    work = target / "build"
    work.mkdir()
    (work / "go.mod").write_text(f"module tools\n\ngo {go.MINIMUM[0]}.{go.MINIMUM[1]}\n")
    with progress.step(f"Building Pulumi {version}: fetching modules") as note:
        run([command, "get", "-tool", f"{_COMMAND}@v{version}"], what="go get", cwd=work, on_line=note)
    with progress.step(f"Building Pulumi {version}: compiling") as note:
        flags = f"-s -w -X {_MODULE}/sdk/v3/go/common/version.Version=v{version}"
        go.build(command, work, [_COMMAND], target / "bin", note, "-ldflags", flags)
    listing = run(
        [command, "mod", "download", "-json", f"{_MODULE}/sdk/v3@v{version}"], what="go mod download", cwd=work
    )
    sdk = Path(json.loads(listing)["Dir"])
    for launcher in LAUNCHERS:
        copy = target / "bin" / Path(launcher).name
        if not (sdk / launcher).is_file():
            raise LocalCloudError(f"the Go module {_MODULE}/sdk/v3@v{version} has no {launcher}")
        shutil.copyfile(sdk / launcher, copy)
        copy.chmod(0o755)
    shutil.rmtree(work)
