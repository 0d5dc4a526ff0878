# ruff: noqa: ARG002 - the signatures are gRPC's
"""Shared by the gRPC services of the plugins: errors, differences, name and version."""

from __future__ import annotations

import functools
import hashlib
import traceback
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from localcloud.plugins.differences import ADD, DELETE, UPDATE, Difference
from localcloud.plugins.values import InitFailed, ProviderError
from localcloud.plugins.wire import struct_of

Method = TypeVar("Method", bound=Callable[..., Any])

_SAME, _DIFFERS = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
_KIND = provider_pb2.PropertyDiff
_KINDS = {
    (ADD, False): _KIND.ADD,
    (ADD, True): _KIND.ADD_REPLACE,
    (DELETE, False): _KIND.DELETE,
    (DELETE, True): _KIND.DELETE_REPLACE,
    (UPDATE, False): _KIND.UPDATE,
    (UPDATE, True): _KIND.UPDATE_REPLACE,
}
NAMING_MODES = {0: "propose", 1: "enforce", 2: "disabled"}
"""What the engine says about names that are made up."""


class Plugin(provider_pb2_grpc.ResourceProviderServicer):  # type: ignore[misc, no-any-unimported, unused-ignore]
    """The calls that every plugin answers alike."""

    stands_in_for = ""
    """Whose stand-in it is, for messages: "the AWS provider"."""
    takes_secrets = False
    """Whether it is given secrets as such, and marks those in what it returns by itself."""

    def __init__(self, version: str) -> None:
        self.version = version

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=self.takes_secrets, supports_autonaming_configuration=True
        )

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self.version)


def token_of(request: Any) -> str:
    """The type of the resource that a request is about."""
    return str(request.type or request.urn.split("::")[2].rsplit("$", 1)[-1])


def answers(method: Method) -> Method:
    """A failed call reaches the user as one readable message; a defect of the plugin says where it is."""

    @functools.wraps(method)
    def guarded(self: Plugin, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except InitFailed as error:
            _abort_with_state(context, error)
        except ProviderError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:
            if isinstance(error, RuntimeError | ValueError) and not str(error):
                raise
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
            context.abort(
                grpc.StatusCode.INTERNAL,
                f"defect in the stand-in for {self.stands_in_for} ({method.__name__}, {where}): "
                f"{type(error).__name__}: {error}",
            )

    return guarded  # type: ignore[return-value]


def _abort_with_state(context: grpc.ServicerContext, error: InitFailed) -> None:
    kept = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id,
        properties=struct_of(error.outputs),
        inputs=None if error.inputs is None else struct_of(error.inputs),
        reasons=error.reasons,
    )
    detail = any_pb2.Any()
    detail.Pack(kept)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))


def diff_response(changes: Sequence[Difference], *, delete_first: bool, whole_paths: bool = False) -> Any:
    """The answer to Diff, with every property that differs.

    Args:
        changes: the differences.
        delete_first: whether a replacement has to begin with the old one's end.
        whole_paths: the Kubernetes plugin names what forces a replacement by its path, and says nothing but that and
            the details; others name the properties at the top.
    """
    forcing = [one for one in changes if one.replaces]
    response = provider_pb2.DiffResponse(
        changes=_DIFFERS if changes else _SAME,
        diffs=[] if whole_paths else sorted({one.top for one in changes}),
        replaces=sorted({one.path if whole_paths else one.top for one in forcing}),
        hasDetailedDiff=True,
        deleteBeforeReplace=delete_first and bool(forcing),
    )
    for one in changes:
        kind = _KINDS[(one.kind, one.replaces)]
        response.detailedDiff[one.path].CopyFrom(provider_pb2.PropertyDiff(kind=kind))
    return response


def config_diff_response(changed: Sequence[str], replaces: Sequence[str] = ()) -> Any:
    """The answer to DiffConfig."""
    return provider_pb2.DiffResponse(
        changes=_DIFFERS if changed else _SAME, diffs=list(changed), replaces=list(replaces)
    )


def failures_of(failures: Sequence[Any]) -> list[Any]:
    """Refused inputs, as the engine takes them."""
    return [provider_pb2.CheckFailure(property=one.path, reason=one.reason) for one in failures]


def made_up_name(request: Any, old: Any, *, digits: int, between: str = "") -> str:
    """A name where a program gives none: the resource's own with hexadecimal digits; the one from before if there is.

    Args:
        request: of the check.
        old: the name from before.
        digits: how many.
        between: what stands before them.
    """
    if isinstance(old, str):
        return old
    logical = request.name or request.urn.rsplit("::", 1)[-1]
    if request.HasField("autonaming"):
        mode = NAMING_MODES.get(request.autonaming.mode, "propose")
        if mode == "disabled":
            raise ProviderError("automatic naming is disabled: set the resource's name")
        return str(request.autonaming.proposed_name)
    return f"{logical}{between}{hashlib.sha256(request.randomSeed).hexdigest()[:digits]}"
