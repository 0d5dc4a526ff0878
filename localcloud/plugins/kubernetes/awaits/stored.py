"""Volumes, claims, quotas and tokens: what a controller has to fill in before it can be used."""

from __future__ import annotations

from localcloud.plugins.kubernetes.awaits.waiting import Waiter
from localcloud.plugins.kubernetes.objects import dig


class VolumeWaiter(Waiter):
    """Available or bound."""

    def ready(self) -> bool:
        self.look()
        self.doing = "Waiting for PersistentVolume to be available"
        return dig(self.live, "status", "phase") in ("Available", "Bound")


class ClaimWaiter(Waiter):
    """Bound; one whose class waits for a pod is fine as it is."""

    _mode: str | None = None

    def ready(self) -> bool:
        self.look()
        self.doing = "Waiting for PersistentVolumeClaim to be bound"
        wanted = "Pending" if self._bind_mode() == "WaitForFirstConsumer" else "Bound"
        return dig(self.live, "status", "phase") in (wanted, "Bound")

    def _bind_mode(self) -> str:
        name = dig(self.live, "spec", "storageClassName")
        if self._mode is None and name:
            storage_class = self.cluster.find(
                {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}}
            )
            self._mode = str(dig(storage_class, "volumeBindingMode") or "")
        return self._mode or ""

    def problems(self) -> list[str]:
        phase = dig(self.live, "status", "phase")
        return [f"PersistentVolumeClaim is {phase}, storage class {dig(self.live, 'spec', 'storageClassName')!r}"]


class QuotaWaiter(Waiter):
    """In force."""

    def ready(self) -> bool:
        self.look()
        self.doing = "Waiting for ResourceQuota to be in force"
        return bool(dig(self.live, "status", "hard") == dig(self.live, "spec", "hard"))


class SecretWaiter(Waiter):
    """A service account's token is filled in; any other secret is what was written."""

    def ready(self) -> bool:
        self.look()
        self.doing = "Waiting for the token"
        return self.live.get("type") != "kubernetes.io/service-account-token" or bool(self.live.get("data"))
