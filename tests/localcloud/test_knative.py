"""Knative Serving's objects as a node gets them, without one."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.kubernetes import images, knative

CONFIG = {"kind": "ConfigMap", "metadata": {"name": "config-autoscaler"}, "data": {"_example": "min-scale: 0"}}
QUEUE = {
    "kind": "ConfigMap",
    "metadata": {"name": "config-deployment"},
    "data": {"queue-sidecar-image": "ko://knative.dev/serving/cmd/queue"},
}


def deployment(name: str, image: str) -> dict[str, object]:
    containers = [{"name": name, "image": f"ko://{image}"}]
    template = {"spec": {"containers": containers}}
    return {"kind": "Deployment", "metadata": {"name": name}, "spec": {"template": template}}


def test_its_objects_run_our_images_and_nothing_sleeps(tmp_path: Path) -> None:
    activator = [
        deployment("activator", "knative.dev/serving/cmd/activator"),
        {"kind": "Service", "metadata": {"name": "activator-service"}},
    ]
    ingress = deployment("net-gateway-api-controller", "knative.dev/net-gateway-api/cmd/controller")
    namespace = {"kind": "Namespace", "metadata": {"name": "knative-serving"}}
    files: dict[str, list[Any]] = {"a": activator, "b": [CONFIG, QUEUE, ingress, None], "c": [namespace]}
    for name, objects in files.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump_all(objects))
    found = list(knative._objects(tmp_path))
    assert found[0]["kind"] == "Namespace"
    by_name = {one["metadata"]["name"]: one for one in found}
    assert "activator" not in by_name
    assert "activator-service" in by_name
    assert by_name["config-autoscaler"]["data"]["min-scale"] == "1"
    assert by_name["config-deployment"]["data"]["queue-sidecar-image"] == "bluegreen.local/knative-queue:1"
    (container,) = by_name["net-gateway-api-controller"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "bluegreen.local/knative-ingress:1"


def test_an_image_of_a_program_is_nobodys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Knative lets nothing run as root beside a container."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    program = tmp_path / "queue"
    program.write_bytes(b"\x7fELF")
    with tarfile.open(images.program_archive(program, "bluegreen.local/knative-queue:1", "1")) as archive:
        content = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    configs = [json.loads(data) for name, data in content.items() if name.startswith("blobs/") and b"rootfs" in data]
    (config,) = [one["config"] for one in configs if "rootfs" in one]
    assert (config["User"], config["Entrypoint"]) == ("65532", ["/bin/queue"])
