"""A swap's process that dies at one of its calls: a hook for the fault proxy."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import psutil

from localcloud.fault_proxy import Drop
from tests.e2e import warm
from tests.e2e.stack import Background


@dataclass
class Killing:
    """A hook of the proxy: kills the swap's process at one of its calls, which then gets no answer.

    Attributes:
        call: the name of the call.
        nth: which of them, from 1.
    """

    call: str
    nth: int
    ups: list[Background] = field(default_factory=list)
    seen: int = 0
    killed: int = 0

    def __call__(self, call: str, number: int) -> None:
        self.seen += call == self.call
        if self.killed or call != self.call or self.seen != self.nth:
            return
        for process in psutil.Process(self.ups[0].process.pid).children(recursive=True):
            if is_provider(process):
                kill(process)
                self.killed += 1
        raise Drop


def kill(process: psutil.Process) -> None:
    """SIGKILL to a process, and to the program for which it stands (see warm.py)."""
    for pid in filter(None, (warm.twin_of(process.pid), process.pid)):
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).kill()


def is_provider(process: psutil.Process) -> bool:
    """Whether swaps run in it: dynamic ones, or the plugin's. (Its command line has this, warm or not.)"""
    try:
        return not {"pulumi.dynamic", "bluegreen.adapters.plugin"}.isdisjoint(process.cmdline())
    except psutil.NoSuchProcess:
        return False
