"""How the servers of a backend are, by ``show stat``. Pure.

https://docs.haproxy.org/2.6/management.html#9.1
"""

from __future__ import annotations

import csv

from bluegreen.rollout.model import Readiness

_UP, _UNCHECKED = "UP", "no check"


def readiness(answer: str, backend: str) -> Readiness:
    """A backend's servers as HAProxy sees them; one that it does not check is not known to be well.

    Args:
        answer: of ``show stat``.
        backend: its name.
    """
    rows = [row for row in csv.DictReader(answer.lstrip("# ").splitlines()) if row.get("pxname") == backend]
    if not rows:
        return Readiness(False, 0, 1, f"HAProxy has no backend {backend}")
    servers = [row for row in rows if row.get("svname") not in ("BACKEND", "FRONTEND")]
    if not servers:
        return Readiness(False, 0, 1, f"HAProxy's backend {backend} has no server")
    problems = [problem for row in servers if (problem := _problem(row))]
    reason = f"{backend}/{problems[0]}" if problems else ""
    fatal = bool(problems) and all(row.get("status") == _UNCHECKED for row in servers)
    return Readiness(not problems, len(servers) - len(problems), len(servers), reason, fatal=fatal)


def _problem(row: dict[str, str]) -> str:
    status, name = row.get("status", ""), row.get("svname", "")
    if status == _UNCHECKED:
        return f"{name} has no `check`: give it one, or a server that is down gets requests"
    if status.split(" ")[0] != _UP:  # "UP 1/2" is one that is going down
        said = row.get("last_chk") or row.get("check_status") or ""
        return f"{name}: {status}{f', {said}' if said else ''}"
    return "" if row.get("weight") != "0" else f"{name}: its weight is 0"
