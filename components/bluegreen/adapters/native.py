"""The swap as a resource of the plugin: a thin adapter over ``SwapService``, and the resource as programs declare it.

Beside the dynamic adapter it knows previews with outputs, drift as a difference of a property, failures that keep what
is true, and cancellation. Like that one it keeps nothing itself, and its properties have the contract's own names, so
that a state moves between the two as it is. Knows no wire format: values are plain, ``UNKNOWN`` where not known yet.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from bluegreen._version import __version__
from bluegreen.adapters import hosting
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import BluegreenError, Problem
from bluegreen.rollout.model import COLORS, Event, Weights
from bluegreen.secrets import redact
from bluegreen.swap import checking, contract
from bluegreen.swap.cancelling import CancellableClock, refuse_when
from bluegreen.swap.service import SwapService

TOKEN = "bluegreen:index:TrafficSwap"  # noqa: S105 - a resource's type
DYNAMIC_TYPE = "pulumi-python:dynamic/bluegreen:TrafficSwap"
_WEIGHTS = "weights"
_DYNAMIC_KEY = "__provider"


@dataclass(frozen=True, slots=True)
class Changes:
    """The findings of a preview.

    Attributes:
        changes: whether an update has something to do.
        replaces: input keys whose change makes this another swap.
        properties: paths of what differs: ``strategy``, ``weights.blue``.
    """

    changes: bool
    replaces: Sequence[str] = ()
    properties: Sequence[str] = ()


class NativeSwap:
    """One resource's calls.

    Args:
        tell: called with what the user should read: ``info`` or ``warning``, and the text.
        cancelled: set when the user cancels the update.
        clock: time; the machine's by default.
    """

    def __init__(
        self, tell: Callable[[str, str], None], cancelled: threading.Event | None = None, clock: Clock | None = None
    ) -> None:
        self._tell: Callable[[str, str], None] = lambda severity, text: tell(severity, redact(text))
        self._cancelled = cancelled or threading.Event()
        self._clock = clock or CancellableClock(self._cancelled)

    def check(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """The inputs to continue with, and the problems with them.

        The weights that the declaration means become an input: where the live ones differ, a preview shows both.
        """
        given = {key: value for key, value in _own(news).items() if key != _WEIGHTS}
        checked = checking.check(_own(olds), given)
        inputs, problems = checked.inputs, checked.problems
        wanted = checked.held or contract.desired_weights(inputs)
        if inputs.get("active_color") is UNKNOWN:
            inputs[_WEIGHTS] = UNKNOWN
        elif wanted is not None:
            inputs[_WEIGHTS] = wanted.as_dict()
        return inputs, problems

    def diff(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Changes:
        """Changed inputs, and weights that are not what the last update left."""
        difference = self._service().diff(_own(olds), _own(news))
        for warning in difference.warnings:
            self._tell("warning", warning)
        for note in difference.notes:
            self._tell("info", note)
        live = difference.drifted
        if live is None and "active_color" in difference.keys:
            recorded = contract.recorded_in(_own(olds))
            live = recorded.weights if recorded is not None else None
        # A state from the dynamic adapter: only an update has it looked at before previews, which then show its drift.
        changes = difference.changes or _DYNAMIC_KEY in olds
        return Changes(changes, difference.replaces, [*difference.keys, *_moved(live, news.get(_WEIGHTS))])

    def create(self, news: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Start production traffic: the id and the outputs.

        Raises:
            SwapFailed: with the ``outputs`` that are true now.
            BluegreenError: nothing was written.
        """
        refuse_when(self._cancelled)
        return self._service().create(_own(news))

    def update(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Promote, roll back, resume or heal. Raises as ``create`` does."""
        refuse_when(self._cancelled)
        return self._service().update(_own(olds), _own(news))

    def predicted_outputs(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs that an update will have, as far as a preview can know."""
        return self._service().predicted_outputs(_own(olds), _own(news))

    def read(self, olds: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs with the live weights.

        An object that is gone is one without traffic: the next update makes it again and the history stays. Where it
        cannot be looked at, the outputs stay as they are, since every preview comes by here.
        """
        state = _own(olds)
        try:
            outputs = self._service().read(state)
        except BluegreenError as error:
            self._tell("warning", f"the live weights could not be looked at: {error}")
            return state
        return {**state, _WEIGHTS: Weights().as_dict()} if outputs is None else outputs

    def delete(self, olds: Mapping[str, Any]) -> None:
        """Remove what the swap owns."""
        self._service().delete(_own(olds))

    def id_of(self, news: Mapping[str, Any]) -> str:
        """The id of a swap whose creation has failed."""
        return contract.parse(_own(news)).build_router().id

    def _service(self) -> SwapService:
        return SwapService(self._on_event, self._clock, self._cancelled.is_set)

    def _on_event(self, event: Event) -> None:
        if event.kind != "failed":  # the engine shows the error itself
            self._tell("info", event.text)


def _own(props: Mapping[str, Any]) -> dict[str, Any]:
    """The properties without those that another adapter left for itself in the state."""
    return {key: value for key, value in props.items() if not key.startswith("__")}


def _moved(live: Weights | None, wanted: Any) -> list[str]:
    """The weights that an update moves."""
    if live is None or not isinstance(wanted, Mapping):
        return []
    return [f"{_WEIGHTS}.{color}" for color in COLORS if live.of(color) != wanted.get(color)]


class NativeTrafficSwap(pulumi.CustomResource):
    """Owns where production traffic goes. Its inputs are those of ``bluegreen.swap.contract``."""

    live_color: pulumi.Output[str]
    weights: pulumi.Output[Mapping[str, int]]
    history: pulumi.Output[Sequence[Mapping[str, Any]]]

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare a swap: as ``bluegreen.swap.dynamic.TrafficSwap``, but the plugin does it."""
        provider = hosting.provider()
        own = pulumi.ResourceOptions(
            aliases=[pulumi.Alias(type_=DYNAMIC_TYPE)],
            # In the plugin: the very process that the engine has started, from wherever it came.
            provider=provider,
            version=None if provider is not None else __version__,
        )
        outputs = dict.fromkeys(contract.OUTPUT_KEYS)
        super().__init__(TOKEN, name, {**inputs, **outputs}, pulumi.ResourceOptions.merge(own, opts))
