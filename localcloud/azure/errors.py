"""How Azure says no."""

from __future__ import annotations

from typing import Any


class ArmError(Exception):
    """An error as an answer.

    Attributes:
        status: HTTP's.
        code: Azure's own word.
        message: for people.
        headers: of the answer.
        flat: as App Service writes it, without an object around it.
    """

    def __init__(
        self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None, flat: bool = False
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.flat = flat

    def body(self) -> dict[str, Any]:
        """The answer's body.

        https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
        """
        if self.flat:
            return {"Code": self.code, "Message": self.message, "Target": None, "Details": [{"Message": self.message}]}
        return {"error": {"code": self.code, "message": self.message}}
