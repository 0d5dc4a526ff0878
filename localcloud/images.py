"""The sample app's images: imported from one static binary, pushed to the emulator's registry under several tags."""

from __future__ import annotations

import contextlib
from concurrent import futures
from pathlib import Path
from typing import Any

import boto3

from localcloud.emulator import ACCOUNT, REGION
from localcloud.errors import LocalCloudError
from localcloud.podman import Podman

REPOSITORY = "app"

# Tag -> what it sets: three releases that work, and one that never gets healthy.
TAGS: dict[str, dict[str, str]] = {
    "v1": {"VERSION": "v1"},
    "v2": {"VERSION": "v2"},
    "v3": {"VERSION": "v3"},
    "broken": {"VERSION": "broken", "FAIL": "healthz"},
}


def uri(tag: str) -> str:
    """The name of an image as ECS task definitions have it."""
    if tag not in TAGS:
        raise LocalCloudError(f"there is no image {tag!r}: the sample app has {', '.join(TAGS)}")
    return f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{REPOSITORY}:{tag}"


def publish(podman: Podman, rootfs: Path, port: int) -> None:
    """Make all images and push them."""
    registry = f"127.0.0.1:{port}"
    podman.trust(registry)
    _create_repository(port)

    def publish_one(tag: str) -> None:
        name = f"{registry}/{REPOSITORY}:{tag}"
        settings = ['CMD ["/app"]', "EXPOSE 8080", *(f"ENV {key}={value}" for key, value in TAGS[tag].items())]
        podman("import", *(part for setting in settings for part in ("--change", setting)), rootfs, name)
        podman("push", "--quiet", "--creds", "AWS:test", name)

    # The first brings the layer that all of them share.
    first, *others = TAGS
    publish_one(first)
    with futures.ThreadPoolExecutor() as pool:
        list(pool.map(publish_one, others))


def _create_repository(port: int) -> None:
    ecr: Any = boto3.client(
        "ecr",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    with contextlib.suppress(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName=REPOSITORY)
