"""Tags as a resource of their own: changed by name, whatever else stands in the object that has them.

https://learn.microsoft.com/rest/api/resources/tags/update-at-scope
https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
"""

from __future__ import annotations

import re
from typing import Any

from localcloud.azure.api import Call, Handler, Service
from localcloud.azure.errors import ArmError
from localcloud.tls_server import Answer

MOST = 50
NAME_CHARACTERS, VALUE_CHARACTERS = 512, 256
_FORBIDDEN = set("<>%&\\?/")
_TRAFFIC_MANAGERS = re.compile(r"[^\d #:][^ #:]*\Z")


class Tags(Service):
    """Reads and changes."""

    def handlers(self) -> dict[str, Handler]:
        return {
            "Tags.get_at_scope": self.read,
            "Tags.update_at_scope": self.change,
            "Tags.create_or_update_at_scope": self.replace,
            "Tags.delete_at_scope": self.remove,
        }

    def read(self, call: Call) -> Answer:
        return self._told(call)

    def change(self, call: Call) -> Answer:
        """One of three operations, for all tags that are given."""
        given = self._given(call)
        tags = self._tags(call)
        operation = str(call.body.get("operation") or "").lower()
        if operation == "replace":
            tags.clear()
        if operation == "delete":
            for name, value in given.items():
                found = _spelled(tags, name)
                if found is not None and tags[found] == value:
                    del tags[found]
        elif operation in ("merge", "replace"):
            for name, value in given.items():
                tags[_spelled(tags, name) or name] = value
        else:
            raise ArmError(400, "InvalidTagsOperation", "operation is Merge, Replace or Delete.")
        return self._told(call)

    def replace(self, call: Call) -> Answer:
        given = self._given(call)
        tags = self._tags(call)
        tags.clear()
        tags.update(given)
        return self._told(call)

    def remove(self, call: Call) -> Answer:
        self._tags(call).clear()
        return Answer(200)

    def _given(self, call: Call) -> dict[str, str]:
        given: dict[str, str] = (call.body.get("properties") or {}).get("tags") or {}
        for name, value in given.items():
            if len(name) > NAME_CHARACTERS or len(value) > VALUE_CHARACTERS:
                raise ArmError(
                    400, "InvalidTagLength", f"Tag '{name[:50]}': names have at most {NAME_CHARACTERS} characters, "
                    f"values {VALUE_CHARACTERS}."
                )  # fmt: skip
            if _FORBIDDEN & set(name):
                raise ArmError(
                    400, "InvalidTagNameCharacters", f"Tag name '{name}' has one of: {'<>%&?/'} or a backslash."
                )
            if "/trafficmanagerprofiles/" in f"/{call.place('scope')}".lower() and not _TRAFFIC_MANAGERS.match(name):
                raise ArmError(
                    400, "InvalidTagNameCharacters", f"Tag name '{name}': Traffic Manager takes no space, # or colon, "
                    "and no digit at the beginning."
                )  # fmt: skip
        return given

    def _tags(self, call: Call) -> dict[str, str]:
        """Those that can be written now; too many are refused before anything is changed."""
        resource_id = "/" + call.place("scope")
        found = self.world.get(resource_id)
        # Whether tags can be written while an operation runs on the resource, Microsoft does not say: here they cannot.
        parent = resource_id.rpartition("/")[0].rpartition("/")[0]
        running = self.world.operations.busy(resource_id) or self.world.operations.busy(parent)
        if running is not None:
            raise ArmError(409, "Conflict", f"The resource is being changed: {running.kind} ({running.id}).")
        tags: dict[str, str] = found.body.setdefault("tags", {})
        given = (call.body or {}).get("properties", {}).get("tags") or {}
        merged = {name.lower() for name in tags} | {name.lower() for name in given}
        if str((call.body or {}).get("operation", "")).lower() == "merge" and len(merged) > MOST:
            raise ArmError(400, "InvalidTags", f"A resource has at most {MOST} tags.")
        return tags

    def _told(self, call: Call) -> Answer:
        scope = "/" + call.place("scope")
        tags: dict[str, Any] = self.world.get(scope).body.get("tags") or {}
        return Answer(
            200,
            {
                "id": f"{scope}/providers/Microsoft.Resources/tags/default",
                "name": "default",
                "type": "Microsoft.Resources/tags",
                "properties": {"tags": dict(tags)},
            },
        )


def _spelled(tags: dict[str, str], name: str) -> str | None:
    """How a tag is written there: in names case says nothing."""
    return next((one for one in tags if one.lower() == name.lower()), None)
