"""The engine's calls to the plugin: components constructed; swaps checked, compared, made, changed, read, deleted.

Swaps run in threads of their own, so that any number runs side by side and none keeps a component waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import grpc
import pulumi
from google.protobuf import empty_pb2
from pulumi.provider import ConstructResult, Provider

from bluegreen._version import __version__
from bluegreen.adapters import hosting
from bluegreen.adapters.native import TOKEN, NativeSwap
from bluegreen.adapters.plugin import sdk
from bluegreen.adapters.plugin.values import Received, message, received
from bluegreen.rollout.asking import named
from bluegreen.rollout.errors import BluegreenError, SwapFailed
from bluegreen.secrets import redact
from bluegreen.swap.states import NOT_IMPORTED

SWAPS_AT_ONCE = 256
"""Threads for swaps. A hold of hours keeps one, so there are more of them than the engine asks for at once."""

pb = sdk.provider_pb2
T = TypeVar("T")
_asked: ContextVar[tuple[str, str]] = ContextVar("asked")


class Components(Provider):
    """The components, as the SDK's own servicer asks for them."""

    def __init__(self) -> None:
        super().__init__(__version__)

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Declare a component and its resources."""
        from bluegreen.adapters.plugin import construct  # noqa: PLC0415 - who has swaps alone does without

        return construct.construct(resource_type, name, inputs, options or pulumi.ResourceOptions())


@dataclass(frozen=True, slots=True)
class Status:
    """How a call ended, with details beside the text; in the form that gRPC wants."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]


class Servicer(sdk.ConstructServicer):
    """Serves one engine.

    Args:
        engine_address: where the engine listens, for what the user should read.
    """

    def __init__(self, engine_address: str) -> None:
        super().__init__(Components(), [], engine_address)
        channel = grpc.insecure_channel(engine_address, options=sdk.CHANNEL_OPTIONS)
        self._engine = sdk.engine_pb2_grpc.EngineStub(channel)
        self._swaps = ThreadPoolExecutor(SWAPS_AT_ONCE, "swap")
        #: Set when the user cancels: every running swap restores, and none begins.
        self.cancelled = threading.Event()
        self._running: set[Future[Any]] = set()
        self._warned: set[tuple[str, str]] = set()

    @property
    def busy(self) -> bool:
        """Whether a thread is at work on a call."""
        return bool(self._running)

    # -- the provider

    async def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Report the features of this provider; it has no configuration of its own."""
        self.cancelled.clear()
        if request.urn and request.id:
            hosting.known_as(sdk.DependencyProviderResource(f"{request.urn}::{request.id}"))
        return pb.ConfigureResponse(acceptSecrets=True, acceptResources=True, acceptOutputs=True, supportsPreview=True)

    async def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Return the schema, which only generators of SDKs ask for."""
        from bluegreen.adapters.plugin.schema import schema_text  # noqa: PLC0415

        return pb.GetSchemaResponse(schema=schema_text())

    async def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """End the work: called for Ctrl-C, and at the normal end of every command."""
        self.cancelled.set()
        return empty_pb2.Empty()

    async def Construct(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Declare a component: any number side by side."""
        _asked.set((request.type, request.name))
        try:
            return await self._construct(request, context)
        except pulumi.RunError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, redact(str(error)))

    @staticmethod
    async def _construct_inputs(inputs: Any, input_dependencies: Any) -> dict[str, Any]:
        from bluegreen.adapters.plugin import construct  # noqa: PLC0415 - who has swaps alone does without

        values = await sdk.ConstructServicer._construct_inputs(inputs, input_dependencies)
        token, name = _asked.get()
        return await construct.resolved(token, values, name)

    # -- swaps

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse wrong inputs before anything is written."""
        await self._only_swaps(request, context)
        olds, news = received(request.olds), received(request.news)
        swap = self._swap(request.urn)
        inputs, problems = await self._answer(context, lambda: swap.check(olds.values, news.values))
        failures = [pb.CheckFailure(property=problem.field, reason=redact(str(problem))) for problem in problems]
        return pb.CheckResponse(inputs=message(inputs, news.secrets), failures=failures)

    async def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Return changed inputs and drifted weights, each by its path."""
        olds, news, swap = received(request.olds), received(request.news), self._swap(request.urn)
        changes = await self._answer(context, lambda: swap.diff(olds.values, news.values))
        kinds = pb.PropertyDiff
        detailed = {
            path: kinds(kind=kinds.UPDATE_REPLACE if path in changes.replaces else kinds.UPDATE)
            for path in changes.properties
        }
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if changes.changes else pb.DiffResponse.DIFF_NONE,
            replaces=list(changes.replaces),
            diffs=sorted({path.partition(".")[0] for path in changes.properties}),
            detailedDiff=detailed,
            hasDetailedDiff=bool(detailed),
        )

    async def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Start production traffic."""
        await self._only_swaps(request, context)
        news, swap = received(request.properties), self._swap(request.urn)
        if request.preview:
            outputs = await self._answer(context, lambda: swap.predicted_outputs({}, news.values))
            return pb.CreateResponse(properties=message(outputs, news.secrets), refresh_before_update=True)

        def failed(error: SwapFailed) -> Any:
            return _init_failed(error, swap.id_of(news.values), request.properties, news)

        id_, outputs = await self._answer(context, lambda: swap.create(news.values), failed)
        return pb.CreateResponse(id=id_, properties=message(outputs, news.secrets), refresh_before_update=True)

    async def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Promote, roll back, resume or heal."""
        olds, news, swap = received(request.olds), received(request.news), self._swap(request.urn)
        work = swap.predicted_outputs if request.preview else swap.update
        outputs = await self._answer(
            context,
            lambda: work(olds.values, news.values),
            # The inputs stay those of the last update that was finished: the next one tries again.
            lambda error: _init_failed(error, request.id, request.old_inputs, olds),
        )
        return pb.UpdateResponse(properties=message(outputs, news.secrets), refresh_before_update=True)

    async def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Return the live weights; read before every preview and update, too."""
        state, swap = received(request.properties), self._swap(request.urn)
        if not state.values:
            await self._abort(context, NOT_IMPORTED)
        outputs = await self._answer(context, lambda: swap.read(state.values))
        return pb.ReadResponse(
            id=request.id,
            inputs=request.inputs,
            properties=message(outputs, state.secrets),
            refresh_before_update=True,
        )

    async def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Remove what the swap owns."""
        state, swap = received(request.properties), self._swap(request.urn)
        await self._answer(context, lambda: swap.delete(state.values))
        return empty_pb2.Empty()

    # -- how a call is answered

    def _swap(self, urn: str) -> NativeSwap:
        severities = {"info": sdk.engine_pb2.INFO, "warning": sdk.engine_pb2.WARNING}

        def tell(severity: str, text: str) -> None:
            if severity == "warning":  # an update that looks at the world first compares twice
                if (urn, text) in self._warned:
                    return
                self._warned.add((urn, text))
            # Whether it can be read is nothing that a swap depends on.
            with contextlib.suppress(grpc.RpcError):
                self._engine.Log(
                    sdk.engine_pb2.LogRequest(severity=severities[severity], message=redact(text), urn=urn), timeout=5
                )

        return NativeSwap(tell, self.cancelled)

    async def _answer(
        self, context: Any, work: Callable[[], T], failed: Callable[[SwapFailed], Any] | None = None
    ) -> T:
        """Do the work in a thread; an error is the call's, with the true outputs where there are any."""
        # What counts is the thread: where the engine is gone, nobody waits for it any more.
        future = self._swaps.submit(with_errors_reported, work)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        try:
            return await asyncio.wrap_future(future)
        except SwapFailed as error:
            if failed is None or error.outputs is None:
                await self._abort(context, str(error))
            await context.abort_with_status(failed(error))
            raise
        except BluegreenError as error:
            await self._abort(context, str(error))

    @staticmethod
    async def _abort(context: Any, text: str) -> NoReturn:
        await context.abort(grpc.StatusCode.UNKNOWN, redact(text))
        raise AssertionError  # abort raises

    async def _only_swaps(self, request: Any, context: Any) -> None:
        type_ = request.urn.split("::")[-2].rpartition("$")[2]
        if type_ != TOKEN:
            await self._abort(context, f"the plugin bluegreen {__version__} has no resource {type_}")


class _Unexpected(BluegreenError):
    """A fault of this package, or of code that it was made to load, with its place."""


def with_errors_reported(work: Callable[[], T]) -> T:
    """Do the work. Any exception becomes an error of the one call: the process has other swaps to finish."""
    try:
        return work()
    except BluegreenError:
        raise
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = "/".join(Path(last.filename).parts[-3:])
        text = f"{named(error)} (at {where}:{last.lineno})"
        raise _Unexpected(f"{text}\n  Next: run `pulumi up` again, which finds out where traffic is") from error


def _init_failed(error: SwapFailed, id_: str, inputs: Any, given: Received) -> Status:
    """The error of a swap that was not finished, with the true outputs, which the engine keeps."""
    details = pb.ErrorResourceInitFailed(
        id=id_,
        reasons=[redact(str(error))],
        inputs=inputs,
        properties=message(error.outputs or {}, given.secrets),
        refresh_before_update=True,
    )
    packed = sdk.status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=redact(str(error)))
    packed.details.add().Pack(details)
    return Status(
        grpc.StatusCode.UNKNOWN, redact(str(error)), (("grpc-status-details-bin", packed.SerializeToString()),)
    )
