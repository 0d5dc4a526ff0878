"""A managed instance group as Google tells it: its template, its instances, and how far they are. Pure.

https://cloud.google.com/compute/docs/instance-groups/getting-info-about-migs
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.google.compute_engine import names

_ILL = frozenset({"UNHEALTHY", "TIMEOUT", "DRAINING"})


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance.

    Attributes:
        template: the template that it was made from, in its normal form.
        action: the group's plan for it; ``NONE`` once it runs.
        status: its state as a machine; empty while there is none.
        health: the verdicts of the group's own health checks.
        trouble: why it could not be made when Google tried last.
    """

    template: str
    action: str
    status: str
    health: frozenset[str]
    trouble: str = ""

    @property
    def serves(self) -> bool:
        """Whether it runs, nothing is about to happen to it, and it is not known to be ill."""
        return self.action == "NONE" and self.status in ("", "RUNNING") and not self.health & _ILL

    @property
    def state(self) -> str:
        """Its state, for people."""
        ill = sorted(self.health & _ILL)
        return ill[0].lower() if ill else (self.action if self.action != "NONE" else self.status).lower()

    @staticmethod
    def of(told: Mapping[str, Any], project: str) -> Instance:
        """From an item of the list."""
        template = str((told.get("version") or {}).get("instanceTemplate") or "")
        health = (str(one.get("detailedHealthState") or "") for one in told.get("instanceHealth") or ())
        errors = ((told.get("lastAttempt") or {}).get("errors") or {}).get("errors") or [{}]
        return Instance(
            names.normal(template, project),
            str(told.get("currentAction") or "NONE"),
            str(told.get("instanceStatus") or ""),
            frozenset(health),
            str(errors[0].get("message") or ""),
        )


@dataclass(frozen=True, slots=True)
class Group:
    """A color's group with its instances."""

    name: str
    told: Mapping[str, Any]
    instances: Sequence[Instance]

    @property
    def size(self) -> int:
        """How many instances there are to be."""
        return int(self.told.get("targetSize") or 0)

    @property
    def running(self) -> int:
        """How many of them serve."""
        return sum(one.serves for one in self.instances)

    @property
    def template(self) -> str:
        """The template that new instances are made from, in its normal form."""
        own = self.version.get("instanceTemplate")
        return names.normal(str(own or self.told.get("instanceTemplate") or ""), names.project_of(self.name))

    @property
    def version(self) -> Mapping[str, Any]:
        """The version that new instances are made from, with whatever it has beside its template."""
        versions = self.told.get("versions") or ()
        return next((one for one in versions if "targetSize" not in one), {})

    @property
    def former(self) -> int:
        """How many are of another template."""
        return sum(one.template not in ("", self.template) for one in self.instances)

    @property
    def unfit(self) -> str:
        """Why it cannot be scaled here; empty if it can."""
        kind = str((self.told.get("updatePolicy") or {}).get("type") or "OPPORTUNISTIC")
        if kind != "OPPORTUNISTIC":
            return f"its updatePolicy.type is {kind}, which replaces instances under traffic: set it to OPPORTUNISTIC"
        if len(self.told.get("versions") or ()) > 1:
            return "it has a canary version of its own (versions): have it run one template"
        waiting = [name for name in ("targetStoppedSize", "targetSuspendedSize") if self.told.get(name)]
        if waiting:
            return f"it has standby instances ({', '.join(waiting)}), which keep their template: set it to 0"
        return self.stateful

    @property
    def stateful(self) -> str:
        """Why none of its instances may be removed here; empty if they may."""
        told = (self.told.get("status") or {}).get("stateful") or {}
        kept = (self.told.get("statefulPolicy") or {}).get("preservedState")
        if not (kept or told.get("hasStatefulConfig")):
            return ""
        return "its instances have state (statefulPolicy, or per-instance configurations), which goes with them"

    @property
    def told_release(self) -> str:
        """The text that tells its template, and how many instances are of another one, from anything else."""
        return names.last(self.template) + (f", {self.former} of a former template" if self.former else "")

    @property
    def autoscaler(self) -> str:
        """The name of its autoscaler; empty where it has none."""
        return names.normal(str((self.told.get("status") or {}).get("autoscaler") or ""))
