"""Managed instance groups and their autoscalers.

https://cloud.google.com/compute/docs/instance-groups
https://cloud.google.com/compute/docs/autoscaler
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.google.compute_errors import invalid
from localcloud.google.world import Steps, World

LINK = "https://www.googleapis.com/compute/v1/"
_LONGEST_BASE_NAME = 58


@dataclass
class Instance:
    """One of a group's: it takes a turn to start, and one to go.

    Attributes:
        unit: what runs in its place; None where nothing can.
        why: why nothing can.
        well: whether the load balancer's health checks found it well when they looked last.
    """

    name: str
    template: str
    action: str = "CREATING"
    unit: Any = None
    why: str = ""
    well: bool = True

    @property
    def runs(self) -> bool:
        """Whether it runs and nothing is done to it."""
        return self.action == "NONE"


@dataclass
class Groups:
    """All of them.

    Attributes:
        objects: all of Compute Engine's, by their names.
        world: where they are.
        running: the instances of each group, by its name.
        stuck: the ends of the names of templates whose instances never start.
    """

    objects: Mapping[str, dict[str, Any]]
    world: World
    running: dict[str, list[Instance]] = field(default_factory=dict)
    stuck: set[str] = field(default_factory=set)
    _count: int = 0
    _settling: bool = False

    # -- changes

    def check(self, collection: str, wanted: dict[str, Any]) -> None:
        """Refuse what is wrong in a group or an autoscaler, and fill in what is left out."""
        if collection == "instanceGroupManagers":
            # `versions` overrides `instanceTemplate`, in the description's words.
            versions = wanted.get("versions") or [{"instanceTemplate": wanted.get("instanceTemplate")}]
            if sum("targetSize" not in one for one in versions) != 1:
                raise invalid("resource.versions", "", "Exactly one version must leave the targetSize unset")
            for one in versions:
                if str(one.get("instanceTemplate") or "").removeprefix(LINK) not in self.objects:
                    raise invalid("resource.versions", one.get("instanceTemplate"), "The template was not found")
            last = next(one for one in versions if "targetSize" not in one)
            wanted |= {"versions": versions, "instanceTemplate": last["instanceTemplate"]}
            if len(str(wanted.get("baseInstanceName") or "")) > _LONGEST_BASE_NAME:
                raise invalid("resource.baseInstanceName", wanted["baseInstanceName"], "1-58 characters long")
            wanted.setdefault("updatePolicy", {"type": "OPPORTUNISTIC"})
            group = wanted["selfLink"].replace("/instanceGroupManagers/", "/instanceGroups/")
            wanted["instanceGroup"] = group
        if collection == "autoscalers":
            policy = wanted.get("autoscalingPolicy") or {}
            if int(policy.get("maxNumReplicas") or 0) < 1:
                raise invalid("resource.autoscalingPolicy.maxNumReplicas", policy.get("maxNumReplicas"), "At least 1")
            # "Target value must be a float value in range (0, 1]": the description's words.
            aim = (policy.get("cpuUtilization") or {}).get("utilizationTarget")
            if aim is not None and not 0 < aim <= 1:
                raise invalid("resource.autoscalingPolicy.cpuUtilization.utilizationTarget", aim, "In range (0, 1]")
            if int(policy.get("minNumReplicas", 0)) > int(policy["maxNumReplicas"]):
                raise invalid("resource.autoscalingPolicy", "", "The maximum must not be lower than the minimum")
            if str(wanted.get("target") or "").removeprefix(LINK) not in self.objects:
                raise invalid("resource.target", wanted.get("target"), "There is no such group")
            # https://cloud.google.com/compute/docs/autoscaler: a group has one of them at most.
            if any(
                "/autoscalers/" in name and one["target"] == wanted["target"] and one["name"] != wanted["name"]
                for name, one in self.objects.items()
            ):
                raise invalid("resource.target", wanted["target"], "It has an autoscaler already")
            policy.setdefault("mode", "ON")
            wanted["autoscalingPolicy"] = policy

    def made(self, name: str) -> None:
        """A new object; of a group its instances begin to start."""
        if "/instanceGroupManagers/" in name:
            self.running.setdefault(name, [])
        self.changed(name)

    def changed(self, name: str) -> None:
        """Another group or autoscaler."""
        if name in self.running:
            self._follow(name)
        if name in self.running or "/autoscalers/" in name:
            self.settle()

    def dropped(self, name: str) -> None:
        """A group that is gone."""
        for one in self.running.pop(name, ()):
            self.world.plane.end(one.name)

    def resize(self, name: str, size: int) -> None:
        """Another target size."""
        if name in self.objects:
            self.objects[name]["targetSize"] = size
            self._follow(name)
            self.settle()

    # -- what runs

    def settle(self) -> None:
        """Have autoscalers set sizes, and instances start and go, until nothing moves any more."""
        if not self._settling:
            self._settling = True
            self.world.works.begin(self._steps())

    def _steps(self) -> Steps:
        try:
            self._autoscale_all()
            while self._moving:
                yield
                self._step()
        finally:
            self._settling = False

    def _autoscale_all(self) -> None:
        for scaler in [body for name, body in self.objects.items() if "/autoscalers/" in name]:
            self._autoscale(scaler)

    def _step(self) -> None:
        self._autoscale_all()
        for name, instances in self.running.items():
            for one in instances:
                if one.action == "DELETING":
                    self._end(one)
            self.running[name] = [one for one in instances if one.action != "DELETING"]
            for one in self.running[name]:
                if one.action == "CREATING" and self._starts(one) and one.unit.ready():
                    one.action = "NONE"
                    self.world.plane.install(one.name, one.unit)
                    self.endpoints(name, set())
            self._follow(name)

    def _starts(self, one: Instance) -> bool:
        return one.unit is not None and one.template.rpartition("/")[2] not in self.stuck

    def _end(self, one: Instance) -> None:
        if one.action == "DELETING":
            self.world.plane.end(one.name)

    @property
    def _moving(self) -> bool:
        """Whether anything starts that can, or goes."""
        return any(
            one.action == "DELETING" or (one.action == "CREATING" and one.template.rpartition("/")[2] not in self.stuck)
            for instances in self.running.values()
            for one in instances
        )

    def _autoscale(self, scaler: Mapping[str, Any]) -> None:
        """https://cloud.google.com/compute/docs/autoscaler/managing-autoscalers: the modes."""
        policy, group = scaler["autoscalingPolicy"], str(scaler["target"]).removeprefix(LINK)
        mode = policy["mode"]
        if mode == "OFF" or group not in self.objects:
            return
        size = int(self.objects[group]["targetSize"])
        wanted = int(scaler.get("recommendedSize", size))  # as long as it recommends nothing, within its limits
        wanted = min(max(wanted, int(policy.get("minNumReplicas", 0))), int(policy["maxNumReplicas"]))
        if mode in ("ONLY_UP", "ONLY_SCALE_OUT"):
            wanted = max(wanted, size)
        if wanted != size:
            self.resize(group, wanted)

    def _follow(self, name: str) -> None:
        group = self.objects[name]
        # PROACTIVE: https://cloud.google.com/compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups
        if group["updatePolicy"].get("type") == "PROACTIVE":
            for one in self.running[name]:
                if one.template != group["instanceTemplate"] and one.action != "DELETING":
                    one.action = "DELETING"
        there = [one for one in self.running[name] if one.action != "DELETING"]
        for one in there[int(group["targetSize"]) :]:
            one.action = "DELETING"
        for _ in range(int(group["targetSize"]) - len(there)):
            self._count += 1
            made = f"{group.get('baseInstanceName', group['name'])}-{self._count:04d}"
            self.running[name].append(self._start(Instance(made, group["instanceTemplate"])))

    def _start(self, one: Instance) -> Instance:
        """Run the sample app in its place: its image is `…/app-v1`; its settings are its metadata, and the lines
        of its startup script."""
        properties = self.objects[one.template.removeprefix(LINK)].get("properties") or {}
        disk: Mapping[str, Any] = next(iter(properties.get("disks") or ()), {})
        image = str((disk.get("initializeParams") or {}).get("sourceImage") or "")
        tag = self.world.pulled("app:" + (image.rpartition("app-")[2] or "v1"))
        if tag is None:
            one.why = f"The resource '{image.removeprefix(LINK)}' was not found"
            return one
        items = (properties.get("metadata") or {}).get("items") or ()
        given = {str(item["key"]): str(item.get("value") or "") for item in items}
        lines = [line.partition("=") for line in given.pop("startup-script", "").splitlines() if "=" in line]
        settings = {**{key.upper(): value for key, value in given.items()}, **{key: value for key, _, value in lines}}
        one.unit = self.world.plane.prepare(tag, settings, 1)
        return one

    # -- what is reported

    def told(self, name: str) -> dict[str, Any] | None:
        """A group as the API tells it; ``None`` for anything else."""
        if name not in self.running:
            return None
        instances = self.running[name]
        actions = [one.action.lower() for one in instances]
        reached = all(one.template == self.objects[name]["instanceTemplate"] for one in instances)
        scaler = next(
            (
                key
                for key, one in self.objects.items()
                if "/autoscalers/" in key and str(one.get("target")).removeprefix(LINK) == name
            ),
            None,
        )
        status: dict[str, Any] = {
            "isStable": all(one.runs for one in instances),
            "versionTarget": {"isReached": reached},
        }
        if scaler is not None:
            status["autoscaler"] = LINK + scaler
        return {
            **copy.deepcopy(self.objects[name]),
            "currentActions": {action: actions.count(action) for action in dict.fromkeys(["none", *actions])},
            "status": status,
        }

    def instances(self, name: str, ill: set[str]) -> list[dict[str, Any]]:
        """A group's instances."""
        place = name.rpartition("/instanceGroupManagers/")[0]
        zone = place if "/zones/" in place else place.replace("/regions/", "/zones/") + "-b"
        return [
            {
                "instance": f"{LINK}{zone}/instances/{one.name}",
                "name": one.name,
                "currentAction": one.action,
                "instanceStatus": "RUNNING" if one.action != "CREATING" else "PROVISIONING",
                **({"lastAttempt": _failed(one.why)} if one.why else {}),
                "version": {"instanceTemplate": one.template},
                **({"instanceHealth": [{"detailedHealthState": "UNHEALTHY"}]} if one.name in ill else {}),
            }
            for one in self.running.get(name, ())
        ]

    def endpoints(self, group: str, ill: set[str]) -> list[dict[str, Any]]:
        """The instances of an instance group that health checks look at, with what they find."""
        name = group.replace("/instanceGroups/", "/instanceGroupManagers/")
        path, found = self._probed(name), []
        for one, told in zip(self.running.get(name, ()), self.instances(name, ill), strict=False):
            if one.action != "DELETING":
                one.well = one.runs and one.name not in ill and one.unit.ready(path)
                found.append({"instance": told["instance"], "well": one.well})
        return found

    def _probed(self, name: str) -> str:
        """The path that the health check of the backend service before a group asks for."""
        group = name.replace("/instanceGroupManagers/", "/instanceGroups/")
        for service in self.objects.values():
            groups = [str(one.get("group") or "").removeprefix(LINK) for one in service.get("backends") or ()]
            if group in groups:
                check = self.objects.get(str((service.get("healthChecks") or [""])[0]).removeprefix(LINK)) or {}
                return str((check.get("httpHealthCheck") or {}).get("requestPath") or "/")
        return "/"

    def serving(self, service: str) -> list[str]:
        """The instances behind a backend service that get requests."""
        groups = [
            str(one.get("group") or "").removeprefix(LINK).replace("/instanceGroups/", "/instanceGroupManagers/")
            for one in (self.objects.get(service) or {}).get("backends") or ()
        ]
        return [one.name for group in groups for one in self.running.get(group, ()) if one.runs and one.well]


def _failed(why: str) -> dict[str, Any]:
    return {"errors": {"errors": [{"code": "RESOURCE_NOT_FOUND", "message": why}]}}
