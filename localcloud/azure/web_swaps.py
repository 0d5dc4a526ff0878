"""A slot swap: its phases, and what is refused meanwhile.

https://learn.microsoft.com/azure/app-service/deploy-staging-slots#what-happens-during-a-swap
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

from localcloud.azure import web_slots
from localcloud.azure.errors import ArmError
from localcloud.azure.operations import Running, Steps
from localcloud.azure.web_slots import Content, Site, Slot
from localcloud.azure.world import Pace
from localcloud.envoy.plane import Instances, Plane

Starter = Callable[[Slot, Content], Instances]
"""Starts processes for content in a slot; raises an `ArmError` where that cannot be."""


def conflict(running: Running) -> ArmError:
    """The answer to every write while an operation runs on the app or one of its slots.

    https://github.com/microsoft/azure-pipelines-tasks/issues/11384
    """
    return ArmError(
        409,
        "Conflict",
        f"Cannot modify this site because another operation is in progress. Details: Id: {running.id}, "
        f"OperationName: {running.kind}, CreatedTime: {running.started.isoformat()}.",
        flat=True,
    )


def prepared() -> ArmError:
    """The answer to a write while a swap with preview waits.

    https://github.com/Azure/azure-cli/issues/27820
    """
    message = "The slot cannot be changed because its configuration settings have been prepared for swap."
    return ArmError(409, "Conflict", message, flat=True)


class Swap:
    """One of two slots.

    Args:
        site: the app.
        source: where all of the work is done; it is restarted.
        target: which stays on-line: the production slot, if anybody thought of it.
        plane: where requests go.
        pace: how long things take.
        start: how a slot's processes start.
    """

    def __init__(self, site: Site, source: Slot, target: Slot, plane: Plane, pace: Pace, start: Starter) -> None:
        self._site, self._source, self._target = site, source, target
        self._plane, self._pace, self._start = plane, pace, start

    def apply(self) -> Steps:
        """First phase, and all of it that a swap with preview does: the target's settings come to the source."""
        own = web_slots.content(self._source)
        yield from self._settle(self._source, self._laid_over_source(own), own)
        self._site.prepared = (self._source.name, self._target.name, own)

    def reset(self) -> Steps:
        """Undo the first phase."""
        assert self._site.prepared is not None
        own, now = self._site.prepared[2], web_slots.content(self._source)
        self._site.prepared = None
        yield from self._settle(self._source, own, now)

    def complete(self) -> Steps:
        """The whole swap, or what is left of it after a preview."""
        if self._site.prepared is not None:
            own = self._site.prepared[2]
            self._site.prepared = None
        else:
            own = web_slots.content(self._source)
            yield from self._settle(self._source, self._laid_over_source(own), own)
        yield from self._warm_up(own)
        # The exchange itself: from one request to the next.
        coming, going = web_slots.content(self._source), web_slots.content(self._target)
        back = web_slots.laid_over(self._site, going, own)
        web_slots.put(self._target, web_slots.laid_over(self._site, coming, going))
        web_slots.put(self._source, back)
        self._plane.rename(
            {
                self._source.instances: self._target.instances,
                self._target.instances: self._source.instances,
            }
        )
        yield self._pace.write
        # What was in the target is in the source now, and is restarted with the source's settings.
        yield from self._settle(self._source, back, back)
        done = {
            "timestampUtc": datetime.now(timezone.utc).isoformat(),
            "sourceSlotName": self._source.name,
            "destinationSlotName": self._target.name,
        }
        for one in (self._source, self._target):
            one.resource.body["properties"]["slotSwapStatus"] = dict(done)

    def _laid_over_source(self, own: Content) -> Content:
        return web_slots.laid_over(self._site, own, web_slots.content(self._target))

    def _settle(self, slot: Slot, wanted: Content, before: Content) -> Steps:
        """Restart a slot with this content; if it does not come up again, it is as before, and the swap ends."""
        web_slots.put(slot, wanted)
        try:
            yield from self._restart(slot, wanted)
        except ArmError:
            web_slots.put(slot, before)
            yield from self._restart(slot, before)
            raise

    def _restart(self, slot: Slot, what: Content) -> Steps:
        """Its instances end, and others start: until then its host name answers 503."""
        self._plane.end(slot.instances)
        yield self._pace.restart
        coming, waited = self._start(slot, what), 0.0
        while not coming.ready():
            if waited > self._pace.ready:
                coming.kill()
                raise self._failed(slot, "an instance of it did not restart")
            yield self._pace.start
            waited += self._pace.start
        self._plane.install(slot.instances, coming)

    def _warm_up(self, own: Content) -> Steps:
        """Every instance is read until it answers, or with one of the statuses where those are set."""
        path, statuses = web_slots.warm_up(self._source.settings)
        waited = 0.0
        while not self._plane.answers(
            self._source.instances, path, lambda status: statuses is None or status in statuses
        ):
            if waited > self._pace.ready:
                now = web_slots.content(self._source)
                yield from self._settle(self._source, own, now)
                raise self._failed(self._source, "it did not respond to http ping")
            yield self._pace.start
            waited += self._pace.start

    def _failed(self, slot: Slot, why: str) -> ArmError:
        message = f"Cannot swap slots for site '{self._site.name}' because of the '{slot.name}' slot: {why}."
        return ArmError(409, "Conflict", message, flat=True)
