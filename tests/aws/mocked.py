"""Running a Pulumi program without an engine: what it registers is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import mocks, settings
from pulumi.runtime.proto import callback_pb2


@dataclass
class Registered:
    """One resource that a program declared."""

    type: str
    name: str
    inputs: dict[str, Any]


class Recorder(mocks.Mocks):
    """Answers as a provider would, and remembers what was registered."""

    def __init__(self, outputs: Mapping[str, Mapping[str, Any]], calls: Mapping[str, Mapping[str, Any]]) -> None:
        self.resources: list[Registered] = []
        self.outputs = outputs
        self.calls = calls

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.resources.append(Registered(args.typ, args.name, args.inputs))
        computed = {"arn": f"arn:aws:x:eu-central-1:1:{args.name}", "dnsName": "web.example.com", "name": args.name}
        return f"{args.name}-id", {**computed, **_as_told(args.inputs), **self.outputs.get(args.typ, {})}

    def call(self, args: mocks.MockCallArgs) -> dict[Any, Any]:
        if args.token == "aws:lb/getListener:getListener":
            return {**args.args, "protocol": "HTTPS", "port": 443, **self.calls.get(args.token, {})}
        where = {"region": "eu-central-1", "dnsSuffix": "amazonaws.com", "partition": "aws", "accountId": "1"}
        return {**where, **args.args, "dnsName": "shared.example.com", "securityGroups": ["sg-shared"]} | {
            **self.calls.get(args.token, {})
        }


def _as_told(inputs: dict[Any, Any]) -> dict[Any, Any]:
    """Inputs as outputs: Azure takes a list of identities, and tells what each of them is."""
    identity = inputs.get("identity")
    ids = identity.get("userAssignedIdentities") if isinstance(identity, dict) else None
    if not isinstance(ids, list):
        return inputs
    return {**inputs, "identity": {**identity, "userAssignedIdentities": {one: {} for one in ids}}}


class Callbacks:
    """Takes transforms, which an engine would call for the children of a remote component: here there are none."""

    def register_transform(self, transform: Any) -> Any:
        return callback_pb2.Callback()


def run(
    program: Callable[[], Any],
    config: Mapping[str, str] | None = None,
    outputs: Mapping[str, Mapping[str, Any]] | None = None,
    calls: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Recorder, Any]:
    """Run the program; returns what was registered and what the program returned.

    ``outputs`` is what a provider adds to a type's inputs, ``calls`` what its functions answer, by their tokens.
    """
    recorder = Recorder(outputs or {}, calls or {})
    asyncio.set_event_loop(asyncio.new_event_loop())
    mocks.set_mocks(recorder, project="shop", stack="test")
    getattr(settings.SETTINGS, "feature_support", {})["transforms"] = True  # the oldest SDK's mocks say nothing of them
    settings.SETTINGS.callbacks = Callbacks()
    pulumi.runtime.set_all_config({f"shop:{key}": value for key, value in (config or {}).items()})
    result: list[Any] = []

    @pulumi.runtime.test
    def body() -> None:
        result.append(program())

    body()
    return recorder, result[0]
