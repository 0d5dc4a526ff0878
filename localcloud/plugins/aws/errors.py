"""The errors that a call of AWS ends with."""

from __future__ import annotations

from localcloud.plugins.values import ProviderError


class ApiError(ProviderError):
    """An AWS call failed. `code` is the API's own error code."""

    def __init__(self, service: str, operation: str, code: str, message: str) -> None:
        super().__init__(f"{service} {operation}: {code}: {message}")
        self.code = code
        self.api_message = message
