"""App Service: apps and their slots as resources, their settings, and which requests each of them gets.

https://learn.microsoft.com/rest/api/appservice/web-apps
"""

from __future__ import annotations

import copy
from typing import Any

from localcloud.azure import web_slots, web_swaps
from localcloud.azure.api import Call, Handler, Service
from localcloud.azure.errors import ArmError
from localcloud.azure.operations import Running, Steps
from localcloud.azure.plain import Plain, merge, named
from localcloud.azure.web_slots import PRODUCTION, Content, Site, Slot
from localcloud.azure.web_swaps import Swap
from localcloud.azure.world import Resource, World, missing
from localcloud.envoy import plane
from localcloud.envoy.plane import Instances
from localcloud.envoy.plane import Site as Shown
from localcloud.tls_server import Answer

_TIERS = {
    "FC": "FlexConsumption",
    "EP": "ElasticPremium",
    "D": "Shared",
    "B": "Basic",
    "S": "Standard",
    "I": "Isolated",
    "P1V3": "PremiumV3",
    "P": "PremiumV2",
    "Y": "Dynamic",
}
"""What a size's name begins with -> its tier."""
_RESTARTED = ("linuxFxVersion", "windowsFxVersion", "appCommandLine")
"""What of a configuration takes effect with a restart."""


class Plans(Plain):
    """App Service plans: their tier says how many slots an app may have."""

    def handlers(self) -> dict[str, Handler]:
        return {
            "AppServicePlans.create_or_update": self.put,
            "AppServicePlans.update": self.patch,
            "AppServicePlans.get": self.get,
            "AppServicePlans.delete": self.delete,
            "AppServicePlans.list_by_resource_group": self.below,
        }

    def complete(self, body: dict[str, Any]) -> None:
        """A size that is given without its tier."""
        sku = body.setdefault("sku", {"name": "F1"})
        name = str(sku.get("name") or "")
        sku.setdefault("tier", next((tier for start, tier in _TIERS.items() if name.upper().startswith(start)), "Free"))


class WebApps(Service):
    """Plays `Microsoft.Web/sites` and `sites/slots`."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._sites: dict[str, Site] = {}
        world.draw(self._shown)

    def handlers(self) -> dict[str, Handler]:
        """Each for the production slot, and with `_slot` for another one."""
        both: dict[str, Handler] = {
            "WebApps.create_or_update": self.put,
            "WebApps.update": self.patch,
            "WebApps.get": lambda call: Answer(200, self._told(self._slot(call))),
            "WebApps.delete": self.delete,
            "WebApps.restart": self.restart,
            "WebApps.start": lambda call: self._turn(call, on=True),
            "WebApps.stop": lambda call: self._turn(call, on=False),
            "WebApps.get_configuration": self.get_config,
            "WebApps.update_configuration": self.patch_config,
            "WebApps.create_or_update_configuration": self.put_config,
            "WebApps.list_application_settings": self.list_settings,
            "WebApps.update_application_settings": self.put_settings,
            "WebApps.list_connection_strings": self.list_connections,
            "WebApps.update_connection_strings": self.put_connections,
        }
        slotted = {f"{name}_slot": handler for name, handler in both.items()}
        return {
            **both,
            **slotted,
            "WebApps.list_by_resource_group": self.list_sites,
            "WebApps.list_slots": self.list_slots,
            "WebApps.list_slot_configuration_names": self.get_sticky,
            "WebApps.update_slot_configuration_names": self.put_sticky,
            "WebApps.swap_slot_with_production": self.swap,
            "WebApps.swap_slot": self.swap,
            "WebApps.apply_slot_config_to_production": self.apply,
            "WebApps.apply_slot_configuration_slot": self.apply,
            "WebApps.reset_production_slot_config": self.reset,
            "WebApps.reset_slot_configuration_slot": self.reset,
        }

    # -- apps and slots

    def put(self, call: Call) -> Answer:
        """Created, or changed: a configuration that is given is laid over the one that is there."""
        path, name = _slot_path(call)
        group = "/".join(path.split("/")[:5])
        if group.lower() not in self.world.resources:
            raise missing(group)
        site = self._site(call) if name != PRODUCTION else self._sites.get(_site_path(call).lower())
        there = site.slots.get(name.lower()) if site is not None else None
        if site is not None:
            self._free(site)
        self._check_plan(call.body.get("properties") or {}, site, new_slot=there is None and name != PRODUCTION)
        created = site or Site(call.place("name"))
        slot = there or Slot(Resource(path, {}), created.name, name.lower())
        slot.resource.teller = lambda: self._told(slot)
        if there is None:
            created.slots[name.lower()] = slot
            self._sites[_site_path(call).lower()] = created
        self._change(created, slot, {**named(path), **call.body}, whole=True)
        self.world.resources[path.lower()] = slot.resource

        def steps() -> Steps:
            yield self.world.pace.write
            yield from self._start_steps(slot)

        kind = "CreateWebSite" if there is None else "UpdateWebSite"
        running = self.world.operations.start(kind, path, steps())
        return Answer(202, self._told(slot), self._location(call, running))

    def patch(self, call: Call) -> Answer:
        """Changed in part."""
        site, slot = self._site(call), self._slot(call)
        self._free(site)
        self._change(site, slot, call.body, whole=False)
        self._restart(slot)
        return Answer(200, self._told(slot))

    def delete(self, call: Call) -> Answer:
        """With the production slot goes every other one."""
        site, slot = self._site(call), self._slot(call)
        self._free(site)
        gone = list(site.slots.values()) if slot.name == PRODUCTION else [slot]
        for one in gone:
            self.world.plane.end(one.instances)
            self.world.remove(one.resource.id)
            del site.slots[one.name]
        if slot.name == PRODUCTION:
            del self._sites[_site_path(call).lower()]
        return Answer(200)

    def restart(self, call: Call) -> Answer:
        self._free(self._site(call))
        self._restart(self._slot(call))
        return Answer(200)

    def _turn(self, call: Call, *, on: bool) -> Answer:
        site, slot = self._site(call), self._slot(call)
        self._free(site)
        slot.running = on
        self._restart(slot)
        return Answer(200)

    def list_sites(self, call: Call) -> Answer:
        found = [one.slots[PRODUCTION] for path, one in self._sites.items() if path.startswith(call.path.lower() + "/")]
        return Answer(200, {"value": [self._told(one) for one in found]})

    def list_slots(self, call: Call) -> Answer:
        others = [one for one in self._site(call).slots.values() if one.name != PRODUCTION]
        return Answer(200, {"value": [self._told(one) for one in others]})

    # -- settings

    def get_config(self, call: Call) -> Answer:
        slot = self._slot(call)
        return Answer(200, _below(slot, "config", "web", copy.deepcopy(slot.config)))

    def patch_config(self, call: Call) -> Answer:
        return self._write_config(call, whole=False)

    def put_config(self, call: Call) -> Answer:
        return self._write_config(call, whole=True)

    def _write_config(self, call: Call, *, whole: bool) -> Answer:
        site, slot = self._site(call), self._slot(call)
        self._free(site)
        before, settings = copy.deepcopy(slot.config), dict(slot.settings)
        self._configure(site, slot, copy.deepcopy(call.body.get("properties") or {}), whole=whole)
        if settings != slot.settings or any(before.get(name) != slot.config.get(name) for name in _RESTARTED):
            self._restart(slot)
        return self.get_config(call)

    def list_settings(self, call: Call) -> Answer:
        slot = self._slot(call)
        return Answer(200, _below(slot, "config", "appsettings", dict(slot.settings)))

    def put_settings(self, call: Call) -> Answer:
        """All of them: those that are not given are gone. The slot restarts."""
        site, slot = self._site(call), self._slot(call)
        self._free(site)
        slot.settings = dict(call.body.get("properties") or {})
        self._restart(slot)
        return self.list_settings(call)

    def list_connections(self, call: Call) -> Answer:
        slot = self._slot(call)
        return Answer(200, _below(slot, "config", "connectionstrings", copy.deepcopy(slot.connections)))

    def put_connections(self, call: Call) -> Answer:
        site, slot = self._site(call), self._slot(call)
        self._free(site)
        slot.connections = copy.deepcopy(call.body.get("properties") or {})
        self._restart(slot)
        return self.list_connections(call)

    def get_sticky(self, call: Call) -> Answer:
        site = self._site(call)
        names = {
            "appSettingNames": sorted(site.sticky_settings),
            "connectionStringNames": sorted(site.sticky_connections),
        }
        return Answer(200, _below(site.slots[PRODUCTION], "config", "slotConfigNames", names))

    def put_sticky(self, call: Call) -> Answer:
        site = self._site(call)
        self._free(site)
        given = call.body.get("properties") or {}
        site.sticky_settings = frozenset(given.get("appSettingNames") or ())
        site.sticky_connections = frozenset(given.get("connectionStringNames") or ())
        return self.get_sticky(call)

    # -- swaps

    def swap(self, call: Call) -> Answer:
        """There, or back: whoever sends it twice has swapped twice."""
        site, source, target = self._pair(call)
        self._free(site, {source.name, target.name})
        for one in (source, target):
            if not one.running:
                raise ArmError(
                    409, "Conflict", f"Cannot swap site '{site.name}': slot '{one.name}' is stopped.", flat=True
                )
        swap = Swap(site, source, target, self.world.plane, self.world.pace, self._start)
        running = self._run(site, "SwapSiteSlots", swap.complete())
        return Answer(202, None, self._location(call, running))

    def apply(self, call: Call) -> Answer:
        """Swap with preview, first part: the target's settings come to the source, which can then be tried."""
        site, source, target = self._pair(call)
        self._free(site)
        swap = Swap(site, source, target, self.world.plane, self.world.pace, self._start)
        self._run(site, "ApplySlotConfig", swap.apply())
        return Answer(200)

    def reset(self, call: Call) -> Answer:
        """Swap with preview, taken back."""
        site, slot = self._site(call), self._slot(call)
        if site.prepared is None:
            raise ArmError(400, "BadRequest", f"Slot '{slot.name}' has not been prepared for swap.", flat=True)
        self._idle(site)
        source, target = site.slot(site.prepared[0]), site.slot(site.prepared[1])
        swap = Swap(site, source, target, self.world.plane, self.world.pace, self._start)
        self._run(site, "ResetSlotConfig", swap.reset())
        return Answer(200)

    def _pair(self, call: Call) -> tuple[Site, Slot, Slot]:
        site, source = self._site(call), self._slot(call)
        target = site.slot(call.body["targetSlot"])
        if target is source:
            raise ArmError(400, "BadRequest", f"Slot '{source.name}' cannot be swapped with itself.", flat=True)
        return site, source, target

    def _run(self, site: Site, kind: str, steps: Steps) -> Running:
        """An operation on all of the app; its id is reported as long as it runs."""

        def told() -> Steps:
            try:
                yield from steps
            finally:
                for one in site.slots.values():
                    one.resource.body["properties"].pop("inProgressOperationId", None)

        production = site.slots[PRODUCTION]
        running = self.world.operations.start(kind, production.resource.id, told())
        if not running.over:
            for one in site.slots.values():
                one.resource.body["properties"]["inProgressOperationId"] = running.id
        return running

    # -- what all of them need

    def _site(self, call: Call) -> Site:
        found = self._sites.get(_site_path(call).lower())
        if found is None:
            raise missing(_site_path(call))
        return found

    def _slot(self, call: Call) -> Slot:
        path, name = _slot_path(call)
        found = self._site(call).slots.get(name.lower())
        if found is None:
            raise missing(path)
        return found

    def _idle(self, site: Site) -> None:
        for one in site.slots.values():
            running = self.world.operations.busy(one.resource.id)
            if running is not None:
                raise web_swaps.conflict(running)

    def _free(self, site: Site, completing: set[str] | None = None) -> None:
        """Nothing runs on the app or one of its slots, and no swap waits to be completed, but by this call."""
        self._idle(site)
        if site.prepared is not None and set(site.prepared[:2]) != completing:
            raise web_swaps.prepared()

    def _check_plan(self, properties: dict[str, Any], site: Site | None, *, new_slot: bool) -> None:
        plan_id = properties.get("serverFarmId")
        if plan_id is None and site is not None:
            plan_id = site.slots[PRODUCTION].resource.body["properties"].get("serverFarmId")
        if plan_id is None:
            raise ArmError(400, "BadRequest", "properties.serverFarmId is required.", flat=True)
        tier = str((self.world.get(plan_id).body.get("sku") or {}).get("tier") or "Free")
        others = len(site.slots) - 1 if site is not None else 0
        if new_slot and others + 1 > web_slots.SLOTS.get(tier.lower(), 0):
            raise ArmError(
                409,
                "Conflict",
                "Cannot complete the operation because the site will exceed the number of slots allowed for the "
                f"'{tier}' SKU.",
                flat=True,
            )

    def _change(self, site: Site, slot: Slot, body: dict[str, Any], *, whole: bool) -> None:
        given = copy.deepcopy(body)
        properties = given.setdefault("properties", {})
        config = properties.pop("siteConfig", None)
        if config is not None:
            self._configure(site, slot, config, whole=False)
        old = slot.resource.body
        if whole:
            kept = old.get("properties", {})
            slot.resource.body = {"tags": old.get("tags", {}), **given, "properties": {**kept, **properties}}
        else:
            merge(old, given)
        slot.resource.body["properties"].setdefault("enabled", True)

    def _configure(self, site: Site, slot: Slot, config: dict[str, Any], *, whole: bool) -> None:
        settings, connections = config.pop("appSettings", None), config.pop("connectionStrings", None)
        wanted = config if whole else copy.deepcopy(slot.config)
        if not whole:
            merge(wanted, config)
        web_slots.check_rules(site, slot, wanted)
        slot.config = wanted
        if settings is not None:
            slot.settings = {one["name"]: one.get("value") or "" for one in settings}
        if connections is not None:
            slot.connections = {
                one["name"]: {"type": one.get("type"), "value": one.get("connectionString")} for one in connections
            }

    def _start(self, slot: Slot, what: Content) -> Instances:
        """Processes for a slot's content: an image where it names one, else the sample app's first release."""
        image = str(what.config.get("linuxFxVersion") or what.config.get("windowsFxVersion") or "")
        kind, _, reference = image.partition("|")
        tag = plane.known_image(reference) if kind.upper() == "DOCKER" else "v1"
        if tag is None:
            message = f"Site '{slot.site}' slot '{slot.name}': the image '{reference}' cannot be pulled."
            raise ArmError(409, "Conflict", message, flat=True)
        return self.world.plane.prepare(tag, what.settings)

    def _start_steps(self, slot: Slot) -> Steps:
        """Its processes end; others start."""
        self.world.plane.end(slot.instances)
        if not slot.running:
            return
        coming, waited = self._start(slot, web_slots.content(slot)), 0.0
        while not coming.ready() and waited <= self.world.pace.ready:
            yield self.world.pace.start
            waited += self.world.pace.start
        self.world.plane.install(slot.instances, coming)

    def _restart(self, slot: Slot) -> None:
        """In the background, and no operation that locks anything: an app's restart has been requested, and
        continues."""
        self.world.operations.start("RestartSite", f"{slot.resource.id}/instances", self._start_steps(slot))

    def _told(self, slot: Slot) -> dict[str, Any]:
        body = copy.deepcopy(slot.resource.body)
        site = self._sites.get("/".join(slot.resource.id.split("/")[:9]).lower())
        properties = body["properties"]
        if slot.name != PRODUCTION:
            body["name"] = f"{slot.site}/{slot.name}"
        properties |= {
            "state": "Running" if slot.running else "Stopped",
            "hostNames": [slot.host],
            "enabledHostNames": [slot.host],
            "defaultHostName": slot.host,
            "repositorySiteName": slot.site,
            "availabilityState": "Normal",
            "resourceGroup": slot.resource.id.split("/")[4],
        }
        prepared = site.prepared if site is not None else None
        if prepared is not None and slot.name in prepared[:2]:
            properties["targetSwapSlot"] = prepared[1] if slot.name == prepared[0] else prepared[0]
        return body

    def _location(self, call: Call, running: Running) -> dict[str, str]:
        where = f"{call.base}{_site_path(call)}/operationresults/{running.id}?api-version={call.version}"
        return {"Location": where, "Retry-After": str(self.world.pace.retry_after)}

    def _shown(self) -> list[Shown]:
        return [
            Shown((slot.host,), web_slots.routes_of(site, slot))
            for site in self._sites.values()
            for slot in site.slots.values()
        ]


def _below(slot: Slot, kind: str, name: str, properties: Any) -> dict[str, Any]:
    resource = slot.resource
    told = f"{resource.body['type']}/{kind}"
    return {"id": f"{resource.id}/{kind}/{name}", "name": name, "type": told, "properties": properties}


def _site_path(call: Call) -> str:
    return "/".join(call.path.split("/")[:9])


def _slot_path(call: Call) -> tuple[str, str]:
    """A slot's path, and its name."""
    name = call.match.places.get("slot", PRODUCTION)
    return (_site_path(call) if name == PRODUCTION else "/".join(call.path.split("/")[:11])), name
