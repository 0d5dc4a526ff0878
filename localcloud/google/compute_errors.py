"""How Compute Engine says no: a reason in a list, and no status in words.

https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-api-errors
"""

from __future__ import annotations

from typing import Any

from localcloud.google.errors import GoogleError


class ComputeError(GoogleError):
    """An error as an answer."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        Exception.__init__(self, f"{reason}: {message}")
        self.status, self.code, self.message = reason, code, message

    def body(self) -> dict[str, Any]:
        """The answer's body."""
        one = {"message": self.message, "domain": "global", "reason": self.status}
        return {"error": {"code": self.code, "message": self.message, "errors": [one]}}


def stale() -> ComputeError:
    """The object is not what was read any more."""
    return ComputeError(412, "conditionNotMet", "Invalid fingerprint.")


def missing(name: str) -> ComputeError:
    """There is no such object."""
    return ComputeError(404, "notFound", f"The resource '{name}' was not found")


def conflict(name: str) -> ComputeError:
    """There is one already."""
    return ComputeError(409, "alreadyExists", f"The resource '{name}' already exists")


def not_ready(name: str) -> ComputeError:
    """Another change of it runs."""
    return ComputeError(400, "resourceNotReady", f"The resource '{name}' is not ready")


def in_its_words(error: GoogleError) -> ComputeError:
    """A refusal that all of Google's services have in common."""
    code, reason = {"PERMISSION_DENIED": (403, "forbidden"), "NOT_FOUND": (404, "notFound")}.get(
        error.status, (400, "invalid")
    )
    return ComputeError(code, reason, error.message)


def invalid(field: str, value: object, why: str, reason: str = "invalid") -> ComputeError:
    """A value that is not taken."""
    said = f"Invalid value for field '{field}': '{value}'. {why}" if field else why
    return ComputeError(400, reason, said)
