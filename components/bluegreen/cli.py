"""The command `bluegreen`: what cannot be said by `pulumi up`, because one is running.

bluegreen abort --stack production [--swap web] [--reason TEXT]    stop a running swap; the former weights come back
bluegreen retry --stack production [--swap web]                    a refused or aborted promotion may be tried again
bluegreen status --stack production [--swap web] [--json]          what is live, who holds it, how the last swaps ended

The swaps are found in the stack's state (`pulumi stack export`), and reached as they themselves reach the platform:
with the credentials of whoever runs this.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from bluegreen.rollout.apart import Apart, joined
from bluegreen.rollout.clock import Clock, SystemClock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.model import Weights
from bluegreen.rollout.ports import TrafficRouter
from bluegreen.secrets import redact
from bluegreen.swap import contract, incarnation, states, verdicts
from bluegreen.swap.journal import with_marks
from bluegreen.swap.lease import ABORT, holder_of, leases_in, mark_text, who

TYPES = ("pulumi-python:dynamic/bluegreen:TrafficSwap", "bluegreen:index:TrafficSwap")
_SHOWN_SWAPS = 5


class CommandFailed(BluegreenError):
    """The command cannot be done; the text is for whoever typed it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A swap of the stack: its name, and its outputs as the state has them."""

    name: str
    outputs: Mapping[str, Any]

    def router(self) -> TrafficRouter:
        """Its router."""
        spec = incarnation.known_to(states.spec_of(self.outputs), {}, incarnation.recorded(self.outputs))
        return spec.build_router()


def main(arguments: Sequence[str] | None = None, clock: Clock | None = None) -> int:
    """Run it; returns the exit status: 0 done, 1 not possible, 2 not confirmed in time."""
    options = _parser().parse_args(arguments)
    try:
        swaps = _swaps(_export(options.stack, options.cwd), options.swap)
        if options.command == "status":
            return _status(swaps, as_json=options.json)
        if options.command == "retry":
            return _retry(swaps)
        return _abort(swaps, options.reason, options.wait_seconds, clock or SystemClock())
    except BluegreenError as error:
        print(redact(f"error: {error}"), file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bluegreen", description="Look at running swaps, and stop them.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--stack", help="the stack's name (default: the selected one)")
    shared.add_argument("--swap", help="the service's name, where the stack has several")
    shared.add_argument("--cwd", default=".", metavar="DIR", help="the Pulumi project (default: here)")
    commands = parser.add_subparsers(dest="command", required=True)
    abort = commands.add_parser("abort", parents=[shared], help="stop a running swap; the former weights come back")
    abort.add_argument("--reason", default="", help="told where the swap runs, and kept in the history")
    abort.add_argument(
        "--wait-seconds", type=float, default=60, metavar="N", help="for the swap to be over (default 60, 0: do not)"
    )
    commands.add_parser(
        "retry", parents=[shared], help="let the next `pulumi up` try a promotion again that was refused or aborted"
    )
    status = commands.add_parser("status", parents=[shared], help="what is live, and how the last swaps ended")
    status.add_argument("--json", action="store_true", help="for programs")
    return parser


# How the engine marks what is a secret.
_SIGNATURE, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


def _export(stack: str | None, cwd: str) -> Mapping[str, Any]:
    command = ["pulumi", "stack", "export", *(["--stack", stack] if stack else []), "--cwd", cwd, "--non-interactive"]
    try:
        # Where a route has the stack's own token in it, the router's section is a secret as a whole.
        done = _run([*command, "--show-secrets"])
        if done.returncode:  # whoever may not read secrets finds all other swaps
            done = _run(command)
    except FileNotFoundError:
        raise CommandFailed("`pulumi` is not on PATH") from None
    except subprocess.TimeoutExpired:
        raise CommandFailed("`pulumi stack export` did not answer in 120 s") from None
    if done.returncode:
        raise CommandFailed(f"`{' '.join(command)}`: {done.stderr.strip() or done.stdout.strip()}")
    exported: Mapping[str, Any] = plain(json.loads(done.stdout))
    return exported


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def plain(exported: Any) -> Any:
    """An exported state with its secrets as what they are; those that were not shown stay as they are."""
    if isinstance(exported, list):
        return [plain(one) for one in exported]
    if not isinstance(exported, Mapping):
        return exported
    if exported.get(_SIGNATURE) == _SECRET and "plaintext" in exported:
        return plain(json.loads(exported["plaintext"]))
    return {key: plain(value) for key, value in exported.items()}


def _swaps(exported: Mapping[str, Any], name: str | None) -> list[Found]:
    resources = (exported.get("deployment") or {}).get("resources") or []
    found = []
    for resource in resources:
        if resource.get("type") in TYPES and not resource.get("delete"):
            outputs = resource.get("outputs") or {}
            found.append(Found(outputs.get("name") or str(resource["urn"]).rpartition("::")[2], outputs))
    chosen = [swap for swap in found if name in (None, swap.name)]
    if not chosen:
        known = ", ".join(swap.name for swap in found) or "none"
        raise CommandFailed(f"the stack has no swap{f' called {name}' if name else ''}; it has: {known}")
    return chosen


def _abort(swaps: Sequence[Found], reason: str, wait_seconds: float, clock: Clock) -> int:
    asked: list[tuple[Found, TrafficRouter, str]] = []
    for swap in swaps:
        router = swap.router()
        found = router.read()
        # Several at once are a newcomer that is just being refused: the first one is the one that runs.
        for lease, holder in sorted(leases_in(found.marks).items(), key=lambda item: item[1])[:1]:
            at = datetime.fromtimestamp(clock.wall_seconds(), timezone.utc)
            router.mark({ABORT: mark_text(f"{lease} {who()} at {at:%Y-%m-%dT%H:%M:%SZ} {reason}")})
            print(f"{swap.name}: asked to stop: {holder_of(holder)}")
            asked.append((swap, router, lease))
    if not asked:
        print("no swap is running; to go back, set activeColor back and run `pulumi up`", file=sys.stderr)
        return 1
    return max(_wait(swap, router, lease, wait_seconds, clock) for swap, router, lease in asked)


def _wait(swap: Found, router: TrafficRouter, lease: str, wait_seconds: float, clock: Clock) -> int:
    deadline = clock.monotonic_seconds() + wait_seconds
    while wait_seconds:
        found = router.read()
        if lease not in leases_in(found.marks):
            found = router.read()  # the weights may have been read before the marks, and before the swap's last write
            entry = next((entry for entry in with_marks([], found.marks) if entry["id"] == lease), None)
            ended = f"{entry['outcome']}: {entry['reason']}" if entry else "it came to its end before it saw the wish"
            print(f"{swap.name}: {ended}\n  Now: {found.weights}")
            return 0 if entry else 1
        if clock.monotonic_seconds() >= deadline:
            print(
                f"{swap.name}: still held after {wait_seconds:g} s. If its process is dead, `pulumi up` puts it right "
                f"(with activeColor set back, if you want the former color).\n  Now: {found.weights}",
                file=sys.stderr,
            )
            return 2
        clock.sleep(0.5)
    return 0


def _retry(swaps: Sequence[Found]) -> int:
    cleared = 0
    for swap in swaps:
        verdict = verdicts.clear(swap.router(), swap.outputs)
        if verdict is not None:
            cleared += 1
            print(f"{swap.name}: {verdict}\n  Next: `pulumi up` tries it again")
    if not cleared:
        print("no promotion is held; a `pulumi up` that is asked for one does it", file=sys.stderr)
    return 0 if cleared else 1


def _status(swaps: Sequence[Found], *, as_json: bool) -> int:
    shown = [_described(swap) for swap in swaps]
    if as_json:
        print(redact(json.dumps(shown, indent=2)))
        return 0
    for found in shown:
        recorded = "" if found["weights"] == found["recorded_weights"] else " (the state says otherwise: drift)"
        print(f"{found['name']}: {_said(found)}{recorded}")
        for holder in found["held_by"]:
            print(f"  a swap is going on, or was interrupted: {holder}")
        if found["held"]:
            print(f"  {found['held']['said']}")
        for entry in found["history"][:_SHOWN_SWAPS]:
            at = datetime.fromtimestamp(entry["started_at_seconds"], timezone.utc)
            reason = f": {entry['reason']}" if entry.get("reason") else ""
            took = f"{entry['seconds']:g} s"
            print(redact(f"  {at:%Y-%m-%d %H:%M:%S}Z {entry['outcome']} -> {entry['to']}, {took}{reason}"))
    return 0


def _said(found: Mapping[str, Any]) -> str:
    """The weights, of several routers as they are where they differ."""
    parts = [(one["router"], Weights(one["blue"], one["green"])) for one in found.get("members", ())]
    if not parts:
        return str(Weights(**found["weights"]))
    weights = joined(parts)
    return (
        str(weights) if isinstance(weights, Apart) else f"{weights}, on all of {'; '.join(name for name, _ in parts)}"
    )


def _described(swap: Found) -> dict[str, Any]:
    router = swap.router()
    found = router.read()
    recorded = contract.recorded_in(swap.outputs)
    verdict = verdicts.standing(found, swap.outputs)
    return {
        "name": swap.name,
        "weights": found.weights.as_dict(),
        **contract.members_of(found.weights, getattr(router, "names", ())),
        "recorded_weights": recorded.weights.as_dict() if recorded is not None else None,
        "held": {**verdict.as_dict(), "said": verdicts.warnings(verdict, recorded)[0]} if verdict is not None else {},
        "held_by": [holder_of(holder) for holder in leases_in(found.marks).values()],
        "history": with_marks(swap.outputs.get("history") or [], found.marks),
    }


if __name__ == "__main__":
    sys.exit(main())
