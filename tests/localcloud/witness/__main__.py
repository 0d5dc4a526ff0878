"""`make witness`: the same writes to Google's stand-in and to Knative Serving, whose API is Cloud Run's first one.

Knative runs whole, on a real node, and real requests follow its traffic. What comes to something else is mended in the
stand-in, or listed in `differences` with its reason: any other ends this with 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import uuid
from concurrent import futures
from pathlib import Path

from localcloud import progress
from localcloud.kubernetes.node import LocalNode
from tests.localcloud.witness import google, report
from tests.localcloud.witness.cases import CASES
from tests.localcloud.witness.differences import DIFFERENCES
from tests.localcloud.witness.knative import Witness

AT_ONCE = 4
"""Cases on the one node."""


def main() -> int:
    """Run, say what came of it, and return the exit status."""
    parser = argparse.ArgumentParser(prog="make witness", description="Google's stand-in beside Knative Serving")
    parser.add_argument("--docs", type=Path, metavar="FILE", help="write the figures into FILE, between its markers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bluegreen-witness-") as folder:
        state = Path(folder) / "state"
        with LocalNode.running(state, progress.for_terminal(), Path(folder)) as node:
            running = node.knative()
            with node.namespace(f"witness-{uuid.uuid4().hex[:6]}") as namespace:
                witness = Witness(node, running, namespace)
                with futures.ThreadPoolExecutor(AT_ONCE) as pool:
                    found = dict(zip(CASES, pool.map(witness.seen, CASES.values()), strict=True))
    differing = report.compare({case: google.seen(steps) for case, steps in CASES.items()}, found)
    report.keep(found, witness.requests)
    print(report.summary(differing, witness.requests))  # noqa: T201
    for place, told in differing.items():
        print(f"{DIFFERENCES.get(place, 'NOT LISTED')}: {place[0]}, write {place[1]}: {told}")  # noqa: T201
    stale = [place for place in DIFFERENCES if place not in differing]
    for place in stale:
        print(f"listed, and does not differ: {place[0]}, write {place[1]}")  # noqa: T201
    unlisted = [place for place in differing if place not in DIFFERENCES]
    if options.docs and not unlisted:
        options.docs.write_text(report.in_docs(options.docs.read_text(), differing, witness.requests))
    return 1 if unlisted or stale else 0


if __name__ == "__main__":
    sys.exit(main())
