"""The record that `up` leaves behind for later commands, as `node.json` in the node's directory."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from localcloud.kubernetes.layout import Layout, Ports
from localcloud.processes import Daemon


@dataclasses.dataclass(frozen=True)
class Record:
    """A node that was started, wholly or in part."""

    sandbox: Daemon
    """What holds the namespaces; everything else ends with it."""
    parts: dict[str, Daemon]
    """Kubernetes' own, by name."""
    ports: Ports
    programs: str
    """Directory of Kubernetes' programs, kubectl among them."""
    app: str = ""
    """Version of the sample app whose images are there."""
    complete: bool = False
    """Whether it has ever been ready."""
    extras: dict[str, Daemon] = dataclasses.field(default_factory=dict)
    """What runs beside it, by name."""
    extra_ports: dict[str, int] = dataclasses.field(default_factory=dict)

    def alive(self) -> bool:
        """Whether all of it runs."""
        return self.complete and self.sandbox.alive() and all(part.alive() for part in self.parts.values())


def read(layout: Layout) -> Record | None:
    """The record, if there is one."""
    try:
        content = json.loads(layout.record.read_text())
        for name in ("parts", "extras"):
            content[name] = {key: Daemon(**value) for key, value in content[name].items()}
        content["sandbox"], content["ports"] = Daemon(**content["sandbox"]), Ports(**content["ports"])
        return Record(**content)
    except (OSError, json.JSONDecodeError, TypeError, KeyError):
        return None


def write(layout: Layout, record: Record) -> Record:
    """Keep it; returns it."""
    scratch = Path(f"{layout.record}.new")
    scratch.write_text(json.dumps(dataclasses.asdict(record), indent=2) + "\n")
    scratch.replace(layout.record)
    return record
