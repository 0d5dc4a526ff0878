"""`bluegreen promote`, `rollback` and `deploy`: one line of the stack's config, and `pulumi up`.

The config stays the truth: a promotion by this command is the same change that a pull request would make.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from bluegreen.cli import config_file, looking, stack, view, waiting
from bluegreen.cli.exits import Exit
from bluegreen.cli.release_key import COLOR, release_key
from bluegreen.cli.stack import CommandFailed, Found, Place
from bluegreen.cli.view import State
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.model import COLORS, other
from bluegreen.swap import contract, skipping, verdicts

_UP_SECONDS = 6 * 3600


@dataclass(frozen=True, slots=True)
class How:
    """The ways to continue with a changed config.

    Attributes:
        only_config: change the file alone.
        yes: ask nobody.
        wait: wait until the color is live, also where another process updates.
        timeout_seconds: of the wait.
        skip_gates: why this promotion goes without its gates; empty: it does not.
    """

    only_config: bool = False
    yes: bool = False
    wait: bool = False
    timeout_seconds: float = 1800
    skip_gates: str = ""


def promote(
    place: Place, swap: str | None, color: str | None, percent: int | None, to_key: str, how: How, clock: Clock
) -> Exit:
    """Have a color promoted.

    Args:
        place: the stack.
        swap: the service's name; ``None`` where the stack has one.
        color: which; ``None`` is the one that is not live.
        percent: where it pauses; ``None`` leaves that to the config.
        to_key: the config key of ``promote_to_percent``.
        how: what is done with the changed config.
        clock: time.

    Raises:
        CommandFailed: it cannot be done; nothing was changed.
    """
    found, shown = _one(place, swap)
    live = _live(shown)
    target = color or other(live)
    _refuse_while_moving(shown)
    if how.skip_gates and how.only_config:
        raise CommandFailed("--skip-gates is for the `pulumi up` that this command runs, so not with --only-config")
    changes = {_key(found, target): target}
    if percent is not None:
        changes[to_key] = str(percent)
    _say(f"{found.name}: {live} is live; {target} runs {shown['releases'].get(target, 'nothing')}")
    if how.skip_gates:
        _say(f"without its gates, but for target health: {how.skip_gates}")
    return _change(place, found, changes, target, how, clock)


def rollback(place: Place, swap: str | None, how: How, clock: Clock) -> Exit:
    """Go back: to the live color while a promotion is paused, held or was refused, else to the former one.

    Raises:
        CommandFailed: there is nothing to go back to; nothing was changed.
    """
    found, shown = _one(place, swap)
    live, previous = _live(shown), dict(found.outputs.get("previous") or {})
    _refuse_while_moving(shown)
    key = _key(found, live)
    asked = config_file.read(place.stack or _selected(place), place.cwd).value(key)
    if shown["active_color"] != live or shown["paused"] or (asked in COLORS and asked != live):
        target = live
    elif previous.get("color") in COLORS:
        target = previous["color"]
    else:
        idle = other(live)
        raise CommandFailed(
            f"{found.name} has no former release to go back to: what {idle} runs was not live right before {live}; "
            f"`bluegreen promote {idle}` promotes it with its steps and gates"
        )
    _say(f"{found.name}: back to {target}, which runs {shown['releases'].get(target, 'nothing')}")
    return _change(place, found, {key: target}, target, how, clock)


def deploy(
    place: Place,
    swap: str | None,
    image: str | None,
    settings: Sequence[str],
    how: How,
    clock: Clock,
    *,
    promote_wanted: bool,
) -> Exit:
    """Put a release into the color that is idle now.

    Args:
        place: the stack.
        swap: the service's name; ``None`` where the stack has one.
        image: the value of the key that the idle color's release comes from: see ``release_key``.
        settings: ``key=value``; ``{color}`` in it is the idle color.
        how: what is done with the changed config.
        clock: time.
        promote_wanted: whether it is promoted in the same update.

    Raises:
        CommandFailed: no color is idle, a setting is none, or the image's key is not known; nothing was changed.
    """
    if not image and not settings:
        raise CommandFailed("name what to deploy: an image, or --set KEY=VALUE with {color} in the key")
    found, shown = _one(place, swap)
    live = _live(shown)
    _refuse_while_moving(shown)
    if shown["paused"]:
        raise CommandFailed(
            f"{found.name} is paused at {shown['paused']['percent']:g} % {shown['paused']['color']}: "
            "both colors serve, and none is idle. Promote it further, or roll it back, first"
        )
    idle = other(live)
    changes = {}
    if image:
        file = config_file.read(place.stack or _selected(place), place.cwd)
        runs = str(shown["releases"].get(idle, ""))
        changes[release_key(file, str(found.outputs.get("config_key") or ""), idle, runs, image)] = image
    for one in settings:
        key, equals, value = one.partition("=")
        if not equals or not key:
            raise CommandFailed(f"--set {one}: it has to be KEY=VALUE")
        if re.search(rf"(\b{live}|{live.capitalize()})(?![a-z])", key):
            raise CommandFailed(f"--set {key}: {live} is live; write {{color}} for the color that is idle")
        changes[key.replace(COLOR, idle)] = value.replace(COLOR, idle)
    _say(f"{found.name}: {live} is live, so {idle} takes it")
    if promote_wanted:
        changes[_key(found, idle)] = idle
    return _change(place, found, changes, idle if promote_wanted else live, how, clock)


def _one(place: Place, swap: str | None) -> tuple[Found, dict[str, Any]]:
    swaps = stack.chosen(stack.swaps_in(stack.export(place), place.stack or ""), swap)
    if len(swaps) != 1:
        raise CommandFailed(
            f"the stack has several swaps: name one with --swap ({', '.join(one.name for one in swaps)})"
        )
    shown = view.described(swaps[0])
    if shown["state"] == State.UNREACHABLE:
        raise CommandFailed(f"{swaps[0].name} cannot be read: {shown['error']}")
    return swaps[0], shown


def _live(shown: Mapping[str, Any]) -> Any:
    live = shown["live_color"]
    if live not in COLORS:
        raise CommandFailed(f"{shown['name']} has no live color yet: run `pulumi up` first")
    return live


def _refuse_while_moving(shown: Mapping[str, Any]) -> None:
    if shown["held_by"]:
        raise CommandFailed(
            f"a swap of {shown['name']} runs: {shown['held_by'][0]}. "
            "`bluegreen status --watch` follows it, `bluegreen abort` stops it"
        )


def _key(found: Found, target: str) -> str:
    key = str(found.outputs.get("config_key") or "")
    if not key:
        raise CommandFailed(
            f"{found.name} does not say which config key its active color comes from (`config_key`). "
            f"The change to make: set that key to {target}"
        )
    return key


def _change(place: Place, found: Found, changes: Mapping[str, str], live: str, how: How, clock: Clock) -> Exit:
    name = place.stack or _selected(place)
    before = config_file.read(name, place.cwd)
    after, color_key = before, str(found.outputs.get("config_key") or "")
    if color_key in changes and before.value(color_key) is None:
        raise CommandFailed(
            f"{before.path.name} has no {color_key}: it is set elsewhere. The change to make: {changes[color_key]}"
        )
    for key, value in changes.items():
        if str(after.value(key)) != value:
            after = after.with_value(key, value)
    if after.text == before.text:
        _say(f"{before.path.name} says so already")
    else:
        _say(config_file.difference(before, after))
    if not (how.yes or how.only_config or _confirmed(place)):
        _say("nothing was changed")
        return Exit.REFUSED
    if after.text != before.text:
        # Whoever changed it since is not written over.
        if config_file.read(name, place.cwd).text != before.text:
            raise CommandFailed(f"{before.path.name} was changed meanwhile: nothing was written")
        after.path.write_bytes(after.text.encode())
    if not how.only_config and not _updated(name, place.cwd, found, live, how, clock):
        _say(f"`pulumi up` failed. {before.path.name} still says so; `bluegreen rollback` takes that back")
        return looking.ended([_again(place, found)], live)
    if how.wait:
        return waiting.wait(
            lambda: [_again(place, found)], State.LIVE, how.timeout_seconds, clock, lambda _: None, color=live
        )
    return Exit.DONE if how.only_config else looking.ended([_again(place, found)], live)


def _updated(name: str, cwd: str, found: Found, target: Any, how: How, clock: Clock) -> bool:
    """Run `pulumi up`; where gates are to be skipped the swap learns of it before, and forgets it afterwards."""
    if not how.skip_gates:
        return _up(name, cwd)
    router = found.router()
    verdicts.clear(router, found.outputs)  # such as that of the gate that is wrong
    digest = str(contract.fingerprint(found.outputs, target))
    router.mark(skipping.wish(target, digest, how.skip_gates, clock.wall_seconds()))
    try:
        return _up(name, cwd)
    finally:
        left = skipping.removal(router.read().marks)  # no swap took it: nobody may find it later
        if left:
            router.mark(left)


def _again(place: Place, found: Found) -> Found:
    return stack.chosen(stack.swaps_in(stack.export(place), place.stack or ""), found.name)[0]


def _selected(place: Place) -> str:
    command = ["pulumi", "stack", "--show-name", "--cwd", place.cwd, "--non-interactive"]
    return stack.said(command, stack.run(command)).strip()


def _confirmed(place: Place) -> bool:
    if not sys.stdin.isatty():
        raise CommandFailed(
            "there is no terminal to confirm on: --yes runs `pulumi up`, --only-config changes the file alone"
        )
    return click.confirm(f"Change it, and run `pulumi up` on {place.stack or 'this stack'}?")


def _up(name: str, cwd: str) -> bool:
    """`pulumi up`, through Pulumi's Automation API; whether it succeeded."""
    from pulumi import automation  # noqa: PLC0415 - it takes half a second, and no other verb needs it

    try:
        selected = automation.select_stack(stack_name=name, work_dir=cwd)
        selected.up(on_output=_say, on_error=_complain)
    except automation.CommandError as error:
        _complain(str(error).splitlines()[0] if str(error) else "`pulumi up` failed")
        return False
    return True


def _say(text: str) -> None:
    print(text, flush=True)


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
