"""The engine's work around the calls of a swap's adapter in `pulumi up`, without the engine.

A failure of the dynamic adapter leaves the state as it was. The native one says what is true after it, and the engine
keeps that: the inputs of the last update that was finished, those outputs, and that another update is due. The native
one is read before each preview and update, too. All values travel as on the wire.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol
from unittest import mock

import pulumi

from bluegreen.adapters import native
from bluegreen.adapters.plugin.values import message, received
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import InvalidInput, Problem, SwapFailed
from bluegreen.rollout.model import Event
from bluegreen.swap import dynamic, dynamic_host
from bluegreen.swap.service import SwapService

DYNAMIC, NATIVE = "dynamic", "native"
ADAPTERS = (DYNAMIC, NATIVE)
_PROVIDER = "__provider"
"""What the SDK of dynamic providers puts into inputs and outputs: the provider itself, pickled."""


@dataclass(frozen=True, slots=True)
class State:
    """The state of a swap as the engine keeps it.

    Attributes:
        inputs: those of the last update that was finished.
        outputs: the same update's, or what the failed one after it said.
        adapter: who left it.
        read_first: whether it is read before each preview and update.
        failed: whether it was left by a failure: an update follows even if nothing has changed.
    """

    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    adapter: str
    read_first: bool = False
    failed: bool = False

    @classmethod
    def left_by(cls, adapter: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> State:
        """The state as an adapter's successful update leaves it; its outputs are the same with either."""
        if adapter == DYNAMIC:
            return cls(inputs, {**outputs, _PROVIDER: ""}, adapter)
        return cls(inputs, {key: value for key, value in outputs.items() if key != _PROVIDER}, adapter, read_first=True)


class Adapter(Protocol):
    """One of the two, as the engine calls it; `None` is a swap that is gone."""

    name: str
    read_first: bool
    keeps_failures: bool

    def check(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]: ...
    def diff(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool: ...
    def create(self, news: Mapping[str, Any]) -> Mapping[str, Any]: ...
    def update(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Mapping[str, Any]: ...
    def read(self, olds: Mapping[str, Any]) -> Mapping[str, Any] | None: ...
    def delete(self, olds: Mapping[str, Any]) -> None: ...


class _Dynamic:
    name, read_first, keeps_failures = DYNAMIC, False, False

    def __init__(self) -> None:
        self._provider = dynamic.TrafficSwapProvider()

    def check(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        found = self._provider.check(dict(olds), {**news, _PROVIDER: ""})
        return found.inputs, [Problem(failure.property, failure.reason, "") for failure in found.failures]

    def diff(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
        return bool(self._provider.diff("", dict(olds), dict(news)).changes)

    def create(self, news: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._with_provider(self._provider.create(dict(news)).outs, news)

    def update(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._with_provider(self._provider.update("", dict(olds), dict(news)).outs, news)

    def read(self, olds: Mapping[str, Any]) -> Mapping[str, Any] | None:
        found = self._provider.read("id", dict(olds))
        return self._with_provider(found.outs, olds) if found.id else None

    def delete(self, olds: Mapping[str, Any]) -> None:
        self._with_provider(None, olds)  # found by its key, or not at all
        self._provider.delete("", dict(olds))

    @staticmethod
    def _with_provider(outputs: Mapping[str, Any] | None, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**(outputs or {}), _PROVIDER: asked[_PROVIDER]}


class _Native:
    name, read_first, keeps_failures = NATIVE, True, True

    def __init__(self, swap: native.NativeSwap) -> None:
        self._swap = swap
        self.check, self.update, self.read, self.delete = swap.check, swap.update, swap.read, swap.delete

    def diff(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
        return self._swap.diff(olds, news).changes

    def create(self, news: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._swap.create(news)[1]


class Stack:
    """A stack with one swap: `state` is what is kept of it, also after a call that raised.

    Args:
        adapter: ``dynamic`` or ``native``; another one than the state's takes the swap over.
        clock: time.
        state: what an earlier update has left; ``None`` is a swap that was not made yet.
        listener: called with every event of the swap.
        tell: called with what the user reads: ``info`` or ``warning``, and the text.
        cancelled: set when the user cancels.
        forced: whether an update follows a failure though nothing has changed; a refresh may have let the engine
            forget about the failure.
    """

    def __init__(
        self,
        adapter: str,
        clock: Clock,
        state: State | None = None,
        *,
        listener: Callable[[Event], None] = lambda _: None,
        tell: Callable[[str, str], None] = lambda *_: None,
        cancelled: threading.Event | None = None,
        forced: bool = True,
    ) -> None:
        self.state = state
        self._clock = clock
        self._listener = listener
        self._tell = tell
        self._cancelled = cancelled or threading.Event()
        self._forced = forced
        self._adapter = self._made(adapter)

    def preview(self, news: Mapping[str, Any]) -> bool:
        """Whether an update has something to do. Nothing is kept of it."""
        kept = self.state
        try:
            with self._running():
                return self._due(self._checked(news))
        finally:
            self.state = kept

    def up(self, news: Mapping[str, Any]) -> None:
        """`pulumi up`.

        Raises:
            BluegreenError: it failed.
        """
        with self._running():
            inputs = self._checked(news)
            if self._due(inputs):
                self._update(inputs)
            elif self.state is not None:
                self.state = replace(self.state, inputs=inputs, adapter=self._adapter.name)

    def update(self, news: Mapping[str, Any]) -> None:
        """The update alone, whether it is due or not. Raises as ``up`` does."""
        with self._running():
            self._update(self._checked(news, read=False))

    def refresh(self) -> None:
        """`pulumi refresh`."""
        with self._running():
            self._read()

    def destroy(self) -> None:
        """`pulumi destroy`."""
        with self._running():
            if self.state is not None:
                self._made(self.state.adapter).delete(self.state.outputs)
                self.state = None

    # -- the engine's own steps

    def _checked(self, news: Mapping[str, Any], *, read: bool = True) -> dict[str, Any]:
        if read and self.state is not None and self.state.read_first:
            self._read()
        inputs, problems = self._adapter.check(self.state.inputs if self.state is not None else {}, _sent(news))
        if problems:
            raise InvalidInput(problems)
        return _sent(inputs)

    def _due(self, inputs: Mapping[str, Any]) -> bool:
        state = self.state
        return state is None or self._adapter.diff(state.outputs, inputs) or (state.failed and self._forced)

    def _update(self, inputs: Mapping[str, Any]) -> None:
        adapter, state = self._adapter, self.state
        try:
            outputs = adapter.create(inputs) if state is None else adapter.update(state.outputs, inputs)
        except SwapFailed as error:
            if adapter.keeps_failures and error.outputs is not None:
                former = inputs if state is None else state.inputs
                self.state = State(former, _sent(error.outputs), adapter.name, adapter.read_first, failed=True)
            raise
        self.state = State(inputs, _sent(outputs), adapter.name, adapter.read_first)

    def _read(self) -> None:
        """By whoever left the state."""
        if self.state is not None:
            found = self._made(self.state.adapter).read(self.state.outputs)
            if found != self.state.outputs:
                self.state = None if found is None else replace(self.state, outputs=_sent(found))

    # -- what is not the product's

    def _made(self, adapter: str) -> Adapter:
        if adapter == DYNAMIC:
            return _Dynamic()
        return _Native(native.NativeSwap(self._tell, self._cancelled, self._clock))

    @contextmanager
    def _running(self) -> Iterator[None]:
        """The adapters' services have this stack's clock and listener, and the dynamic one's log is reported here."""

        def service(
            report: Callable[[Event], None] = lambda _: None,
            _clock: Clock | None = None,
            cancelled: Callable[[], bool] = lambda: False,
        ) -> SwapService:
            def both(event: Event) -> None:
                self._listener(event)
                report(event)

            return SwapService(both, self._clock, cancelled)

        def info(text: str) -> None:
            self._tell("info", text)

        def warn(text: str) -> None:
            self._tell("warning", text)

        with (
            mock.patch.object(dynamic, "SwapService", service),
            mock.patch.object(native, "SwapService", service),
            mock.patch.object(dynamic_host, "cancelled", self._cancelled),
            mock.patch.multiple(pulumi.log, info=info, warn=warn),
        ):
            yield


def _sent(values: Mapping[str, Any]) -> dict[str, Any]:
    return received(message(values)).values
