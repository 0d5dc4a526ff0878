"""The swaps of a stack: found in its state, whatever backend keeps it, and reached as they reach the platform."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.ports import TrafficRouter
from bluegreen.swap import incarnation, states

TYPES = ("pulumi-python:dynamic/bluegreen:TrafficSwap", "bluegreen:index:TrafficSwap")
# How the engine marks what is a secret.
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
_EXPORT_SECONDS = 120


class CommandFailed(BluegreenError):
    """The command cannot be done; the text is for whoever typed it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack is.

    Attributes:
        stack: its name; ``None`` is the selected one.
        cwd: the folder of its Pulumi project.
    """

    stack: str | None = None
    cwd: str = "."

    @property
    def words(self) -> list[str]:
        """As words of a `pulumi` command."""
        return [*(["--stack", self.stack] if self.stack else []), "--cwd", self.cwd, "--non-interactive"]


@dataclass(frozen=True, slots=True)
class Found:
    """A swap of the stack: its name, and its outputs as the state has them.

    Attributes:
        name: the service's.
        outputs: the last update's.
        stack: the stack's name, where it was named.
        urn: of the resource.
    """

    name: str
    outputs: Mapping[str, Any]
    stack: str = ""
    urn: str = ""
    #: The router as the state has it, once it was built.
    _built: list[TrafficRouter] = field(default_factory=list, compare=False, repr=False)

    def router(self) -> TrafficRouter:
        """Its router."""
        if not self._built:
            spec = incarnation.known_to(states.spec_of(self.outputs), {}, incarnation.recorded(self.outputs))
            self._built.append(spec.build_router())
        return self._built[0]


def run(command: Sequence[str], seconds: float = _EXPORT_SECONDS) -> subprocess.CompletedProcess[str]:
    """Run `pulumi`, and keep what it says.

    Raises:
        CommandFailed: there is no `pulumi`, or it does not answer.
    """
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    except FileNotFoundError:
        raise CommandFailed("`pulumi` is not on PATH") from None
    except subprocess.TimeoutExpired:
        raise CommandFailed(f"`{' '.join(command[:3])}` did not answer in {seconds:g} s") from None


def said(command: Sequence[str], done: subprocess.CompletedProcess[str]) -> str:
    """The output of `pulumi`.

    Raises:
        CommandFailed: it failed; with its own words.
    """
    if done.returncode:
        raise CommandFailed(f"`{' '.join(command)}`: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def export(place: Place) -> Mapping[str, Any]:
    """The stack's state.

    Raises:
        CommandFailed: it cannot be read.
    """
    command = ["pulumi", "stack", "export", *place.words]
    # Where a route has the stack's own token in it, the router's section is a secret as a whole.
    done = run([*command, "--show-secrets"])
    if done.returncode:  # whoever may not read secrets finds all other swaps
        done = run(command)
    exported: Mapping[str, Any] = plain(json.loads(said(command, done)))
    return exported


def stacks(cwd: str) -> list[str]:
    """The names of all stacks of the project.

    Raises:
        CommandFailed: they cannot be listed.
    """
    command = ["pulumi", "stack", "ls", "--json", "--cwd", cwd, "--non-interactive"]
    return [str(one["name"]) for one in json.loads(said(command, run(command)))]


def plain(exported: Any) -> Any:
    """An exported state with its secrets as what they are; those that were not shown stay as they are."""
    if isinstance(exported, list):
        return [plain(one) for one in exported]
    if not isinstance(exported, Mapping):
        return exported
    if exported.get(SIGNATURE) == SECRET and "plaintext" in exported:
        return plain(json.loads(exported["plaintext"]))
    return {key: plain(value) for key, value in exported.items()}


def swaps_in(exported: Mapping[str, Any], stack: str = "") -> list[Found]:
    """All swaps that a state has; none that waits for its deletion."""
    resources = (exported.get("deployment") or {}).get("resources") or []
    swaps = []
    for resource in resources:
        if resource.get("type") in TYPES and not resource.get("delete"):
            outputs, urn = resource.get("outputs") or {}, str(resource["urn"])
            swaps.append(Found(outputs.get("name") or urn.rpartition("::")[2], outputs, stack, urn))
    return swaps


def chosen(swaps: Sequence[Found], name: str | None) -> list[Found]:
    """The swaps of that name, or all.

    Raises:
        CommandFailed: there is none; with the names that there are.
    """
    matching = [swap for swap in swaps if name in (None, swap.name)]
    if not matching:
        known = ", ".join(swap.name for swap in swaps) or "none"
        raise CommandFailed(f"the stack has no swap{f' called {name}' if name else ''}; it has: {known}")
    return matching
