"""The story itself: what the demo does, in order."""

from __future__ import annotations

import time
from pathlib import Path

import yaml
from rich.console import Console

from demo.measure import Story, Swap
from demo.places import PLACES, Place
from localcloud.errors import LocalCloudError
from localcloud.load import Load
from localcloud.progress import Progress
from localcloud.stack import Stack

QUIET_SECONDS = 2.0
"""Load before, between and after the commands, so that the picture shows what was normal."""

BROKEN, FIXED = "broken-v2", "v2.1"


class Teller:
    """Tells the story on a terminal, and does it."""

    def __init__(
        self, console: Console, progress: Progress, state_dir: Path | None = None, place: Place = PLACES["hosts"]
    ) -> None:
        self._console = console
        self._progress = progress
        self._state_dir = state_dir
        self._place = place
        self._chapters = 0

    def tell(self, story: Story) -> None:
        """From the first `up` to the `destroy`; what comes to pass is noted in `story` as it does."""
        place = self._place
        stack = Stack(
            "demo",
            like=place.like,
            kubernetes=place.needs == "kubernetes",
            host=place.needs == "host",
            played=place.needs if place.needs in ("azure", "google") else "",
            state_dir=self._state_dir,
            progress=self._progress,
            show=self._command,
        )
        with place.around(self._state_dir, self._progress) as told, stack:
            if told:
                stack.config_set_all(told)
            self._say(
                f"The stack is called [b]demo[/b]. Its config is a copy of stacks/config/Pulumi.{place.like}.yaml in "
                f"{stack.config_file.parent}, handed to pulumi by environment variables; so are the options that hide "
                f"the stack's outputs. Every command runs in the repo's root and is shown as you would type it. "
                f"--yes --skip-preview: without a question; the preview is a command of its own here."
            )
            story.steps_percent = [*_steps(stack.config_file), 100]
            self._chapter("Blue goes live")
            stack.config_set("activeColor", "blue")
            stack.up()
            url = stack.output("url")
            self._chapter(f"Load on {url}, until the end")
            self._say("Half of the requests come on connections that are kept, half on new ones.")
            where, host = place.reached(url, self._state_dir)
            load = Load(where, rate_per_second=place.rate_per_second, host_header=host)
            try:
                load.start()
                self._swaps(stack, story, load)
            finally:
                # In any case: what was seen until a failure is reported, too.
                story.result = load.stop()
            self._chapter("The end")
            stack.destroy()

    def _swaps(self, stack: Stack, story: Story, load: Load) -> None:
        time.sleep(QUIET_SECONDS)
        self._chapter("Nothing has changed: what a `pulumi up` takes anyway")
        story.noop = stack.up()
        self._chapter("Green is to be live. What will happen?")
        stack.config_set("activeColor", "green")
        story.preview = stack.pulumi("preview", "--diff")
        if self._place.install(BROKEN):
            self._refuse(stack, story)
        self._chapter("The promotion, a canary in steps")
        story.promotion = self._swap(stack, story, "promotion")
        time.sleep(QUIET_SECONDS)
        self._chapter("The rollback: the config is reverted")
        stack.config_set("activeColor", "blue")
        story.rollback = self._swap(stack, story, "rollback")
        time.sleep(QUIET_SECONDS)
        if not load.running:
            raise LocalCloudError("the load generator ended before the story did")

    def _refuse(self, stack: Stack, story: Story) -> None:
        self._chapter(f"Green gets a broken release, {BROKEN}, and is promoted")
        stack.config_set("greenRelease", BROKEN)
        story.refused = stack.up_fails()
        self._say("[b]Refused, as it should be:[/b] the gate checked green before it had any traffic.")
        self._chapter(f"The fix is put into green, {FIXED}")
        self._place.install(FIXED)
        stack.config_set("greenRelease", FIXED)

    @staticmethod
    def _swap(stack: Stack, story: Story, name: str) -> Swap:
        story.pending = (name, time.time())
        up = stack.up()
        entry = stack.output("history")[0]
        if float(entry["started_at_seconds"]) < up.began_at or not entry["steps"]:
            raise LocalCloudError(f"{name}: `{up.text}` succeeded, but the stack's history has no swap of it")
        story.pending = None
        return Swap(name, up, entry)

    def _chapter(self, title: str) -> None:
        self._chapters += 1
        self._console.print()
        self._console.rule(f"[b]{self._chapters}. {title}[/b]", align="left")

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=False)

    def _command(self, text: str) -> None:
        self._console.print(f"[b green]$ {text}[/b green]", highlight=False, soft_wrap=True)
        self._console.file.flush()  # what the command says comes next


def _steps(config_file: Path) -> list[int]:
    config = yaml.safe_load(config_file.read_text())["config"]
    strategy = config.get("bluegreen:strategy") or {}
    return [int(step["weight_percent"]) for step in strategy.get("steps", [])]
