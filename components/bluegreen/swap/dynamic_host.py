"""The SDK's host of dynamic providers, made to work on many swaps at once and to hear a Ctrl-C.

The host (``pulumi/dynamic/__main__.py``) serves the engine with four threads, and its ``Cancel`` does nothing. The swap
runs inside that process, so both can be mended from here, without a word to the SDK: the pool of the server that runs
is given more threads, and the code of ``Cancel`` is replaced by code that sets ``cancelled``, too. Everything is looked
at before anything is changed: a host of another shape is left as it is, and a swap then works as it would without.
Other dynamic resources of the same program notice nothing: their ``Cancel`` does nothing, as before.

A newer host sends every error to the engine as a traceback. An error of this package says in plain words what is wrong
and what to do next, so of such a one the host gets the words alone; any other error keeps its traceback.

Tried with the SDKs that ``sdk.TESTED_VERSIONS`` names. CONTRIBUTING.md says what would make this file needless.
"""

from __future__ import annotations

import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from bluegreen.rollout.errors import BluegreenError

CALLS_AT_ONCE = 256
"""Threads that the host may have: those of 64 swaps, with room for the calls that come meanwhile, ``Cancel`` first."""

cancelled = threading.Event()
"""Set once the engine has passed the user's cancellation on to the host."""

_HOST_FILE = "pulumi/dynamic/__main__.py"
_CANCEL_NAMES = {"empty_pb2", "Empty"}
_lock = threading.Lock()
_found: list[str] = []


@dataclass(frozen=True, slots=True)
class Host:
    """A host of the shape that is known.

    Attributes:
        pool: what its server's calls run in.
        cancel: the function behind its ``Cancel``.
        tells: the function behind its ``Update``: what it raises is identified by the module that its globals name.
    """

    pool: ThreadPoolExecutor
    cancel: FunctionType
    tells: FunctionType | None


class _OwnWords:
    """Stands in the host for the module ``traceback``."""

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)

    @staticmethod
    def format_exc(*args: Any, **more: Any) -> str:
        """An error of this package in its own words, any other as ever."""
        error = sys.exc_info()[1]
        return str(error) if isinstance(error, BluegreenError) else traceback.format_exc(*args, **more)


def open_up() -> str:
    """Mend the host that this process is, once; every later call returns what the first one found.

    Returns:
        Why nothing was changed; empty where the host was mended.
    """
    with _lock:
        if not _found:
            host, why = _host()
            if host is not None:
                _mend(host)
            _found.append(why)
        return _found[0]


def _mend(host: Host) -> None:
    host.pool._max_workers = max(host.pool._max_workers, CALLS_AT_ONCE)  # read at each call that comes in
    # The server's handlers hold the method that they were registered with: only its code can be another.
    host.cancel.__code__ = _cancel.__code__
    if host.tells is not None:  # looked up when it is needed: the call that is running now has it already
        host.tells.__globals__["traceback"] = _OwnWords()


def _cancel(_self: Any, _request: Any, _context: Any) -> Any:
    """Runs with the globals of the host's own ``Cancel``, so it imports what it needs."""
    import sys  # noqa: PLC0415

    from google.protobuf import empty_pb2  # noqa: PLC0415

    sys.modules["bluegreen.swap.dynamic_host"].cancelled.set()
    return empty_pb2.Empty()


def _host() -> tuple[Host | None, str]:
    """The host, or why this process has no known shape."""
    local = _locals_of_main()
    if local is None:
        return None, f"no frame of {_HOST_FILE} runs in the main thread"
    pool = getattr(getattr(local.get("server"), "_state", None), "thread_pool", None)
    if not isinstance(pool, ThreadPoolExecutor) or not isinstance(getattr(pool, "_max_workers", None), int):
        return None, "its server has no pool of threads that is known"
    cancel = getattr(type(local.get("monitor")), "Cancel", None)
    if not isinstance(cancel, FunctionType) or not _does_nothing(cancel):
        return None, "its Cancel is not the one that does nothing"
    update = getattr(type(local.get("monitor")), "Update", None)
    return Host(pool, cancel, update if _tells_a_traceback(update) else None), ""


def _does_nothing(cancel: FunctionType) -> bool:
    """Whether a ``Cancel`` answers and no more: one that does something of its own is not taken away."""
    code = cancel.__code__
    return code.co_argcount == 3 and not code.co_freevars and set(code.co_names) == _CANCEL_NAMES


def _tells_a_traceback(method: object) -> bool:
    """Whether it answers an error with what the module ``traceback`` makes of it; the oldest host does not."""
    return (
        isinstance(method, FunctionType)
        and {"traceback", "format_exc", "abort"} <= set(method.__code__.co_names)
        and method.__globals__.get("traceback") is traceback
    )


def _locals_of_main() -> dict[str, Any] | None:
    """The names in the ``main`` of the host, whose thread waits in it for its end."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None:
        if frame.f_code.co_name == "main" and frame.f_code.co_filename.replace("\\", "/").endswith(_HOST_FILE):
            return dict(frame.f_locals)
        frame = frame.f_back
    return None
