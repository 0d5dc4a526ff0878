"""The time of a program's imports, in seconds of a processor: the median of five fresh interpreters each.

``python -m dev.import_time [components]`` measures the package of another checkout, where its folder is given.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

PROGRAMS = (
    "from bluegreen.aws import EcsService, alb",
    "from bluegreen.aws import LambdaAlias",
    "from bluegreen.kubernetes import KubernetesService, service",
    "import bluegreen.swap.dynamic",
)
TIMES = 5
COMPONENTS = Path(__file__).resolve().parent.parent / "components"


def seconds_of(program: str, components: Path) -> float:
    """The median; a first run, which is not counted, compiles the modules."""
    env = {**os.environ, "PYTHONPATH": str(components)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    taken = []
    for _ in range(1 + TIMES):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", program], env=env, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(taken[1:])


def main() -> None:
    """Print a line for each program."""
    parser = argparse.ArgumentParser(prog="python -m dev.import_time", description=__doc__)
    parser.add_argument("components", nargs="?", type=Path, default=COMPONENTS, help="the folder (default: this one's)")
    components = parser.parse_args().components.resolve()
    for program in PROGRAMS:
        print(f"{seconds_of(program, components):6.3f} s  {program}")


if __name__ == "__main__":
    main()
