"""How Google says no: https://cloud.google.com/apis/design/errors."""

from __future__ import annotations

from typing import Any

_CODES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
}
# As operations have them.
_NUMBERS = {"FAILED_PRECONDITION": 9, "INTERNAL": 13}


class GoogleError(Exception):
    """An error as an answer: `status` is Google's own word, `code` HTTP's."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status, self.code, self.message = status, _CODES[status], message

    @property
    def number(self) -> int:
        """The same as an operation's error has it."""
        return _NUMBERS[self.status]

    def body(self) -> dict[str, Any]:
        """The answer's body."""
        return {"error": {"code": self.code, "message": self.message, "status": self.status}}
