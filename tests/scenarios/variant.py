"""The description of a way to route and run both colors, for the scenarios: one small class a platform."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from localcloud.cloud import LocalCloud
from localcloud.fault_proxy import FaultProxy
from tests.e2e.stack import Stack


@dataclass
class Requests:
    """The results of the requests that were made meanwhile."""

    failed: int = 0
    made: int = 0
    errors: Any = None


class Variant:
    """The defaults are those of a platform without a data plane here.

    Attributes:
        platform: the stack program's name.
        data_plane: in a line, what carries requests in these tests; or what was tried, and what is looked at instead.
        write_call: the API call that moves traffic; a swap is killed right after it.
        writes: how many of these calls the shift itself makes, the last ones of the swap.
        promotion_calls: the most API calls of a promotion between two warm colors.
        rollback_calls: the same of a rollback.
        resource: the object that the stack declares and of which the swap owns a field, as kubectl has it:
            ``service/web``; none where the swap owns objects whole.
        can_abort: whether the suite aborts a promotion here, too; on AWS a test of its own does.
        beside_others: whether somebody else writes the same object in the middle of a swap here, too.
        follows_seconds: how long what carries requests may take to follow what the platform says of itself; a proxy
            follows its controller a moment later.
    """

    platform: ClassVar[str]
    data_plane: ClassVar[str]
    write_call: ClassVar[str]
    writes: ClassVar[int] = 1
    promotion_calls: ClassVar[int]
    rollback_calls: ClassVar[int]
    resource: ClassVar[str] = ""
    can_abort: ClassVar[bool] = False
    beside_others: ClassVar[bool] = False
    follows_seconds: ClassVar[float] = 0.0

    def prepare(self, request: pytest.FixtureRequest) -> None:
        """Get what the platform needs beside the AWS emulator; an instance is prepared once, before anything else."""

    @contextlib.contextmanager
    def endpoint(self, cloud: LocalCloud) -> Iterator[str]:
        """The endpoint that stands for AWS; a front of the emulator, where that lacks something."""
        yield cloud.endpoint

    @contextlib.contextmanager
    def proxy(self, cloud: LocalCloud) -> Iterator[FaultProxy]:
        """The proxy between the swap and its platform, where a scenario lets calls go wrong."""
        with self.endpoint(cloud) as endpoint, FaultProxy(endpoint) as proxy:
            yield proxy

    def through(self, stack: Stack, proxy: FaultProxy) -> None:
        """Lead the stack's calls through the proxy."""
        stack.env["AWS_ENDPOINT_URL"] = proxy.url

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        """The stack's config beside ``activeColor``: both colors warm, small and quick."""
        raise NotImplementedError

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        """Run the programs beside the stack, from before its first update to after its last."""
        yield

    def live(self, stack: Stack) -> dict[str, int]:
        """The live weights, as somebody with a console reads them: ``{"blue": 100}``."""
        raise NotImplementedError

    def drift(self, stack: Stack) -> None:
        """Move all traffic, or some of it, to green behind Pulumi's back."""
        raise NotImplementedError

    def others_write(self, stack: Stack, name: str) -> None:
        """Something of that name, by somebody else, into the object that the swap writes, where it moves nobody."""
        raise NotImplementedError

    def others_wrote(self, stack: Stack) -> set[str]:
        """The names of what is still as they wrote it."""
        raise NotImplementedError

    def requests(self, stack: Stack) -> AbstractContextManager[Requests | None]:
        """Requests to production for as long as the context lasts; ``None`` without a data plane."""
        return contextlib.nullcontext(None)

    def colors(self, stack: Stack) -> set[str] | None:
        """The colors that answer some production requests now; ``None`` without a data plane."""
        return None


@contextlib.contextmanager
def load(url: str, rate_per_second: int = 25, host_header: str = "") -> Iterator[Requests]:
    """Requests to a URL whose answers name their color."""
    from localcloud.load import Load

    seen = Requests()
    with Load(url, rate_per_second=rate_per_second, host_header=host_header) as running:
        yield seen
    seen.failed, seen.made, seen.errors = running.result.failed, len(running.result), running.result.errors
