"""Build the plugin's release archive: what `pulumi plugin install resource bluegreen VERSION --file ARCHIVE` takes.

The same sources and the same Python make the same archive, byte for byte, whenever and by whomever it is built.
"""

from __future__ import annotations

import argparse
import gzip
import io
import runpy
import sys
import tarfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
AT_ROOT = ("PulumiPlugin.yaml", "__main__.py", "requirements.txt")


def version(checkout: Path = CHECKOUT) -> str:
    """Of the package: it stands in one place."""
    return str(runpy.run_path(str(checkout / "components" / "bluegreen" / "_version.py"))["__version__"])


def contents(checkout: Path = CHECKOUT) -> dict[str, Path]:
    """The files of the plugin: name in the archive -> file."""
    components = checkout / "components"
    inside = (components / "bluegreen").rglob("*")
    package = [path for path in inside if path.suffix in (".py", ".html") or path.name == "py.typed"]
    files = {
        path.relative_to(components).as_posix(): path for path in [*(components / name for name in AT_ROOT), *package]
    }
    return {"LICENSE": checkout / "LICENSE"} | dict(sorted(files.items()))


def build(directory: Path, checkout: Path = CHECKOUT) -> Path:
    """Write the archive of a checkout into a directory, which is made if need be; returns its path."""
    target = directory / f"pulumi-resource-bluegreen-v{version(checkout)}.tar.gz"
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, path in contents(checkout).items():
            # Neither times nor owners, nor what this machine's umask has made of the modes.
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = path.stat().st_size, 0o644
            archive.addfile(entry, io.BytesIO(path.read_bytes()))
    directory.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(tar.getvalue(), mtime=0))
    return target


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="where to put it, such as dist")
    sys.stdout.write(f"{build(parser.parse_args().directory)}\n")
