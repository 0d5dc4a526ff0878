"""Virtual Machine Scale Sets in uniform orchestration: instances, their model, and how many there are.

An instance is a process of the sample app. Its image is a version of a gallery's image (`…/versions/2.0.0`); its user
data are lines of `NAME=value`, which it has as environment.

https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-scale-set
https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension
"""

from __future__ import annotations

import base64
import binascii
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from localcloud import images
from localcloud.azure import network
from localcloud.azure.api import Call, Handler, Service
from localcloud.azure.errors import ArmError
from localcloud.azure.operations import Running, Steps
from localcloud.azure.plain import merge, named
from localcloud.azure.world import Resource, World, missing
from localcloud.tls_server import Answer

VERSIONS = {"1.0.0": "v1", "2.0.0": "v2", "3.0.0": "v3", "9.0.0": "broken"}
"""A gallery image's version -> the sample app's tag."""
MOST_INSTANCES = 6
"""More than these are not started, whatever a scale set asks for."""
_HIDDEN = ("adminPassword", "customData")


@dataclass
class Machine:
    """An instance.

    Attributes:
        number: its instance id.
        model: the model that it was made from.
        up: whether it has started.
        failed: why it has not.
    """

    number: int
    model: dict[str, Any]
    up: bool = False
    failed: str = ""


@dataclass
class Kept:
    """Knowledge of a scale set beside what it tells of itself."""

    machines: dict[int, Machine] = field(default_factory=dict)
    next_number: int = 0
    working: Running | None = None


class ScaleSets(Service):
    """Plays `Microsoft.Compute/virtualMachineScaleSets`."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.world.scaled = self.scale

    def handlers(self) -> dict[str, Handler]:
        return {
            "VirtualMachineScaleSets.create_or_update": self.put,
            "VirtualMachineScaleSets.update": self.patch,
            "VirtualMachineScaleSets.get": self.get,
            "VirtualMachineScaleSets.delete": self.delete,
            "VirtualMachineScaleSets.list": lambda call: Answer(
                200, {"value": [self._told(one, "") for one in self.world.below(call.path)]}
            ),
            "VirtualMachineScaleSets.update_instances": self.upgrade,
            "VirtualMachineScaleSetVMs.list": self.machines,
        }

    def put(self, call: Call) -> Answer:
        """Created, or replaced by what is given: a capacity that is given counts, whoever has scaled since."""
        group = "/".join(call.path.split("/")[:5])
        if group.lower() not in self.world.resources:
            raise missing(group)
        there = self.world.resources.get(call.path.lower())
        network.require_match(call, there)
        body = {**copy.deepcopy(call.body), **named(call.path)}
        body.pop("etag", None)
        old = there.body if there is not None else {}
        body["sku"] = {**(old.get("sku") or {}), **(body.get("sku") or {})}
        body["sku"].setdefault("capacity", 0)
        properties = body.setdefault("properties", {})
        properties.setdefault("orchestrationMode", "Uniform")
        profile = properties.get("virtualMachineProfile") or {}
        former = (old.get("properties") or {}).get("virtualMachineProfile") or {}
        if "userData" in former and "userData" not in profile:
            profile["userData"] = former["userData"]
        self._check(body)
        resource = there or Resource(call.path, body, Kept())
        resource.body = body
        self.world.resources[call.path.lower()] = resource
        running = self._work(resource, "Creating" if there is None else "Updating")
        self.world.ranges()
        return Answer(200 if there else 201, self._told(resource, ""), self._headers(call, running))

    def patch(self, call: Call) -> Answer:
        """Changed in part."""
        there = self.world.get(call.path)
        network.require_match(call, there)
        body = copy.deepcopy(there.body)
        change = copy.deepcopy(call.body)
        if "tags" in change:
            body.pop("tags", None)
        merge(body, change)
        self._check(body)
        there.body = body
        running = self._work(there, "Updating")
        self.world.ranges()
        return Answer(200, self._told(there, ""), self._headers(call, running))

    def get(self, call: Call) -> Answer:
        return Answer(200, self._told(self.world.get(call.path), call.query.get("$expand", "")))

    def delete(self, call: Call) -> Answer:
        found = self.world.resources.get(call.path.lower())
        if found is None:
            return Answer(204)
        for machine in found.kept.machines.values():
            self.world.plane.end(self._backend(found, machine))
        found.kept.machines.clear()
        self.world.remove(call.path)
        return Answer(200)

    def upgrade(self, call: Call) -> Answer:
        """Instances get the model as it is now: each is made anew."""
        scale_set = self.world.get(call.path.rpartition("/")[0])
        wanted = call.body["instanceIds"]
        for machine in scale_set.kept.machines.values():
            if "*" in wanted or str(machine.number) in wanted:
                self.world.plane.end(self._backend(scale_set, machine))
                machine.model, machine.up, machine.failed = _model(scale_set.body), False, ""
        running = self._work(scale_set, "Updating")
        return Answer(202, None, self._headers(call, running))

    def machines(self, call: Call) -> Answer:
        """A list; with `$expand=instanceView` each with its state and health."""
        scale_set = self.world.get(call.path.rpartition("/")[0])
        view = call.query.get("$expand", "").lower() == "instanceview"
        found = [self._machine(scale_set, one, view=view) for one in scale_set.kept.machines.values()]
        return Answer(200, {"value": found})

    # -- for others

    def scale(self, scale_set_id: str, least: int, most: int) -> None:
        """The autoscale engine brings a capacity into its range."""
        found = self.world.resources.get(scale_set_id.lower())
        if found is None:
            return
        now = int(found.body["sku"]["capacity"])
        wanted = min(max(now, least), most)
        if wanted != now:
            found.body["sku"]["capacity"] = wanted
            self._work(found, "Updating")

    # -- at work

    def _check(self, body: dict[str, Any]) -> None:
        capacity = body["sku"].get("capacity")
        if not isinstance(capacity, int) or not 0 <= capacity <= 1000:
            raise ArmError(400, "InvalidParameter", "The value of parameter sku.capacity is invalid.")
        if body["properties"]["orchestrationMode"] != "Uniform":
            raise ArmError(501, "NotPlayed", "The stand-in plays uniform orchestration alone.")
        _tag_of(_model(body))
        _environment(_model(body))

    def _work(self, scale_set: Resource, state: str) -> Running:
        """Whatever the scale set is to be, it becomes; what runs for that already is given up."""
        kept: Kept = scale_set.kept
        scale_set.body["properties"]["provisioningState"] = state
        mine: list[Running] = []

        def superseded() -> bool:
            return bool(mine) and kept.working is not mine[0]

        steps = self._become(scale_set, superseded)
        running = self.world.operations.start("VirtualMachineScaleSets", scale_set.id, steps)
        mine.append(running)
        kept.working = running
        return running

    def _become(self, scale_set: Resource, superseded: Callable[[], bool]) -> Steps:
        self._count(scale_set)
        yield self.world.pace.write
        yield from self._start(scale_set, superseded)
        if superseded():
            raise _preempted()
        scale_set.body["properties"]["provisioningState"] = "Succeeded"

    def _count(self, scale_set: Resource) -> None:
        """As many instances as there are to be: the newest go first; by themselves they get the model or not."""
        kept: Kept = scale_set.kept
        plane, model = self.world.plane, _model(scale_set.body)
        wanted = min(int(scale_set.body["sku"]["capacity"]), MOST_INSTANCES)
        newest_first = sorted(kept.machines.values(), key=lambda one: -one.number)
        for machine in newest_first[: max(0, len(kept.machines) - wanted)]:
            plane.end(self._backend(scale_set, machine))
            del kept.machines[machine.number]
        while len(kept.machines) < wanted:
            kept.machines[kept.next_number] = Machine(kept.next_number, _model(scale_set.body))
            kept.next_number += 1
        if scale_set.body["properties"].get("upgradePolicy", {}).get("mode", "Manual") == "Manual":
            return
        for machine in kept.machines.values():
            if machine.model != model:
                plane.end(self._backend(scale_set, machine))
                machine.model, machine.up = _model(scale_set.body), False

    def _start(self, scale_set: Resource, superseded: Callable[[], bool]) -> Steps:
        kept, pace, plane = scale_set.kept, self.world.pace, self.world.plane
        coming = {
            machine.number: plane.prepare(_tag_of(machine.model), _environment(machine.model))
            for machine in list(kept.machines.values())
            if not machine.up
        }
        waited = 0.0
        while coming:
            if superseded() or waited > pace.ready:
                for one in coming.values():
                    one.kill()
                if superseded():
                    raise _preempted()
                for number in coming:
                    kept.machines[number].failed = "OSProvisioningTimedOut"
                scale_set.body["properties"]["provisioningState"] = "Failed"
                raise ArmError(409, "OSProvisioningTimedOut", "OS Provisioning did not finish in the allotted time.")
            for number in [number for number, one in coming.items() if one.ready("")]:
                plane.install(self._backend(scale_set, kept.machines[number]), coming.pop(number))
                kept.machines[number].up = True
            if coming:
                yield pace.start
                waited += pace.start

    # -- what is reported

    def _told(self, scale_set: Resource, expand: str) -> dict[str, Any]:
        body = network.told(copy.deepcopy(scale_set.body))
        profile = body["properties"].get("virtualMachineProfile") or {}
        if expand.lower() != "userdata":
            profile.pop("userData", None)
        for name in _HIDDEN:
            (profile.get("osProfile") or {}).pop(name, None)
        return body

    def _machine(self, scale_set: Resource, machine: Machine, *, view: bool) -> dict[str, Any]:
        state = "Succeeded" if machine.up else "Failed" if machine.failed else "Creating"
        properties: dict[str, Any] = {
            "latestModelApplied": machine.model == _model(scale_set.body),
            "provisioningState": state,
            "vmId": f"{scale_set.name}-{machine.number}",
            "storageProfile": {"imageReference": machine.model["imageReference"]},
        }
        if view:
            codes = [f"ProvisioningState/{state.lower()}", *(["PowerState/running"] if machine.up else [])]
            properties["instanceView"] = {"statuses": [{"code": code} for code in codes]}
            health = self._health(scale_set, machine)
            if health:
                properties["instanceView"]["vmHealth"] = {"status": {"code": f"HealthState/{health}"}}
        path = f"{scale_set.id}/virtualMachines/{machine.number}"
        return {
            "id": path,
            "name": f"{scale_set.name}_{machine.number}",
            "instanceId": str(machine.number),
            "location": scale_set.body.get("location"),
            "type": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
            "properties": properties,
        }

    def _health(self, scale_set: Resource, machine: Machine) -> str:
        """The word of the application health extension; nothing where there is none."""
        settings = health_settings(scale_set.body)
        if settings is None:
            return ""
        path = str(settings.get("requestPath") or "")
        name = self._backend(scale_set, machine)
        well = machine.up and self.world.plane.answers(name, path, lambda status: status == 200)
        return "healthy" if well else "unhealthy"

    def _backend(self, scale_set: Resource, machine: Machine) -> str:
        return f"{scale_set.id.lower()}/{machine.number}"

    def _headers(self, call: Call, running: Running) -> dict[str, str]:
        subscription = "/".join(call.path.split("/")[:3])
        status = f"{call.base}{subscription}/providers/Microsoft.Compute/locations/here/operations/{running.id}"
        return {
            "Azure-AsyncOperation": f"{status}?api-version={call.version}",
            "Retry-After": str(self.world.pace.retry_after),
        }


def members(world: World, pool_id: str) -> Iterator[tuple[Resource, Machine]]:
    """The instances in a backend pool, of whatever scale sets name it in their network configuration."""
    for one in world.resources.values():
        if isinstance(one.kept, Kept) and pool_id.lower() in _pools(one.body):
            yield from ((one, machine) for machine in one.kept.machines.values())


def backends(world: World, pool_id: str) -> list[str]:
    """The data plane's names of those of them that run."""
    return [f"{one.id.lower()}/{machine.number}" for one, machine in members(world, pool_id) if machine.up]


def health_settings(body: dict[str, Any]) -> dict[str, Any] | None:
    """Where the application health extension asks, if there is one."""
    profile = body["properties"].get("virtualMachineProfile") or {}
    for one in (profile.get("extensionProfile") or {}).get("extensions") or ():
        properties = one.get("properties") or {}
        if str(properties.get("type") or "").startswith("ApplicationHealth"):
            found: dict[str, Any] = properties.get("settings") or {}
            return found
    return None


def _preempted() -> ArmError:
    return ArmError(409, "OperationPreempted", "The operation has been preempted by a more recent one.")


def _pools(body: dict[str, Any]) -> set[str]:
    profile = body["properties"].get("virtualMachineProfile") or {}
    found = set()
    for one in (profile.get("networkProfile") or {}).get("networkInterfaceConfigurations") or ():
        for address in (one.get("properties") or {}).get("ipConfigurations") or ():
            properties = address.get("properties") or {}
            for kind in ("applicationGatewayBackendAddressPools", "loadBalancerBackendAddressPools"):
                found |= {str(pool.get("id") or "").lower() for pool in properties.get(kind) or ()}
    return found


def _model(body: dict[str, Any]) -> dict[str, Any]:
    """The model that an instance is made from."""
    profile = body["properties"].get("virtualMachineProfile") or {}
    return {
        "imageReference": copy.deepcopy((profile.get("storageProfile") or {}).get("imageReference") or {}),
        "userData": profile.get("userData") or "",
        "size": body["sku"].get("name"),
    }


def _tag_of(model: dict[str, Any]) -> str:
    reference = model["imageReference"]
    version = str(reference.get("version") or str(reference.get("id") or "").rpartition("/versions/")[2])
    if version not in VERSIONS or VERSIONS[version] not in images.TAGS:
        named_so = reference.get("id") or reference
        raise ArmError(404, "GalleryImageNotFound", f"The gallery image {named_so} is not available.")
    return VERSIONS[version]


def _environment(model: dict[str, Any]) -> dict[str, str]:
    try:
        text = base64.b64decode(model["userData"], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ArmError(400, "InvalidParameter", "User data has to be encoded in Base64.") from error
    lines = [line.partition("=") for line in text.splitlines() if "=" in line]
    return {name.strip(): value.strip() for name, _, value in lines}
