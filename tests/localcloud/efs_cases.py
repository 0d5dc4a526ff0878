"""Inputs of the EFS types, and a change that each takes in place."""

from __future__ import annotations

from typing import Any


def cases(world: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By type; ``world`` has subnets and a security group."""
    tags = {"tags": {"Name": "files", "c.d": "e"}}
    if not hasattr(world, "files"):
        world.files = world.make("aws:efs/fileSystem:FileSystem", {}).id
    return {
        "aws:efs/fileSystem:FileSystem": (
            {"encrypted": True, "lifecyclePolicies": [{"transitionToIa": "AFTER_30_DAYS"}], **tags},
            {"throughputMode": "elastic", "lifecyclePolicies": [{"transitionToIa": "AFTER_7_DAYS"}], "tags": {}},
        ),
        "aws:efs/mountTarget:MountTarget": (
            {"fileSystemId": world.files, "subnetId": world.subnets[0], "securityGroups": [world.group]},
            {},
        ),
        "aws:efs/accessPoint:AccessPoint": (
            {
                "fileSystemId": world.files,
                "posixUser": {"uid": 1000, "gid": 1000},
                "rootDirectory": {
                    "path": "/srv",
                    "creationInfo": {"ownerUid": 1000, "ownerGid": 1000, "permissions": "755"},
                },
                **tags,
            },
            {"tags": {"a": "z"}},
        ),
    }
