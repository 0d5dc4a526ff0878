"""The marks of a swap on the object that it owns, as text: who holds the lease, for how long, who wants it to stop."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import socket
from collections.abc import Mapping
from datetime import datetime, timezone

from bluegreen.printable import printable
from bluegreen.secrets import redact

LEASE_SECONDS = 30.0
# What a holder gives itself once it has seen that its calls wait long for their turn, and says so in its mark.
SLOW_LEASE_SECONDS = 600.0
# The most that anybody believes: of a holder whose platform takes no marks until it is done with a write.
LONGEST_LEASE_SECONDS = 3600.0
ABORT = "abort"
LEASE_PREFIX = "lease."
# Of a holder whose place was taken after it had not been heard of: it may only stand still.
TAKEN_PREFIX = "taken."
_LIMIT = 250
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9 +\-=._:/@]+")


def mark_text(text: str) -> str:
    """Text with the characters that every platform's tags and annotations take, shortened to what they hold.

    Who may look at an object reads its marks: secrets are taken out first, since half of one would not be found.
    """
    return " ".join(_NOT_ALLOWED.sub(" ", redact(text).replace("***", "...")).split())[:_LIMIT]


def leases_in(marks: Mapping[str, str]) -> dict[str, str]:
    """The leases among an object's marks: id to holder."""
    return {name.removeprefix(LEASE_PREFIX): value for name, value in marks.items() if name.startswith(LEASE_PREFIX)}


def lease_text(at_seconds: float, host: str, lasts_seconds: float, renewals: int, purpose: str) -> str:
    """The text of a lease's mark.

    Args:
        at_seconds: when it is set, since the epoch.
        host: a name of the holder's machine, 8 hex digits.
        lasts_seconds: how long it lasts from then on.
        renewals: how often it was set before.
        purpose: what the swap does.
    """
    at = datetime.fromtimestamp(at_seconds, timezone.utc)
    lasts = "" if lasts_seconds == LEASE_SECONDS else f" for {lasts_seconds:g} s"
    # With a clock that is set back the text would be the former one, and the holder taken for dead.
    count = f" no {renewals}" if renewals else ""
    return mark_text(f"{at:%Y-%m-%dT%H:%M:%SZ} {who()} pid {os.getpid()} on {host}{lasts}{count} {purpose}")


def holder_of(value: str) -> str:
    """The name of a lease's holder, for people."""
    return printable(re.sub(r" on [0-9a-f]{8}\b( for \d+ s)?( no \d+)?", "", value))


def lasting_seconds(value: str) -> float:
    """The seconds that a lease lasts after a renewal, as its holder says."""
    match = re.search(r" on [0-9a-f]{8} for (\d{1,4}) s\b", value)
    return min(float(match[1]), LONGEST_LEASE_SECONDS) if match else LEASE_SECONDS


def who() -> str:
    """The user and the machine."""
    user = "somebody"
    with contextlib.suppress(OSError, KeyError, ImportError):  # a container may have no name for its user
        user = getpass.getuser()
    return f"{user}@{socket.gethostname()}"


def aborted_by(marks: Mapping[str, str], lease: str) -> str | None:
    """The person who wants the swap with this lease to stop; ``None`` when nobody did."""
    wanted, _, rest = marks.get(ABORT, "").partition(" ")
    return (printable(rest) or "somebody") if wanted == lease else None
