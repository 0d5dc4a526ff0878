"""The command `bluegreen`: see swaps, promote and roll back, stop them, and let them be tried again.

The swaps are found in the stack's state (`pulumi stack export`), and reached as they themselves reach the platform:
with the credentials of whoever runs this.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, TextIO, TypeVar

import click
from click.shell_completion import get_completion_class
from rich.console import Console
from rich.live import Live

from bluegreen._version import __version__
from bluegreen.cli import looking, previewing, screen, stack, steering, stopping, waiting
from bluegreen.cli.exits import Exit
from bluegreen.cli.stack import CommandFailed, Found, Place
from bluegreen.cli.view import State
from bluegreen.rollout.clock import Clock, SystemClock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.model import COLORS
from bluegreen.secrets import redact

_Command = TypeVar("_Command", bound=Callable[..., Any])
_INTERRUPTED = 130
_EPILOG = """Exit codes: 0 done, or in the state that was waited for; 1 refused, the text says why; 2 wrong usage;
3 paused; 4 restored after a failure; 5 aborted; 6 held by a verdict; 7 timed out; 8 the platform cannot be read;
9 drifted; 10 a restore was not confirmed."""


def main(arguments: Sequence[str] | None = None, clock: Clock | None = None) -> int:
    """Run it.

    Args:
        arguments: as typed; those of this process by default.
        clock: time, for waits.

    Returns:
        The exit code, one of ``Exit``.
    """
    try:
        return int(group.main(arguments, "bluegreen", standalone_mode=False, obj=clock or SystemClock()) or 0)
    except click.exceptions.Abort:
        return _INTERRUPTED
    except click.ClickException as error:
        error.show()
        return int(Exit.USAGE)
    except BluegreenError as error:
        print(redact(f"error: {error}"), file=sys.stderr)
        return int(Exit.REFUSED)


@click.group(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="bluegreen")
def group() -> None:
    """See swaps, promote and roll back, stop them, and let them be tried again.

    Swaps are found in the stack's state and reached with the credentials of whoever runs this.
    """


def _placed(command: _Command) -> _Command:
    """With the options that say which swaps are meant."""
    command = click.option("--cwd", default=".", metavar="DIR", help="The Pulumi project (default: here).")(command)
    command = click.option("--swap", help="The service's name, where the stack has several.")(command)
    return click.option("--stack", help="The stack's name (default: the selected one).")(command)


def _found(place: Place, swap: str | None) -> list[Found]:
    return stack.chosen(stack.swaps_in(stack.export(place), place.stack or ""), swap)


_as_json = click.option("--json", "json_wanted", is_flag=True, help="For programs: `version` and `swaps`.")


@group.command()
@_placed
@_as_json
@click.option("--watch", is_flag=True, help="Redraw while a swap moves.")
@click.option("--until", type=click.Choice([state.value for state in waiting.UNTIL]), help="Wait for this state.")
@click.option("--color", type=click.Choice(COLORS), help="With --until live: the color that has to be live.")
@click.option("--timeout", default=1800.0, metavar="SECONDS", show_default=True, help="Of --watch and --until.")
@click.pass_obj
def status(
    clock: Clock,
    stack: str | None,
    swap: str | None,
    cwd: str,
    json_wanted: bool,
    watch: bool,
    until: str | None,
    color: str | None,
    timeout: float,
) -> int:
    """Show what is live, who holds it, and how the last swaps ended.

    With --until the exit code is 0 once the swap is in that state. A swap that stands still in another state ends the
    wait with that state's exit code.
    """
    place = Place(stack, cwd)
    if not (watch or until):
        return looking.status(_found(place, swap), json_wanted=json_wanted)
    last: list[Any] = []

    def keep(shown: Sequence[Any]) -> None:
        last[:] = shown

    wanted = State(until) if until else None
    if not watch or json_wanted:
        code = waiting.wait(lambda: _found(place, swap), wanted, timeout, clock, keep, color)
        print(
            looking.as_json(last) if json_wanted else "\n".join(redact("\n".join(looking.lines(one))) for one in last)
        )
        return code
    with Live(console=Console(), auto_refresh=False) as live:
        return waiting.wait(
            lambda: _found(place, swap),
            wanted,
            timeout,
            clock,
            lambda shown: live.update(screen.watched(shown), refresh=True),
            color,
        )


@group.command(name="list", short_help="List every swap: state, live color, weights, since when.")
@_placed
@_as_json
@click.option("--all-stacks", is_flag=True, help="Of all stacks of the project.")
def list_(stack: str | None, swap: str | None, cwd: str, json_wanted: bool, all_stacks: bool) -> int:
    """List every swap: state, live color, weights, what it runs, since when and by whom."""
    if not all_stacks:
        return looking.table(_found(Place(stack, cwd), swap), json_wanted=json_wanted)
    return looking.table(_of_all_stacks(cwd, swap), json_wanted=json_wanted)


def _of_all_stacks(cwd: str, swap: str | None) -> list[Found]:
    swaps: list[Found] = []
    for name in stack.stacks(cwd):
        swaps += stack.swaps_in(stack.export(Place(name, cwd)), name)
    if not swaps:
        raise CommandFailed("no stack of this project has a swap")
    return stack.chosen(swaps, swap)


@group.command(short_help="Show what happened: who, steps, gates, how it ended.")
@_placed
@_as_json
def history(stack: str | None, swap: str | None, cwd: str, json_wanted: bool) -> int:
    """Show what happened: who, steps, gates with their values, how each swap ended."""
    return looking.history(_found(Place(stack, cwd), swap), json_wanted=json_wanted)


@group.command(short_help="Write what a service's swaps did into one HTML file.")
@click.argument("file", type=click.Path(dir_okay=False, writable=True))
@_placed
@click.option("--id", "swap_id", help="Of one swap alone (`bluegreen history --json` has the ids).")
@click.option("--event-log", type=click.File("r"), help="With what happened in between, from the swap's event log.")
def report(
    file: str, stack: str | None, swap: str | None, cwd: str, swap_id: str | None, event_log: TextIO | None
) -> int:
    """Write what a service's swaps did into FILE: one HTML page for each, to be passed on in a post-mortem.

    It has a time line of the weights, the gates' values, who and from where. It needs nothing but a browser.
    """
    return looking.report(_found(Place(stack, cwd), swap), file, swap_id, event_log.read() if event_log else "")


@group.command(short_help="Show what `pulumi up` would do to traffic now.")
@_placed
@click.option("--json", "json_wanted", is_flag=True, help="For programs: `version` and `moves`.")
def plan(stack: str | None, swap: str | None, cwd: str, json_wanted: bool) -> int:
    """Show what `pulumi up` would do to traffic now, step by step, with the longest that it may take.

    Runs `pulumi preview`.
    """
    return previewing.plan(Place(stack, cwd), swap, json_wanted=json_wanted)


@group.command(short_help="Make a preview into a comment on a pull request.")
@click.argument("preview", type=click.File("r"), default="-")
@click.option("--post", "wanted", is_flag=True, help="Post it on this CI job's pull request, or edit it there.")
@click.option("--key", default="", help="Distinguishes two comments of one pull request (default: project and stack).")
@click.pass_obj
def comment(clock: Clock, preview: TextIO, wanted: bool, key: str) -> int:
    """Make a preview into a comment for a pull request: `pulumi preview --json --show-sames | bluegreen comment`.

    Without --post it is printed. With it the same comment is edited from then on: on GitHub with GITHUB_TOKEN, on
    GitLab with GITLAB_TOKEN.
    """
    return previewing.comment(preview.read(), key, clock, post_wanted=wanted)


def _steered(command: _Command) -> _Command:
    """With the options that say what is done with the changed config."""
    command = click.option("--timeout", default=1800.0, metavar="SECONDS", show_default=True, help="Of --wait.")(
        command
    )
    command = click.option("--wait", is_flag=True, help="Wait until it is live, also where another process updates.")(
        command
    )
    command = click.option("--yes", "-y", is_flag=True, help="Skip the confirmation.")(command)
    return click.option("--only-config", is_flag=True, help="Change the config file alone; run no `pulumi up`.")(
        command
    )


@group.command(short_help="Promote a color: change its line of the config, and update.")
@click.argument("color", required=False, type=click.Choice(COLORS))
@_placed
@_steered
@click.option("--to", "percent", type=click.IntRange(1, 100), metavar="PERCENT", help="Where the promotion pauses.")
@click.option("--to-key", default="promoteTo", show_default=True, help="The config key of promote_to_percent.")
@click.option("--skip-gates", is_flag=True, help="This once without gates, when one is wrong; with --reason.")
@click.option("--reason", default="", help="Why gates are skipped: shown in messages, kept in the history.")
@click.pass_obj
def promote(
    clock: Clock,
    color: str | None,
    stack: str | None,
    swap: str | None,
    cwd: str,
    only_config: bool,
    yes: bool,
    wait: bool,
    timeout: float,
    percent: int | None,
    to_key: str,
    skip_gates: bool,
    reason: str,
) -> int:
    """Promote COLOR, or the one that is not live: change its line in the stack's config, and run `pulumi up`.

    The exit code says how the swap stands afterwards. --skip-gates tries a promotion that a gate has refused once more,
    without its gates but for target health; whoever promotes later runs all of them again.
    """
    if skip_gates is not bool(reason.strip()):
        raise click.UsageError("--skip-gates goes with --reason TEXT, and --reason with --skip-gates")
    how = steering.How(only_config, yes, wait, timeout, reason.strip())
    return steering.promote(Place(stack, cwd), swap, color, percent, to_key, how, clock)


@group.command()
@_placed
@_steered
@click.pass_obj
def rollback(
    clock: Clock,
    stack: str | None,
    swap: str | None,
    cwd: str,
    only_config: bool,
    yes: bool,
    wait: bool,
    timeout: float,
) -> int:
    """Go back: set the config's line back, and run `pulumi up`.

    While a promotion is paused, held or was refused, that is the live color; else the one that was live before.
    """
    return steering.rollback(Place(stack, cwd), swap, steering.How(only_config, yes, wait, timeout), clock)


@group.command(short_help="Put a release into the color that is idle now.")
@click.argument("image", required=False)
@_placed
@_steered
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="With {color} for the idle color.")
@click.option("--promote", "promote_wanted", is_flag=True, help="Promote it in the same update.")
@click.pass_obj
def deploy(
    clock: Clock,
    image: str | None,
    stack: str | None,
    swap: str | None,
    cwd: str,
    only_config: bool,
    yes: bool,
    wait: bool,
    timeout: float,
    settings: tuple[str, ...],
    promote_wanted: bool,
) -> int:
    """Put a release into the color that is idle now: IMAGE into its key of the config, or what --set says.

    The key is {color}Image or {color}Release, whichever the stack's config has. Refused while a swap runs or is paused:
    then no color is idle.
    """
    how = steering.How(only_config, yes, wait, timeout)
    return steering.deploy(Place(stack, cwd), swap, image, settings, how, clock, promote_wanted=promote_wanted)


@group.command()
@_placed
@click.option("--reason", default="", help="Shown where the swap runs, and kept in the history.")
@click.option("--wait-seconds", default=60.0, metavar="N", show_default=True, help="For the swap's end; 0: do not.")
@click.pass_obj
def abort(clock: Clock, stack: str | None, swap: str | None, cwd: str, reason: str, wait_seconds: float) -> int:
    """Stop a running swap; the former weights come back."""
    return stopping.abort(_found(Place(stack, cwd), swap), reason, wait_seconds, clock)


@group.command(short_help="Let a refused promotion be tried again.")
@_placed
def retry(stack: str | None, swap: str | None, cwd: str) -> int:
    """Let the next `pulumi up` try a promotion again that was refused or aborted."""
    return stopping.retry(_found(Place(stack, cwd), swap))


@group.command(short_help="Print what completes this command in a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print what completes this command in a shell: `eval "$(bluegreen completion bash)"`."""
    made = get_completion_class(shell)
    if made is None:
        raise CommandFailed(f"there is no completion for {shell}")
    print(made(group, {}, "bluegreen", "_BLUEGREEN_COMPLETE").source())
    return int(Exit.DONE)
