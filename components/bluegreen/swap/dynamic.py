"""The swap as a Pulumi dynamic resource: a thin adapter over ``SwapService``.

The engine finds the provider by this module's path (it is pickled by reference): moving the module breaks the
``destroy`` of stacks that exist. The provider keeps no state of its own for the same reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from bluegreen.fields import UNKNOWN
from bluegreen.rollout.model import Event
from bluegreen.secrets import redact
from bluegreen.swap import contract, dynamic_host
from bluegreen.swap.cancelling import CancellableClock, refuse_when
from bluegreen.swap.properties import ADDED_BY_THE_CHECK
from bluegreen.swap.reporting import without_secrets
from bluegreen.swap.service import SwapService
from bluegreen.swap.states import NOT_IMPORTED

_NATIVE_TYPE = "bluegreen:index:TrafficSwap"


def _service(props: Mapping[str, Any]) -> SwapService:
    """A service that tells the user's terminal what it does, while it does it."""
    name = _name(props)

    def tell(event: Event) -> None:
        if event.kind == "failed":
            return  # the engine shows the error itself
        time = datetime.fromtimestamp(event.at_seconds, timezone.utc)
        pulumi.log.info(f"{name}{time:%H:%M:%S} {event.text}")

    return SwapService(tell, CancellableClock(dynamic_host.cancelled), dynamic_host.cancelled.is_set)


def _name(props: Mapping[str, Any]) -> str:
    name = props.get("name")
    return f"{name}: " if isinstance(name, str) else ""


def _known(value: Any) -> Any:
    """The engine's own marks for values that are not known yet become the contract's one."""
    if isinstance(value, pulumi.output.Unknown):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_known(item) for item in value]
    return value


def _inputs(props: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _known(value) for key, value in props.items() if not key.startswith("__")}


class TrafficSwapProvider(ResourceProvider):
    """Stateless; every call starts from the live weights."""

    serialize_as_secret_always = False

    def configure(self, _request: ConfigureRequest) -> None:
        """Called by the host before anything else, once: it should do many at once, and hear a Ctrl-C."""
        why = dynamic_host.open_up()
        if why:
            pulumi.log.debug(f"bluegreen: four swaps run at a time, and Ctrl-C restores nothing: {why}")

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse what is wrong before anything is written."""
        checked, problems = SwapService().check(_inputs(_olds or {}), _inputs(news))
        inputs = dict(news)  # as they came: the engine's unknowns must go back as they are
        for name in ADDED_BY_THE_CHECK:
            inputs.pop(name, None)
            if name in checked:
                inputs[name] = checked[name]
        if isinstance(checked.get("plan"), list) and checked["plan"] != _known(news.get("plan")):
            inputs["plan"] = checked["plan"]  # a verdict holds it
        return CheckResult(inputs, [CheckFailure(problem.field, redact(str(problem))) for problem in problems])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed inputs and drifted weights."""
        with without_secrets():
            found = SwapService().diff(_inputs(_olds), _inputs(_news))
        for warning in found.warnings:
            pulumi.log.warn(_name(_news) + warning)
        for note in found.notes:
            pulumi.log.info(_name(_news) + note)
        # A state from the plugin has no provider in it, which a destroy asks for: an update puts it there.
        changes = found.changes or "__provider" not in _olds
        return DiffResult(changes=changes, replaces=list(found.replaces), delete_before_replace=False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Start production traffic."""
        refuse_when(dynamic_host.cancelled)
        id_, outputs = _service(props).create(_inputs(props))
        return CreateResult(id_, outputs)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Promote, roll back, resume or heal."""
        refuse_when(dynamic_host.cancelled)
        return UpdateResult(_service(_news).update(_inputs(_olds), _inputs(_news)))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the live weights."""
        with without_secrets():
            outputs = SwapService().read(_inputs(props))
        return ReadResult(id_ if outputs is not None else "", outputs or {})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove what the swap owns."""
        with without_secrets():
            _service(_props).delete(_inputs(_props))


class TrafficSwap(Resource, module="bluegreen", name="TrafficSwap"):
    """Owns where production traffic goes. Its inputs are those of ``bluegreen.swap.contract``."""

    live_color: pulumi.Output[str]
    weights: pulumi.Output[Mapping[str, int]]
    history: pulumi.Output[Sequence[Mapping[str, Any]]]

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare a swap.

        Args:
            name: the resource's name.
            inputs: see ``bluegreen.swap.contract``; values may be outputs of other resources.
            opts: the usual options; ``import_`` is not among them.

        Raises:
            pulumi.RunError: it is to be imported.
        """
        if opts is not None and opts.import_ is not None:  # the SDK's host would end in an error of its own
            raise pulumi.RunError(f"{name}: {NOT_IMPORTED}")
        own = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=_NATIVE_TYPE)])
        outputs = dict.fromkeys(contract.OUTPUT_KEYS)
        options = pulumi.ResourceOptions.merge(own, opts)
        super().__init__(TrafficSwapProvider(), name, {**inputs, **outputs}, options)
