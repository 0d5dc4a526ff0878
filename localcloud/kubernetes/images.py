"""Images for a node, as OCI archives that containerd imports: made of one file each, without a registry."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from localcloud import cache
from localcloud.errors import LocalCloudError
from localcloud.images import TAGS
from localcloud.kubernetes.sandbox import Sandbox
from localcloud.kubernetes.settings import PAUSE_IMAGE
from localcloud.tools import kubernetes

REPOSITORY = "bluegreen.local/app"
KUBECTL = f"bluegreen.local/kubectl:v{kubernetes.VERSION}"

_NOBODY = "65532"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def name(tag: str) -> str:
    """The name of one of the sample app's images on the node."""
    if tag not in TAGS:
        raise LocalCloudError(f"there is no image {tag!r}: the sample app has {', '.join(TAGS)}")
    return f"{REPOSITORY}:{tag}"


def app_archive(rootfs: Path, version: str) -> Path:
    """All tags of the sample app, in one archive, since they share their layer."""

    def make(target: Path) -> None:
        images = {name(tag): (["/app"], settings) for tag, settings in TAGS.items()}
        _write(target / "images.tar", rootfs, images, ports=("8080/tcp",))

    return cache.ensure("app-images", f"{version}-1", make) / "images.tar"


def tools_archives(programs: Path, pause: Path) -> list[Path]:
    """kubectl for pods that call the API, and the program that holds a pod's namespaces open."""

    def make(target: Path) -> None:
        for archive, source, image, command in (
            ("kubectl", programs / "kubectl", KUBECTL, ["/bin/kubectl"]),
            ("pause", pause, PAUSE_IMAGE, ["/bin/catatonit", "-P"]),
        ):
            _write_program(target / f"{archive}.tar", source, image, command)

    directory = cache.ensure("node-images", f"{kubernetes.VERSION}-1", make)
    return [directory / "pause.tar", directory / "kubectl.tar"]


def program_archive(program: Path, image: str, version: str) -> Path:
    """One static program, which the image starts, as nobody in particular."""

    def make(target: Path) -> None:
        _write_program(target / "image.tar", program, image, [f"/bin/{program.name}"], user=_NOBODY)

    return cache.ensure(f"{program.name}-image", f"{version}-1", make) / "image.tar"


def load(sandbox: Sandbox, archives: Sequence[Path]) -> None:
    """Give images to the node's containerd."""
    for archive in archives:
        sandbox.run(["ctr", "--namespace=k8s.io", "images", "import", archive], what="ctr images import")


def _write_program(archive: Path, program: Path, image: str, command: Sequence[str], user: str = "") -> None:
    layer = archive.with_suffix(".layer")
    with tarfile.open(layer, "w") as files:
        files.add(program.resolve(), arcname=command[0].lstrip("/"), filter=_plain)
    _write(archive, layer, {image: (command, {})}, user=user)
    layer.unlink()


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o755
    return member


def _write(
    archive: Path,
    layer: Path,
    images: Mapping[str, tuple[Sequence[str], Mapping[str, str]]],
    ports: Sequence[str] = (),
    user: str = "",
) -> None:
    """An OCI archive whose images have one layer in common and differ in their environment."""
    machine = platform.machine()
    digest = _digest(layer.read_bytes())
    manifests = []
    with tarfile.open(archive, "w") as output:
        _add(output, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        output.add(layer, arcname=_blob(digest), filter=_plain)
        for image, (command, settings) in images.items():
            config = {
                "architecture": _ARCHITECTURES.get(machine, machine),
                "os": "linux",
                "config": {
                    "Entrypoint": list(command),
                    "Env": [f"{key}={value}" for key, value in {"PATH": "/bin", **settings}.items()],
                    "ExposedPorts": {port: {} for port in ports},
                    "User": user,
                },
                "rootfs": {"type": "layers", "diff_ids": [digest]},
            }
            described = _add_blob(output, "application/vnd.oci.image.config.v1+json", _json(config))
            manifest = {
                "schemaVersion": 2,
                "config": described,
                "layers": [
                    {
                        "mediaType": "application/vnd.oci.image.layer.v1.tar",
                        "digest": digest,
                        "size": layer.stat().st_size,
                    }
                ],
            }
            entry = _add_blob(output, "application/vnd.oci.image.manifest.v1+json", _json(manifest))
            manifests.append({**entry, "annotations": {"io.containerd.image.name": image}})
        _add(output, "index.json", _json({"schemaVersion": 2, "manifests": manifests}))


def _add_blob(output: tarfile.TarFile, kind: str, content: bytes) -> dict[str, Any]:
    digest = _digest(content)
    _add(output, _blob(digest), content)
    return {"mediaType": kind, "digest": digest, "size": len(content)}


def _add(output: tarfile.TarFile, path: str, content: bytes) -> None:
    member = tarfile.TarInfo(path)
    member.size = len(content)
    output.addfile(member, io.BytesIO(content))


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _json(content: Any) -> bytes:
    return json.dumps(content).encode()
