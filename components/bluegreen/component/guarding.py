"""Shared by the hooks that stop another release before Pulumi brings it to a color with traffic."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from bluegreen import stack_config
from bluegreen.adapters.hosting import hosted
from bluegreen.rollout.model import Color, other

Routers = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""A swap's section, or several of them, with outputs in it."""
_named: dict[tuple[int, str], int] = {}


def is_called() -> bool:
    """Whether hooks are called in this process, and wanted.

    Nobody does with Pulumi's mocks. Where the plugin hosts a component, its hooks end with its construction, and that
    waits for the update of all that it declares.
    """
    return not isinstance(get_monitor(), MockMonitor) and not _allowed()


def binding(what: str, before_update: Callable[[pulumi.ResourceHookArgs], Any]) -> pulumi.ResourceHookBinding:
    """A hook that is called before an update.

    Args:
        what: it guards. A stack's hooks have names of their own, and two components may have the same.
        before_update: ends the update where it raises.
    """
    # The plugin constructs each component beside the others, with a monitor of its own.
    key = (0 if hosted() else id(get_monitor()), what)
    _named[key] = _named.get(key, 0) + 1
    number = f" ({_named[key]})" if _named[key] > 1 else ""
    return pulumi.ResourceHookBinding(
        before_update=[pulumi.ResourceHook(f"bluegreen guards {what}{number}", before_update)]
    )


def over_inputs(
    what: str,
    called: str,
    color: Color,
    router: Routers,
    another: Callable[[Mapping[str, Any], Mapping[str, Any]], str],
) -> pulumi.ResourceHookBinding | None:
    """The hook of a color's resource whose inputs tell its release; ``None`` where nobody would call it.

    Args:
        what: it guards: see ``binding``.
        called: the resource, in messages.
        color: whose.
        router: none of its outputs may be the resource's own.
        another: what tells another release, of the inputs before and after, in a few words; empty where it is none.
    """
    if not is_called():
        return None

    async def before_update(args: pulumi.ResourceHookArgs) -> None:
        former, wanted = await plain(args.old_inputs), await plain(args.new_inputs)
        told = another(former or {}, wanted or {})
        routers = await known(router) if told else None
        said = "" if routers is None else await asyncio.to_thread(look, color, told, routers)
        if said:
            raise RuntimeError(f"{called} {said}")

    return binding(what, before_update)


def look(color: Color, what: str, routers: Sequence[Mapping[str, Any]]) -> str:
    """Why a resource with another release may not be updated; empty where it may: a read of each router."""
    try:
        percent = percent_of(color, routers)
    except Exception as error:  # noqa: BLE001 - whatever it is, the update is not this hook's to fail
        unseen(color, error)
        return ""
    return refusal(color, percent, what) if percent else ""


def _allowed() -> bool:
    return bool(pulumi.Config(stack_config.NAMESPACE).get_bool(stack_config.ALLOW_LIVE_CHANGES))


async def known(routers: Routers) -> Sequence[Mapping[str, Any]] | None:
    """The sections with the outputs of the update so far; ``None`` where one is not known."""
    sections = [routers] if isinstance(routers, Mapping) else routers
    resolved: Any = await pulumi.Output.all(*map(dict, sections)).future()
    return resolved if resolved is None else list(resolved)


async def plain(values: Any) -> Any:
    """The inputs of a hook as plain data, secrets too: a key with a secret in it comes as one output.

    ``None`` where something is not known.
    """
    resolved: Any = await pulumi.Output.from_input(values).future()
    return resolved


def percent_of(color: Color, routers: Sequence[Mapping[str, Any]]) -> int:
    """The share of production traffic that a color has: of several routers the largest. One or two calls each.

    Raises:
        BluegreenError: one could not be read.
    """
    from bluegreen.fields import Fields  # noqa: PLC0415 - only for a change
    from bluegreen.platforms.routers import ROUTERS  # noqa: PLC0415

    parsed = [ROUTERS.parse(Fields(router, "router")) for router in routers]
    # Where something is wrong with a section, the swap says what.
    return max((ROUTERS.build(one).read().weights.of(color) for one in parsed if one is not None), default=0)


def refusal(color: Color, percent: int, what: str) -> str:
    """The message that says why a color's resource was not updated, and what to do.

    Args:
        color: the one with traffic.
        percent: its share.
        what: what is another release, in a few words.
    """
    return (
        f"was not updated: {color} has {percent} % of production traffic and would get another release in place "
        f"({what}), with no gate and no step. Deploy it to {other(color)} and promote that. Where it has to be in "
        f"place: `pulumi config set bluegreen:{stack_config.ALLOW_LIVE_CHANGES} true`, and take that back afterwards"
    )


def unseen(color: Color, error: Exception) -> None:
    """Warn that nobody could look: the update continues."""
    pulumi.log.warn(f"it could not be checked whether {color} is live and gets another release in place: {error}")
