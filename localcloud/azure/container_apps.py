"""Container Apps: an app's revisions, and which requests each of them gets.

https://learn.microsoft.com/azure/container-apps/application-lifecycle-management
"""

from __future__ import annotations

import copy
import secrets as random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from localcloud.azure import container_revisions as rules
from localcloud.azure.api import Call, Handler, Service
from localcloud.azure.container_revisions import Revision
from localcloud.azure.errors import ArmError
from localcloud.azure.operations import Running, Steps
from localcloud.azure.plain import merge, named
from localcloud.azure.world import Resource, missing
from localcloud.envoy import plane, routes
from localcloud.envoy.plane import Site
from localcloud.envoy.routes import Route, Share
from localcloud.tls_server import Answer

MOST_REPLICAS = 3
"""More than these are not started, whatever an app asks for."""
_AZURES_OWN = ("latestRevisionName", "latestRevisionFqdn", "latestReadyRevisionName", "runningStatus")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass
class Kept:
    """The facts about an app that are in none of its answers."""

    revisions: dict[str, Revision] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


class ContainerApps(Service):
    """Plays `Microsoft.App/containerApps`."""

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self._apps: dict[str, Resource] = {}
        world.draw(self._sites)

    def handlers(self) -> dict[str, Handler]:
        return {
            "ContainerApps.create_or_update": self.put,
            "ContainerApps.update": self.patch,
            "ContainerApps.get": lambda call: Answer(200, self._app(call).body),
            "ContainerApps.list_by_resource_group": lambda call: Answer(
                200, {"value": [one.body for one in self.world.below(call.path)]}
            ),
            "ContainerApps.delete": self.delete,
            "ContainerApps.list_secrets": self.list_secrets,
            "ContainerAppsRevisions.list_revisions": self.list_revisions,
            "ContainerAppsRevisions.get_revision": self.get_revision,
            "ContainerAppsRevisions.activate_revision": lambda call: self._act(call, self._activate),
            "ContainerAppsRevisions.deactivate_revision": lambda call: self._act(call, self._deactivate),
            "ContainerAppsRevisions.restart_revision": lambda call: self._act(call, self._restart),
        }

    # -- apps

    def put(self, call: Call) -> Answer:
        """Created, or replaced by what is given: what is left out is gone, but for the revisions."""
        there = self._apps.get(call.path.lower())
        self._free(call.path)
        properties = copy.deepcopy(call.body.get("properties") or {})
        group = "/".join(call.path.split("/")[:5])
        if group.lower() not in self.world.resources:
            raise missing(group)
        if there is not None:
            old = there.body["properties"]
            for name in ("environmentId", "managedEnvironmentId"):
                if name in properties and properties[name].lower() != old["environmentId"].lower():
                    raise ArmError(400, "ContainerAppInvalidEnvironmentId", "An app's environment cannot be changed.")
            properties["environmentId"] = old["environmentId"]
            properties |= {name: old[name] for name in _AZURES_OWN if name in old}
        environment = self._environment(properties)
        app = Resource(call.path, {**call.body, **named(call.path), "properties": properties}, Kept())
        if there is not None:
            app.kept = there.kept
        properties["environmentId"] = properties["managedEnvironmentId"] = environment.id
        running = self._write(call, app, there)
        return Answer(200 if there else 201, app.body, self._headers(call, running))

    def patch(self, call: Call) -> Answer:
        """Changed in part: lists are replaced as a whole."""
        there = self._app(call)
        self._free(call.path)
        app = Resource(there.id, copy.deepcopy(there.body), there.kept)
        change = copy.deepcopy(call.body)
        template = (change.get("properties") or {}).get("template")
        if template is not None:
            # A revision's suffix is its own, and not its successor's.
            app.body["properties"].get("template", {}).pop("revisionSuffix", None)
        merge(app.body, change)
        running = self._write(call, app, there)
        location = f"{call.base}{self._operations(app)}/containerappOperationResults/{running.id}"
        headers = self._headers(call, running) | {"Location": f"{location}?api-version={call.version}"}
        return Answer(202, None, headers)

    def delete(self, call: Call) -> Answer:
        """It and its revisions, in a while."""
        if call.path.lower() not in self._apps:
            return Answer(204)
        self._free(call.path)
        app = self._app(call)
        app.body["properties"]["provisioningState"] = "Deleting"

        def steps() -> Steps:
            yield self.world.pace.write
            for revision in app.kept.revisions.values():
                self.world.plane.end(revision.name)
            self.world.remove(call.path)
            del self._apps[call.path.lower()]

        running = self.world.operations.start("DeleteContainerApp", call.path, steps())
        return Answer(202, None, self._headers(call, running))

    def list_secrets(self, call: Call) -> Answer:
        """With their values, which nothing else tells."""
        kept: Kept = self._app(call).kept
        return Answer(200, {"value": [{"name": name, "value": value} for name, value in kept.secrets.items()]})

    def _write(self, call: Call, app: Resource, there: Resource | None) -> Running:
        """Check what is to be; begin to make it so."""
        properties, kept = app.body["properties"], app.kept
        before = there.body["properties"] if there is not None else {}
        known_secrets = self._secrets(properties, kept)
        revision = self._new_revision(app, before)
        ingress = rules.ingress(properties)
        if ingress is not None and not ingress.get("targetPort"):
            raise ArmError(400, "ContainerAppInvalidConfiguration", "configuration.ingress.targetPort is required.")
        rules.check_traffic(properties, kept.revisions, revision.name if revision else "")
        environment = {} if revision is None else rules.settings(revision.template, known_secrets)
        kept.secrets = known_secrets
        self._complete(app)
        if revision is not None:
            kept.revisions[revision.name] = revision
            properties["latestRevisionName"] = revision.name
            properties["latestRevisionFqdn"] = self._fqdn(app, revision.name)
            properties["template"] = revision.template
        if there is not None:  # until all is done, requests go as before
            properties["configuration"], wanted = before["configuration"], properties["configuration"]
        else:
            wanted = properties["configuration"]
        properties["provisioningState"] = "InProgress"
        app.body["properties"] = properties
        self._apps[call.path.lower()] = self.world.resources[call.path.lower()] = app
        kind = "UpdateContainerApp" if there else "CreateContainerApp"
        return self.world.operations.start(kind, call.path, self._provision(app, wanted, revision, environment))

    def _provision(
        self, app: Resource, wanted: dict[str, Any], revision: Revision | None, environment: dict[str, str]
    ) -> Steps:
        properties = app.body["properties"]
        yield self.world.pace.write
        try:
            if revision is not None:
                yield from self._start(revision, environment)
                properties["latestReadyRevisionName"] = revision.name
        except ArmError as error:
            properties["provisioningState"] = "Failed"
            raise ArmError(
                400, "ContainerAppOperationError", f"Failed to provision revision: {error.message}"
            ) from error
        finally:
            # The rules are written also where the revision does not get ready: it is then not the latest ready one.
            properties["configuration"] = wanted
        properties["provisioningState"] = "Succeeded"
        properties["runningStatus"] = "Running"
        if rules.mode(properties) != rules.MULTIPLE:
            # One revision at a time, once the new one is ready.
            for one in app.kept.revisions.values():
                if one.active and one.name != properties["latestRevisionName"]:
                    self._deactivate(app, one)

    def _new_revision(self, app: Resource, before: dict[str, Any]) -> Revision | None:
        """The revision that a write makes: none, if it changes nothing of the template."""
        properties, kept = app.body["properties"], app.kept
        template = properties.get("template") or {}
        if not template.get("containers"):
            raise ArmError(400, "ContainerAppInvalidTemplate", "template.containers has to have a container.")
        suffix = template.get("revisionSuffix") or ""
        former = before.get("template")
        if former is not None and rules.same(template, former) and suffix in ("", former.get("revisionSuffix") or ""):
            properties["template"] = former
            return None
        name = rules.check_name(app.name, suffix or self._suffix())
        if name in kept.revisions:
            # Revisions do not change; the same suffix with the same template is the very revision.
            if rules.same(kept.revisions[name].template, template):
                properties["template"] = kept.revisions[name].template
                return None
            raise ArmError(
                400,
                "RevisionAlreadyExists",
                f"Revision '{name}' exists, with another template; revisions never change.",
            )
        return Revision(name, {**copy.deepcopy(template), "revisionSuffix": suffix})

    @staticmethod
    def _suffix() -> str:
        return random.choice("abcdefghijklmnopqrstuvwxyz") + "".join(random.choice(_ALPHABET) for _ in range(6))

    @staticmethod
    def _secrets(properties: dict[str, Any], kept: Kept) -> dict[str, str]:
        """Values are written, and never shown again: one that is left out stays as it was."""
        configuration = properties.setdefault("configuration", {})
        given = configuration.get("secrets")
        if given is None:
            return kept.secrets
        found = {one["name"]: one.get("value") or kept.secrets.get(one["name"], "") for one in given}
        configuration["secrets"] = [{key: value for key, value in one.items() if key != "value"} for one in given]
        return found

    def _complete(self, app: Resource) -> None:
        """Add the fields that Azure writes by itself."""
        configuration = app.body["properties"]["configuration"]
        configuration.setdefault("activeRevisionsMode", "Single")
        ingress = configuration.get("ingress")
        if ingress is not None:
            ingress.setdefault("external", False)
            ingress.setdefault("transport", "Auto")
            ingress.setdefault("allowInsecure", False)
            ingress["traffic"] = ingress.get("traffic") or [{"latestRevision": True, "weight": 100}]
            ingress["fqdn"] = self._fqdn(app, app.name)

    # -- revisions

    def list_revisions(self, call: Call) -> Answer:
        app = self._app(call)
        if "$filter" in call.query:
            raise ArmError(501, "NotPlayed", "The stand-in plays no $filter.")
        return Answer(200, {"value": [self._told(app, one) for one in app.kept.revisions.values()]})

    def get_revision(self, call: Call) -> Answer:
        app, revision = self._revision(call)
        return Answer(200, self._told(app, revision))

    def _act(self, call: Call, action: Callable[[Resource, Revision], None]) -> Answer:
        app, revision = self._revision(call)
        self._free(app.id)
        action(app, revision)
        return Answer(200)

    def _activate(self, app: Resource, revision: Revision) -> None:
        if revision.active:
            return
        revision.active, revision.state = True, "Provisioning"
        environment = rules.settings(revision.template, app.kept.secrets)
        self.world.operations.start("ActivateRevision", f"{app.id}/revisions/{revision.name}",
                                    self._start(revision, environment))  # fmt: skip

    def _deactivate(self, _app: Resource, revision: Revision) -> None:
        """Its containers end, whatever part of the requests it has."""
        revision.active, revision.ready, revision.replicas = False, False, 0
        self.world.plane.end(revision.name)

    def _restart(self, app: Resource, revision: Revision) -> None:
        if not revision.active:
            raise ArmError(400, "RevisionNotActive", f"Revision '{revision.name}' is not active.")
        environment = rules.settings(revision.template, app.kept.secrets)
        self.world.operations.start("RestartRevision", f"{app.id}/revisions/{revision.name}",
                                    self._start(revision, environment))  # fmt: skip

    def _start(self, revision: Revision, environment: dict[str, str]) -> Steps:
        """Start its containers, and wait until they are ready: what ran of it before continues until then."""
        pace, container = self.world.pace, revision.template["containers"][0]
        image = plane.known_image(str(container.get("image", "")))
        if image is None:
            revision.state, revision.error = "Failed", f"The image '{container.get('image')}' cannot be pulled."
            raise ArmError(400, "ContainerAppImageRequired", revision.error)
        scale = revision.template.get("scale") or {}
        # With no requests a revision without minReplicas goes down to none in Azure; here one continues.
        count = min(max(1, int(scale.get("minReplicas") or 0)), MOST_REPLICAS)
        coming = self.world.plane.prepare(image, {"CONTAINER_APP_REVISION": revision.name, **environment}, count)
        path, waited = rules.probe_path(revision.template), 0.0
        while not coming.ready(path):
            if waited > pace.ready or not revision.active:
                coming.kill()
                revision.state, revision.ready = "Failed", False
                revision.error = f"The startup probe of '{container.get('name')}' failed: {path or 'no port is open'}."
                raise ArmError(400, "ContainerAppProbeFailure", revision.error)
            yield pace.start
            waited += pace.start
        if not revision.active:  # deactivated meanwhile
            coming.kill()
            return
        self.world.plane.install(revision.name, coming)
        revision.state, revision.ready, revision.replicas, revision.error = "Provisioned", True, count, ""

    # -- what all of them need

    def _app(self, call: Call) -> Resource:
        path = call.path.split("/")
        resource_id = "/".join(path[:9])
        found = self._apps.get(resource_id.lower())
        if found is None:
            raise missing(resource_id)
        return found

    def _revision(self, call: Call) -> tuple[Resource, Revision]:
        app, name = self._app(call), call.place("revisionName")
        if name not in app.kept.revisions:
            raise ArmError(404, "RevisionNotFound", f"Revision '{name}' of container app '{app.name}' was not found.")
        return app, app.kept.revisions[name]

    def _free(self, resource_id: str) -> None:
        running = self.world.operations.busy(resource_id)
        if running is not None:
            name = resource_id.split("/")[8]
            raise ArmError(
                409,
                "ContainerAppOperationInProgress",
                f"Cannot modify a container app '{name}' because there is an active provisioning operation in "
                f"progress. Details: Id: {running.id}, OperationName: {running.kind}.",
            )

    def _environment(self, properties: dict[str, Any]) -> Resource:
        environment = properties.get("environmentId") or properties.get("managedEnvironmentId")
        if not environment:
            raise ArmError(400, "ContainerAppInvalidEnvironmentId", "environmentId is required.")
        return self.world.get(environment)

    def _fqdn(self, app: Resource, name: str) -> str:
        environment = self.world.get(app.body["properties"]["environmentId"]).body
        inside = "" if (rules.ingress(app.body["properties"]) or {}).get("external") else "internal."
        return f"{name}.{inside}{environment['properties']['defaultDomain']}"

    def _told(self, app: Resource, revision: Revision) -> dict[str, Any]:
        properties = app.body["properties"]
        weight = rules.shares(properties, properties.get("latestReadyRevisionName", "")).get(revision.name, 0)
        return revision.told(app.id, self._fqdn(app, revision.name), weight)

    def _operations(self, app: Resource) -> str:
        region = str(app.body.get("location", "")).replace(" ", "").lower()
        return "/".join(app.id.split("/")[:3]) + f"/providers/Microsoft.App/locations/{region}"

    def _headers(self, call: Call, running: Running) -> dict[str, str]:
        app = self._apps[call.path.lower()]
        status = f"{call.base}{self._operations(app)}/containerappOperationStatuses/{running.id}"
        return {
            "Azure-AsyncOperation": f"{status}?api-version={call.version}",
            "Retry-After": str(self.world.pace.retry_after),
        }

    # -- requests

    def _sites(self) -> list[Site]:
        return [site for app in self._apps.values() for site in self._sites_of(app)]

    def _sites_of(self, app: Resource) -> list[Site]:
        properties, kept = app.body["properties"], app.kept
        if rules.ingress(properties) is None:
            return []
        latest = properties.get("latestReadyRevisionName", "")
        parts = rules.shares(properties, latest)
        shares = tuple(Share(name, weight) for name, weight in parts.items() if weight and name)
        found = [Site((self._fqdn(app, app.name),), (Route(shares or routes.Answer(503, "no revision is ready")),))]
        labels = {
            f"{app.name}---{rule['label']}": latest if rule.get("latestRevision") else rule["revisionName"]
            for rule in rules.traffic(properties)
            if rule.get("label")
        }
        for host, name in {**{one: one for one in kept.revisions}, **labels}.items():
            revision = kept.revisions.get(name)
            if revision is not None and revision.active:
                found.append(Site((self._fqdn(app, host),), (Route((Share(name),)),)))
        return found
