"""`python -m demo [--on hosts|aws|azure|google|kubernetes] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from rich.console import Console

from demo import report
from demo.measure import Story
from demo.places import PLACES
from demo.story import Teller
from localcloud import paths, progress
from localcloud.errors import LocalCloudError

PAGE = paths.CHECKOUT / "demo.html"


def main(arguments: list[str] | None = None) -> int:
    """Tell the story; the exit status is 1 if a request failed or a step went wrong."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=sys.modules["demo"].__doc__)
    parser.add_argument("--on", choices=PLACES, default="hosts", help="where it takes place (default: hosts)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE, too")
    parser.add_argument("--state-dir", type=Path, help="where the local cloud's state is (default: this checkout's)")
    options = parser.parse_args(arguments)
    console, story = Console(), Story()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    for old in filter(None, (options.json, PAGE)):
        old.unlink(missing_ok=True)  # nobody may take an earlier run's numbers for this one's
    began = time.perf_counter()
    try:
        Teller(console, progress.for_terminal(), options.state_dir, PLACES[options.on]).tell(story)
    except LocalCloudError as error:
        story.problems.append(str(error))
    except KeyboardInterrupt:
        story.problems.append("interrupted")
    seconds = time.perf_counter() - began
    story.judge()
    report.show(story, console, seconds)
    from demo import page  # noqa: PLC0415 - what draws it takes seconds to load, and the show need not wait for that

    page.write(story, PAGE)
    console.print(f"The same as a picture: {PAGE}", highlight=False, soft_wrap=True)
    numbers = story.numbers()
    if options.json and numbers:
        options.json.write_text(json.dumps(numbers, indent=2) + "\n")
    return 1 if story.problems else 0


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
