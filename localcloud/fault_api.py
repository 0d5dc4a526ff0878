"""The parts of an API that a fault proxy has to know: the names of its calls, and its errors."""

from __future__ import annotations

from email.message import Message
from typing import Literal, Protocol, get_args

Way = Literal["throttled", "server_error", "timeout", "refused", "reset", "reply_lost"]
WAYS: tuple[Way, ...] = get_args(Way)
"""How a call may fail: four kinds of answer or none, not even forwarded, and done with the reply lost."""
ANSWERED: tuple[Way, ...] = ("throttled", "server_error", "refused")
"""Those of them that have an answer of the API's own."""

Answer = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers, body."""


class Api(Protocol):
    """A module that has these."""

    def call_name(self, method: str, path: str, headers: Message, body: bytes) -> str:
        """The call's name in the API's own words."""
        ...

    def is_stream(self, path: str) -> bool:
        """Whether the answer continues until somebody hangs up."""
        ...

    def answer(self, way: Way, name: str, headers: Message, body: bytes) -> Answer:
        """The refusal as the API itself would send it; ``way`` is one of ``ANSWERED``."""
        ...
