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
    "UNIMPLEMENTED": 501,
}


class GoogleError(Exception):
    """An error as an answer: `status` is Google's own word, `code` HTTP's."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status, self.code, self.message = status, _CODES[status], message

    def body(self) -> dict[str, Any]:
        """The answer's body."""
        return {"error": {"code": self.code, "message": self.message, "status": self.status}}
