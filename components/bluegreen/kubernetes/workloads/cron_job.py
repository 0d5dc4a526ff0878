"""Retirements without a process that waits: a CronJob that the swap makes, and that removes itself when it has worked.

Its pod runs ``kubectl``, a container a step, under a ServiceAccount that may scale the two workloads and little else.
It is due at one minute, and where that try does not work (the controller was down, the image could not be pulled) again
an hour, a day or a month later: a color that costs money for nothing is brought to rest without anybody looking.

No retirement survives its cancellation: the CronJob goes, and where its pod may be at work already, the cancellation
waits until that is gone, too.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from bluegreen.kubernetes.client import MANAGER, KubernetesConnection, Resource
from bluegreen.kubernetes.workloads.retire import RetireSettings, cron_job_name
from bluegreen.permissions import Permission
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Color

DUE = "bluegreen/retire-at"
"""On a CronJob: when it is due. Cron has no years and no seconds."""

_TIME = "%Y-%m-%dT%H:%M:%SZ"
# A CronJob made within its own minute would begin with the next one: an hour later.
_SOONEST = timedelta(seconds=5)
# What has not begun and is due later than that does not begin between two calls, also where clocks differ a little.
_ABOUT_NOW = timedelta(seconds=10)
_GONE_AFTER_SECONDS = 30.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.02, 1.0
# A label of all that a retirement is: its CronJob, its Job, its pod.
_RETIRES = "bluegreen/retires"
# Of the nobody user in images without a shell.
_USER_ID = 65532


@dataclass(frozen=True, slots=True)
class Retirement:
    """The size that a color is to have, and when.

    Attributes:
        size: the replicas that it keeps.
        minimum: its autoscaler's ``minReplicas`` from then on; ``None`` where it has no autoscaler.
        due: when.
        witness: what has to be so then, by a JSON pointer into the object of the color's condition.
    """

    size: int
    minimum: int | None
    due: datetime
    witness: Mapping[str, Any] = field(default_factory=dict)


def schedule_of(due: datetime, now: datetime) -> str:
    """A schedule whose first minute from now on is ``due``, and which comes back as soon as that allows."""
    delay = due - now
    if delay < timedelta(hours=1):
        return f"{due.minute} * * * *"
    if delay < timedelta(days=1):
        return f"{due.minute} {due.hour} * * *"
    return f"{due.minute} {due.hour} {due.day} * *"  # no delay is longer than the shortest month: a week is the most


def due_after(seconds: float, now: datetime) -> datetime:
    """The first full minute after a delay: cron has no seconds."""
    due = now + max(timedelta(seconds=seconds), _SOONEST)
    whole = due.replace(second=0, microsecond=0)
    return whole if whole == due else whole + timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Retirements:
    """Both colors' CronJobs.

    Attributes:
        namespace: of the workloads and the CronJobs.
        workload_kind: ``Deployment`` or ``StatefulSet``.
        workloads: a workload's name for each color.
        autoscalers: an autoscaler's name for each color that has one.
        clusters: where each color is.
        settings: how its pods run; ``None``: nothing is ever handed over.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("get cronjobs.batch", "every swap"),
        Permission("create cronjobs.batch", "handing over a retirement"),
        Permission("patch cronjobs.batch", "the same"),
        Permission("delete cronjobs.batch", "cancelling a retirement"),
    )

    namespace: str
    workload_kind: str
    workloads: Mapping[Color, str]
    autoscalers: Mapping[Color, str]
    clusters: Mapping[Color, KubernetesConnection]
    settings: RetireSettings | None

    def where(self, color: Color) -> Resource:
        """A color's CronJob."""
        name = cron_job_name(self.workload_kind, self.workloads[color])
        return Resource("batch/v1", "CronJob", "cronjobs", self.namespace, name)

    def schedule(self, color: Color, retirement: Retirement) -> None:
        """Hand a retirement over: one call. An earlier one must have been cancelled: cron would find it due at once."""
        self.clusters[color].apply(self.where(color), self._manifest(color, retirement))

    def preflight(self, color: Color) -> None:
        """Find out whether a retirement may be handed over: one call that changes nothing."""
        if self.settings is not None:
            never = Retirement(0, None, datetime.now(timezone.utc) + timedelta(days=7))
            self.clusters[color].apply(self.where(color), self._manifest(color, never), dry_run=True)

    def cancel(self, color: Color) -> None:
        """Have no retirement: one call when there is none, two when one is pending, more when one may be at work.

        Raises:
            NotOwned: somebody else has a CronJob of that name.
            PlatformError: its pod did not end, and could still scale the color down.
        """
        cluster, what = self.clusters[color], self.where(color)
        cron_job = cluster.get(what)
        if cron_job is None:
            return
        if not self._is_ours(color, cron_job):
            raise NotOwned(f"get {what.rbac}", f"{what} is not the swap's, which needs that name: rename it")
        if not _may_be_at_work(cron_job):
            cluster.delete(what)
            return
        cluster.delete(what, propagation="Foreground")  # it stays until everything that it started is gone
        waited_seconds, pause_seconds = 0.0, _FIRST_PAUSE_SECONDS
        while cluster.get(what) is not None:
            if waited_seconds > _GONE_AFTER_SECONDS:
                raise PlatformError(
                    f"delete {what.rbac}",
                    f"{what} was cancelled while it retired {color}, and its pod is still there after "
                    f"{_GONE_AFTER_SECONDS:g} s: end it with `{cluster.command()} delete pods --force "
                    f"--namespace {self.namespace} --selector {_RETIRES}={what.name}`",
                )
            pause(pause_seconds)
            waited_seconds += pause_seconds
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    def _is_ours(self, color: Color, cron_job: Mapping[str, Any]) -> bool:
        """Whether a swap made it, also where somebody has taken its annotations or its labels away."""
        template = (cron_job.get("spec") or {}).get("jobTemplate") or {}
        labels = [(one.get("metadata") or {}).get("labels") or {} for one in (cron_job, template)]
        annotations = cron_job["metadata"].get("annotations") or {}
        return DUE in annotations or any(one.get(_RETIRES) == self.where(color).name for one in labels)

    def steps(self, color: Color, retirement: Retirement) -> list[tuple[str, list[str]]]:
        """Name and arguments of each ``kubectl`` in turn; one that fails keeps the next one from being run."""
        assert self.settings is not None  # noqa: S101 - requested by the callers
        kind = self.workload_kind.lower()
        steps = []
        condition = self.settings.only_if.get(color)
        if condition is not None and condition.router is not None:
            # Patched at the client alone, that is read and compared.
            tests = [{"op": "test", "path": path, "value": value} for path, value in retirement.witness.items()]
            patch = f"--patch={_as_argument(tests)}"
            steps.append(("check", ["patch", condition.resource, "--dry-run=client", "--type=json", patch]))
        elif condition is not None:
            asked = f"--for=jsonpath={condition.json_path}={condition.equals}"
            steps.append(("check", ["wait", asked, "--timeout=0s", condition.resource]))
        merge = ["--type=merge", f"--field-manager={MANAGER}"]
        if retirement.minimum is not None:
            patch = f'--patch={{"spec":{{"minReplicas":{retirement.minimum}}}}}'
            name = self.autoscalers[color]
            steps.append(("autoscaling", ["patch", f"horizontalpodautoscalers.autoscaling/{name}", *merge, patch]))
        scale = [f"{kind}s.apps/{self.workloads[color]}", "--subresource=scale"]
        steps.append(("scale", ["patch", *scale, *merge, f'--patch={{"spec":{{"replicas":{retirement.size}}}}}']))
        # Nothing waits for the end: it takes this pod with it.
        steps.append(("done", ["delete", f"cronjobs.batch/{self.where(color).name}", "--wait=false"]))
        return [(name, [*arguments, f"--namespace={self.namespace}"]) for name, arguments in steps]

    def _manifest(self, color: Color, retirement: Retirement) -> dict[str, Any]:
        labels = {"app.kubernetes.io/managed-by": "bluegreen", _RETIRES: self.where(color).name}
        return {
            "metadata": {"labels": labels, "annotations": {DUE: f"{retirement.due:{_TIME}}"}},
            "spec": {
                "schedule": schedule_of(retirement.due, datetime.now(timezone.utc)),
                "timeZone": "Etc/UTC",
                "concurrencyPolicy": "Forbid",
                "startingDeadlineSeconds": 86_400,  # a controller that was down meanwhile does it late
                "successfulJobsHistoryLimit": 0,
                "failedJobsHistoryLimit": 1,
                "jobTemplate": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "backoffLimit": 4,
                        "activeDeadlineSeconds": 900,
                        "ttlSecondsAfterFinished": 86_400,
                        "template": {"metadata": _pod_metadata(labels), "spec": self._pod(color, retirement)},
                    },
                },
            },
        }

    def _pod(self, color: Color, retirement: Retirement) -> dict[str, Any]:
        assert self.settings is not None  # noqa: S101 - requested by the callers
        image = self.settings.image
        *first, last = [_container(name, image, arguments) for name, arguments in self.steps(color, retirement)]
        return {
            "serviceAccountName": self.settings.service_account,
            "automountServiceAccountToken": True,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": _USER_ID,
                "runAsGroup": _USER_ID,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "initContainers": first,
            "containers": [last],
        }


def _may_be_at_work(cron_job: Mapping[str, Any]) -> bool:
    """Whether a Job of a CronJob has begun, as far as the cluster says, or begins about now."""
    status = cron_job.get("status") or {}
    if status.get("active") or status.get("lastScheduleTime"):
        return True
    try:
        due = datetime.strptime(cron_job["metadata"]["annotations"][DUE], _TIME).replace(tzinfo=timezone.utc)
    except (KeyError, TypeError, ValueError):
        return True
    return due - datetime.now(timezone.utc) < _ABOUT_NOW


def _as_argument(value: object) -> str:
    """A value as JSON in which Kubernetes finds no $(VARIABLE) to fill in."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True).replace("$", "\\u0024")


def _pod_metadata(labels: Mapping[str, str]) -> dict[str, Any]:
    # A mesh's sidecar never ends by itself, and with it the pod.
    return {
        "labels": {**labels, "sidecar.istio.io/inject": "false"},
        "annotations": {"sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled"},
    }


def _container(name: str, image: str, arguments: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        # With an option about the connection among them kubectl would not look for the pod's ServiceAccount.
        "args": arguments,
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
