"""`make conformance`: every test of the Kubernetes plugin's stand-in over the stand-in and over Pulumi's own plugin.

Both run as processes of their own and are called over gRPC, on a real API server. A test whose outcome is another one
over Pulumi's plugin is mended in the stand-in, or listed in `differences` with its reason: any other ends this with 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from localcloud import progress
from localcloud.tools import kubernetes_plugin
from tests.localcloud.conformance import report
from tests.localcloud.conformance.differences import DIFFERENCES

HERE = Path(__file__).resolve().parents[1]
PARTS = ("checks", "objects", "awaits", "drift", "helm", "engine")
FILES = (*(f"test_kubernetes_plugin_{part}.py" for part in PARTS), "test_kubernetes_kept_annotation.py")
NOTHING_CHOSEN = 5
"""Pytest's exit status where no test of a file has the requested words."""


def main() -> int:
    """Run, say what came of it, and return the exit status."""
    parser = argparse.ArgumentParser(prog="make conformance", description="the stand-in beside Pulumi's own plugin")
    parser.add_argument("--docs", type=Path, metavar="FILE", help="write the figures into FILE, between its markers")
    parser.add_argument("--only", metavar="EXPRESSION", help="as pytest's -k: some of the tests, without figures")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep outcomes there: a run goes on where it ended")
    options = parser.parse_args()
    home = kubernetes_plugin.ensure(progress.for_terminal())
    words = ["-k", options.only] if options.only else []
    with tempfile.TemporaryDirectory() as folder:
        kept = options.keep or Path(folder)
        standing, real = (outcomes(which, home, words, kept) for which in ("stand-in", "real"))
    comparison = report.compare(standing, real, {} if options.only else DIFFERENCES)
    print(comparison.text(DIFFERENCES))  # noqa: T201
    if options.docs and not options.only:
        options.docs.write_text(report.in_docs(options.docs.read_text(), comparison, DIFFERENCES))
    return 0 if comparison.as_listed else 1


def outcomes(which: str, home: Path, words: list[str], kept: Path) -> dict[str, str]:
    """The outcome of each test: empty where it passed, else the first line of its error.

    Args:
        which: of the plugins.
        home: the PULUMI_HOME with Pulumi's own.
        words: for pytest.
        kept: a folder with pytest's reports; files that have one are not run.
    """
    # Without a node nothing is skipped: it fails.
    env = {**os.environ, "CI": "true", "BLUEGREEN_KUBERNETES_PLUGIN": which, "PULUMI_HOME": str(home)}
    if which == "stand-in":
        del env["PULUMI_HOME"]
    by_test: dict[str, str] = {}
    # One run a file: what was kept when a run was broken off is whole files.
    for name in FILES:
        file = kept / f"{which}-{name.removesuffix('.py')}.xml"
        if not file.exists():
            unfinished = kept / f"unfinished-{file.name}"
            pytest = [sys.executable, "-m", "pytest", "-n0", "--quiet", "--tb=short", f"--junitxml={unfinished}"]
            done = subprocess.run([*pytest, "-ojunit_family=xunit1", *words, str(HERE / name)], env=env, check=False)
            if done.returncode not in (0, 1, NOTHING_CHOSEN):
                raise SystemExit(f"pytest ended with {done.returncode} over the {which} plugin")
            unfinished.rename(file)
        by_test |= report.read(file.read_text())
    return by_test


if __name__ == "__main__":
    sys.exit(main())
