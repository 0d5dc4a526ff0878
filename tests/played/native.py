"""ECS' service deployments over the played services."""

from __future__ import annotations

import itertools
import time

from botocore import xform_name

_ids = itertools.count(1)
_STAGES = {
    "install": "SCALE_UP",
    "test": "POST_TEST_TRAFFIC_SHIFT",
    "after": "POST_PRODUCTION_TRAFFIC_SHIFT",
    "wait": "BAKE_TIME",
    "end": "CLEAN_UP",
}


class PlayedNative:
    """Answers by operation; ``bake_looks`` is how many looks find a bake."""

    def __init__(self, services):
        self.services = services
        self.bake_looks = 1
        self._baked = 0

    def operations(self):
        """The operations that are answered here, by the header that names each."""
        names = (
            "ListServiceDeployments",
            "DescribeServiceDeployments",
            "DescribeServiceRevisions",
            "StopServiceDeployment",
        )
        return {f"AmazonEC2ContainerServiceV20141113.{name}": getattr(self, f"_{xform_name(name)}") for name in names}

    def begin(self, service, task_definition):
        """An UpdateService with another task definition."""
        active = service.going_on()
        if active is not None and active.state == "going on":
            service.go_back(active, "stopped", "replaced by a newer deployment")
            active.going_back = 0
        id_ = f"{_base(service, 'service-deployment')}/{next(_ids)}"
        service.start(id_, task_definition, steps_of(service.created))

    def _look(self, service):
        one = service.going_on()
        baking = one is not None and one.at == "wait"
        self._baked = self._baked + 1 if baking else 0
        service.look(waits=self._baked < self.bake_looks)

    def _all(self):
        return [(service, one) for service in self.services.values() for one in service.deployments]

    def _list_service_deployments(self, body):
        name, cluster = (body[key].rpartition("/")[2] for key in ("service", "cluster"))
        service = self.services[cluster, name]
        self._look(service)
        wanted = body.get("status") or ()
        return {
            "serviceDeployments": [
                {"serviceDeploymentArn": one.id, "status": _status(one), "createdAt": time.time() + number}
                for number, one in enumerate(service.deployments)
                if not wanted or _status(one) in wanted
            ]
        }

    def _describe_service_deployments(self, body):
        deployments = []
        for service, one in self._all():
            if one.id in body["serviceDeploymentArns"]:
                described = {
                    "serviceDeploymentArn": one.id,
                    "status": _status(one),
                    "targetServiceRevision": {"arn": revision_arn(service, one.target)},
                    "sourceServiceRevisions": [{"arn": revision_arn(service, one.source)}],
                    "lifecycleStage": _STAGES.get(one.at, "PRODUCTION_TRAFFIC_SHIFT"),
                }
                if one.state in ("failed", "stopped"):
                    described["statusReason"] = one.why
                    described["rollback"] = {"reason": one.why, "serviceRevisionArn": revision_arn(service, one.source)}
                deployments.append(described)
        return {"serviceDeployments": deployments, "failures": []}

    def _describe_service_revisions(self, body):
        revisions = []
        for service in self.services.values():
            units = {*service.units, *(unit for one in service.deployments for unit in (one.source, one.target))}
            for unit in units:
                if revision_arn(service, unit) in body["serviceRevisionArns"]:
                    group = {"targetGroupArn": unit.group, "productionListenerRule": service.route}
                    revisions.append(
                        {
                            "serviceRevisionArn": revision_arn(service, unit),
                            "taskDefinition": unit.task_definition,
                            "resolvedConfiguration": {"loadBalancers": [group]},
                        }
                    )
        return {"serviceRevisions": revisions, "failures": []}

    def _stop_service_deployment(self, body):
        for service, one in self._all():
            if one.id == body["serviceDeploymentArn"]:
                service.go_back(one, "stopped", "Service deployment stopped by a user request")
        return {"serviceDeploymentArn": body["serviceDeploymentArn"]}

    def describe(self, service, described):
        """A service as ECS describes one with a strategy of its own."""
        one = service.going_on()
        more = {} if one is None else {"currentServiceDeployment": one.id}
        task = one.target if one is not None and one.state == "going on" else service.live
        return {
            "taskDefinition": task.task_definition,
            "currentServiceRevisions": [{"arn": revision_arn(service, unit)} for unit in service.units],
            "deploymentConfiguration": service.created["deploymentConfiguration"],
            **more,
        }


def revision_arn(service, unit):
    """The revision that a unit is."""
    return f"{_base(service, 'service-revision')}/{unit.number}"


def _base(service, kind):
    return service.created["serviceArn"].replace(":service/", f":{kind}/")


def _status(one):
    if one.going_back:
        return "ROLLBACK_IN_PROGRESS"
    return {
        "going on": "IN_PROGRESS",
        "done": "SUCCESSFUL",
        "failed": "ROLLBACK_SUCCESSFUL",
        "stopped": "ROLLBACK_SUCCESSFUL",
    }[one.state]


def steps_of(service):
    """The percentages of a service's strategy."""
    config = service["deploymentConfiguration"]
    if config["strategy"] == "CANARY":
        return [int(config["canaryConfiguration"]["canaryPercent"]), 100]
    if config["strategy"] == "LINEAR":
        percent = int(config["linearConfiguration"]["stepPercent"])
        return [*range(percent, 100, percent), 100]
    return [100]
